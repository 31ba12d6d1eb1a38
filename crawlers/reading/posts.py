"""From the fields that pages showed to the post that is handed in."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any

from crawlers.reading.dates import date_in_url, is_believable, read_time
from crawlers.reading.pages import Page
from crawlers.source import Source
from domain.input.bounds import count, cut_key
from domain.posts import FoundPost

_COUNT = re.compile(r"([\d.,]+)\s*(万|亿|[kKwW])?")
_SCALE = {"万": 10_000, "w": 10_000, "亿": 100_000_000, "k": 1_000}
_MAX_TEXT = 100_000  # characters of a post's text that are kept


def digest(fields: dict[str, Any]) -> str:
    """Changes when what is shown of a post changes; times and counts do not count."""
    said = {k: v for k, v in fields.items() if k not in ("time", "reply_time", "engagement")}
    return hashlib.blake2s(
        json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
        digest_size=5,
    ).hexdigest()


def make_post(
    source: Source,
    key: str,
    url: str | None,
    fields: dict[str, Any],
    seen: datetime,
    page: Page | None,
) -> FoundPost:
    """The post; `seen` is when the page that shows its (maybe relative) times was fetched."""
    raw = fields.get("time")
    reading = read_time(raw, seen)
    if reading is None and url and (day := date_in_url(url)) and is_believable(day.at, seen):
        reading = day
    reply_reading = read_time(fields.get("reply_time"), seen)
    text = str(fields.get("text") or "")[:_MAX_TEXT]
    title = str(fields.get("title") or "")[:500] or _first_line(text)
    shown = "" if raw is None else str(raw)[:200].strip()
    return FoundPost(
        source=source.name,
        key=cut_key(key),
        title=title,
        text=text,
        channel=source.channel,
        url=url,
        region=fields.get("region") or source.region,
        author=fields.get("author") or None,
        published_raw=shown or None,
        published_at=reading.at if reading else None,
        reply=fields.get("reply") or None,
        reply_at=reply_reading.at if reply_reading else None,
        engagement=dict(fields.get("engagement") or {}),
        evidence=page.evidence if page else None,
    )


class TimesRead:
    """How it went with the times of many posts: those that are shown but cannot be read are told,
    for their posts are not announced as new ones (gridvoice/app/tasks/grouping.py)."""

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._read = 0

    def add(self, post: FoundPost) -> None:
        if post.published_at is not None:
            self._read += 1
        elif post.published_raw:
            self._unread.append(post.published_raw)

    def notice(self) -> str | None:
        """In Chinese, or None where every time that was shown was read."""
        if not self._unread:
            return None
        example = f"例如“{self._unread[0][:60]}”"
        if not self._read:
            return (
                f"{len(self._unread)} 条的时间一条也读不懂，{example}：以首次发现的时间代替，"
                f"旧帖可能被当作新帖；请核对 time 选择器"
            )
        return (
            f"有时间读不懂：{len(self._unread)} 条，{example}；"
            f"不知道是不是旧帖，只进摘要，不作为新帖推送"
        )


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 60 else line[:59] + "…"


def read_count(value: object) -> int | None:
    """1234, "1,234", "100万+", "2.3k" → a whole number, else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return count(value)
    match = _COUNT.search(str(value)[:40])
    if not match:
        return None
    try:
        number = float(match[1].replace(",", ""))
    except ValueError:
        return None
    return count(number * _SCALE.get((match[2] or "").lower(), 1))
