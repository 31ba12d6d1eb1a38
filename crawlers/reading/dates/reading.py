"""What a reading of a time is, and which readings nobody can believe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.clock import SHANGHAI

_EARLIEST_YEAR = 1980
_MOST_AHEAD = timedelta(days=366)


class Precision(StrEnum):
    """How finely the site told the time."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Reading:
    """A time as read: aware, Asia/Shanghai; the parts below `precision` are zero."""

    at: datetime
    precision: Precision


class Unreadable(ValueError):
    """The text holds something that no reading accounts for, or names no day that there is."""


def midnight(year: int, month: int, day: int) -> datetime:
    """The start of that day in Shanghai. Raises Unreadable for days that do not exist."""
    try:
        return datetime(year, month, day, tzinfo=SHANGHAI)
    except (ValueError, OverflowError):
        raise Unreadable(f"{year}-{month}-{day}") from None


def is_believable(at: datetime, base: datetime) -> bool:
    """Whether a post may have been written then: no year 1, no 9999, no microseconds taken for
    milliseconds. `base` is the present; what lies more than a year ahead of it is a mistake."""
    return at.year >= _EARLIEST_YEAR and at <= base + _MOST_AHEAD
