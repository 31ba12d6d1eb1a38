"""The times that Chinese sites print: absolute, relative, without a year, as numbers.

A text is understood only when every digit and every word for a day in it is accounted for: what
looks like a clock inside a date that we cannot read is no reason to call that date today.
"""

from __future__ import annotations

import re
from datetime import datetime

from crawlers.reading.dates.numbers import from_digits, from_number, is_date_in_digits
from crawlers.reading.dates.reading import Precision, Reading, Unreadable, is_believable, midnight
from crawlers.reading.dates.rest import plain
from crawlers.reading.dates.text import from_text
from domain.clock import SHANGHAI

__all__ = ["Precision", "Reading", "date_in_url", "is_believable", "read_time"]

_MAX_LENGTH = 200  # a time stands in a short text; longer ones are cut
_USUAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d)(?::(\d\d))?)?")
_URL_DATES = (
    re.compile(r"/t((?:19|20)\d{2})(\d{2})(\d{2})_"),
    re.compile(r"/((?:19|20)\d{2})/(\d{1,2})/(\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})-(\d{1,2})/(\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})(\d{2})(\d{2})/"),
)


def read_time(raw: object, base: datetime) -> Reading | None:
    """The time that `raw` (text, seconds, milliseconds, Excel serial) names, or None.

    A month and day without a year mean the nearest such day not after `base`, the present;
    relative words count back from it. What would lie ahead of a "today" is drawn back to it. Of
    several times ("发布 … 更新 …") the earliest counts. A text without a zone means Shanghai.
    Never raises; a time that nobody can believe (year 1, 9999, microseconds) is None.
    """
    base = base.astimezone(SHANGHAI)
    try:
        reading = _read(raw, base)
    except (Unreadable, OverflowError):
        return None
    return reading if reading and is_believable(reading.at, base) else None


def date_in_url(url: str) -> Reading | None:
    """The day that a URL carries (`/t20261120_`, `/art/2026/11/20/`, `/20261120/`), or None."""
    for pattern in _URL_DATES:
        if match := pattern.search(url):
            try:
                day = midnight(int(match[1]), int(match[2]), int(match[3]))
            except Unreadable:
                return None
            return Reading(day, Precision.DAY)
    return None


def _read(raw: object, base: datetime) -> Reading | None:
    if raw is None or isinstance(raw, bool):
        return None
    if isinstance(raw, float) or (isinstance(raw, int) and not is_date_in_digits(raw)):
        return from_number(raw)
    shown = str(raw)[:_MAX_LENGTH].strip()
    if (match := _USUAL.fullmatch(shown)) and (match[4] or "") < "24":
        return _usual(match)
    text = plain(shown)
    return from_digits(text) or from_text(text, base)


def _usual(match: re.Match[str]) -> Reading:
    """The commonest spelling, read without taking it to pieces."""
    day = midnight(int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return Reading(day, Precision.DAY)
    hour, minute, second = int(match[4]), int(match[5]), int(match[6] or 0)
    if minute > 59 or second > 59:
        raise Unreadable(match[0])
    at = day.replace(hour=hour, minute=minute, second=second)
    return Reading(at, Precision.SECOND if match[6] else Precision.MINUTE)
