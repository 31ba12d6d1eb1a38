"""Times written as numbers: seconds, milliseconds, Excel's day count, digits without marks."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from crawlers.reading.dates.reading import Precision, Reading
from domain.clock import SHANGHAI

_PLAIN = re.compile(
    r"\d{9,10}(?:\.\d{1,9})?|(?!19|20)\d{12}|\d{13}(?:\.\d{1,9})?|\d{5}(?:\.\d{1,12})?"
)
# What .NET's serializers write: /Date(1795485600000)/, /Date(1795485600000+0800)/
_DOTNET = re.compile(r"\\?/date\((\d{12,13})(?:[+-]\d{4})?\)\\?/")
_EXCEL_START = datetime(1899, 12, 30, tzinfo=SHANGHAI)
_DIGITS_AS_DATE = (
    (19000101, 21001231),
    (190001010000, 210012312359),
    (19000101000000, 21001231235959),
)


def from_number(value: int | float) -> Reading | None:
    """Seconds, milliseconds or Excel's days; anything else, endless digits too, is None."""
    if isinstance(value, int) and not 0 <= value < 10**17:
        return None
    amount = float(value)
    if not math.isfinite(amount) or not 0 <= amount < 1e17:
        return None
    if 20_000 <= amount < 80_000:
        at = _EXCEL_START + timedelta(days=amount)
        precision = Precision.DAY if amount == int(amount) else Precision.SECOND
        return Reading(at.replace(microsecond=0), precision)
    if amount >= 1e11:  # milliseconds
        amount /= 1000
    if not 1e8 <= amount < 1e10:
        return None
    at = datetime.fromtimestamp(int(amount), UTC).astimezone(SHANGHAI)
    return Reading(at, Precision.SECOND)


def from_digits(text: str) -> Reading | None:
    """A text that is nothing but such a number."""
    if match := _DOTNET.fullmatch(text):
        return from_number(int(match[1]))
    if not _PLAIN.fullmatch(text):
        return None
    return from_number(float(text) if "." in text else int(text))


def is_date_in_digits(value: int) -> bool:
    """Whether a JSON number is really 20261120 or 20261120102033: to be read as text."""
    return any(low <= value <= high for low, high in _DIGITS_AS_DATE)
