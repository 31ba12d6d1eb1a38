"""A row of a file as a post: the one reader of what replay, assess, labels and benchmarks are
given, and of what other systems will hand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.clock import parse_time
from domain.input.bounds import KEY_CHARS, count, counts, too_long
from domain.input.jsonl import BadLine, as_object
from domain.posts import FoundPost

_CHANNEL = "gov_board"  # of a recording that names none


class BadRow(ValueError):
    """A row that is no post; the text (Chinese) names the field and says what would be right."""


def post_from_line(line: str | BadLine, source: str) -> FoundPost:
    """A line of JSONL as a post. Raises BadRow."""
    try:
        row = as_object(line)
    except BadLine as bad:
        raise BadRow(str(bad)) from None
    return post_from_row(row, source)


def post_from_row(
    row: Mapping[str, Any], source: str, *, key: str | None = None, channel: str = _CHANNEL
) -> FoundPost:
    """A row, by the names of our own fields, as a post of `source`. Raises BadRow.

    `key` is for those whose rows need no id of their own, `channel` for rows that name none.
    """
    try:
        return _post(row, source, _key(row) if key is None else key, channel)
    except BadRow:
        raise
    except Exception as error:  # whatever one row raises, the rows behind it are read
        first_line = str(error).split("\n", 1)[0][:200]
        raise BadRow(f"{type(error).__name__}: {first_line}") from None


def _post(row: Mapping[str, Any], source: str, key: str, channel: str) -> FoundPost:
    title, text = _words(row, "title"), row.get("text")
    if not isinstance(text, str):
        raise BadRow("缺少 'text'，或它不是文字")
    if problem := too_long(title, text):
        raise BadRow(problem)
    raw = row.get("published_at") or row.get("time")
    try:
        published = parse_time(str(raw)) if raw else None
    except ValueError as error:
        raise BadRow(f"'published_at' 读不出时间：{error}"[:300]) from None
    return FoundPost(
        source=source,
        key=key,
        title=title,
        text=text,
        channel=_words(row, "channel") or channel,
        url=_words(row, "url") or None,
        region=_words(row, "region") or None,
        author=_words(row, "author") or None,
        published_raw=str(raw) if raw else None,
        published_at=published,
        reply=_words(row, "reply") or None,
        engagement=_engagement(row),
    )


def _key(row: Mapping[str, Any]) -> str:
    key = row.get("id")
    if not isinstance(key, str | int) or isinstance(key, bool) or not str(key).strip():
        raise BadRow("缺少 'id'，它要在同一来源里区分每一帖")
    if len(str(key)) > KEY_CHARS:
        raise BadRow(f"'id' 超过 {KEY_CHARS} 个字符")
    return str(key)


def _words(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(f"{name!r} 不是文字")
    return value


def _engagement(row: Mapping[str, Any]) -> dict[str, int]:
    found = counts(row.get("engagement"))
    likes = count(row.get("likes"))
    if likes is not None:
        found.setdefault("likes", likes)
    return found
