"""Time at the edges: the zone, reading and writing of times, and which time a post happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_AHEAD = timedelta(minutes=10)
_SLASHED = re.compile(
    r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?$"
)


def utc_now() -> datetime:
    """The present, aware, in UTC. Read only at the edges; the middle takes `now` as an argument."""
    return datetime.now(UTC)


def parse_time(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """ISO 8601 or `YYYY/M/D[ H:MM[:SS]]`; without an offset it means `zone`. Raises ValueError."""
    text = text.strip()
    match = _SLASHED.match(text)
    if match:
        parts = [int(p) if p else 0 for p in match.groups()]
        return datetime(*parts[:6], tzinfo=zone)  # type: ignore[arg-type, misc]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} 不是时间；写 2026-11-24T03:10:00+08:00 或 2026/11/24 3:10:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def event_time(published_at: datetime | None, first_seen: datetime) -> datetime:
    """When it happened: the published time where it is believable, else when we first saw it."""
    if published_at is not None and _EARLIEST <= published_at <= first_seen + _MAX_AHEAD:
        return published_at
    return first_seen


def iso(moment: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    """ISO 8601 with the zone's offset, to the second (milliseconds where there are any)."""
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(zone).isoformat(timespec=spec)


def short(moment: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    """For people: `11月24日 03:10`."""
    local = moment.astimezone(zone)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> timedelta:
    """`90s`, `5m`, `72h`, `30d`. Raises ValueError with what would be right."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not match:
        raise ValueError(f"{text!r} 不是时长；写 30s、5m、72h 或 30d")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
