"""From the fields that pages showed to the post that is handed in."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any

from crawlers.dates import date_in_url, is_believable, read_time
from crawlers.pages import Page
from crawlers.source import Source
from domain.model import FoundPost

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
    return FoundPost(
        source=source.name,
        key=key[:500],
        title=title,
        text=text,
        channel=source.channel,
        url=url,
        region=fields.get("region") or source.region,
        author=fields.get("author") or None,
        published_raw=None if raw is None else str(raw)[:200],
        published_at=reading.at if reading else None,
        reply=fields.get("reply") or None,
        reply_at=reply_reading.at if reply_reading else None,
        engagement=dict(fields.get("engagement") or {}),
        evidence=page.evidence if page else None,
    )


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 60 else line[:59] + "…"


def read_count(value: object) -> int | None:
    """1234, "1,234", "100万+", "2.3k" → a whole number, else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value) if 0 <= value < 1e12 else None
    match = _COUNT.search(str(value)[:40])
    if not match:
        return None
    try:
        number = float(match[1].replace(",", ""))
    except ValueError:
        return None
    return int(number * _SCALE.get((match[2] or "").lower(), 1))
