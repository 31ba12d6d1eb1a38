"""A line of JSONL as a post: what `replay` takes, and the benchmarks."""

from __future__ import annotations

from typing import Any

from db.alone import problem_of
from domain.bounds import KEY_CHARS, count, counts, too_long
from domain.clock import parse_time
from domain.jsonl import BadLine, as_object
from domain.model import FoundPost


class BadRow(ValueError):
    """A line that is no post; the text says what would be right."""


def found_post(line: str | BadLine, source: str, fallback_channel: str = "gov_board") -> FoundPost:
    """A line of JSONL as a post. Raises BadRow."""
    try:
        return _post(as_object(line), source, fallback_channel)
    except BadRow:
        raise
    except BadLine as bad:
        raise BadRow(str(bad)) from None
    except Exception as error:  # whatever one line raises, the lines behind it are read
        raise BadRow(problem_of(error)) from None


def _post(row: dict[str, Any], source: str, fallback_channel: str) -> FoundPost:
    key = row.get("id")
    if not isinstance(key, str | int) or isinstance(key, bool) or not str(key).strip():
        raise BadRow("'id' is missing")
    if len(str(key)) > KEY_CHARS:
        raise BadRow(f"'id' is longer than {KEY_CHARS} characters")
    if not isinstance(row.get("text"), str):
        raise BadRow("'text' is missing or not a string")
    if problem := too_long(_text(row, "title"), row["text"]):
        raise BadRow(problem)
    raw = row.get("published_at") or row.get("time")
    try:
        published = parse_time(str(raw)) if raw else None
    except ValueError as error:
        raise BadRow(f"published_at: {error}"[:300]) from None
    return FoundPost(
        source=source,
        key=str(key),
        title=_text(row, "title"),
        text=row["text"],
        channel=_text(row, "channel") or fallback_channel,
        url=_text(row, "url") or None,
        region=_text(row, "region") or None,
        author=_text(row, "author") or None,
        published_raw=str(raw) if raw else None,
        published_at=published,
        reply=_text(row, "reply") or None,
        engagement=_engagement(row),
    )


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(f"{name!r} is not a string")
    return value


def _engagement(row: dict[str, Any]) -> dict[str, int]:
    found = counts(row.get("engagement"))
    likes = count(row.get("likes"))
    if likes is not None:
        found.setdefault("likes", likes)
    return found
