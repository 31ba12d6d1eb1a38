"""The times that Chinese sites print: absolute, relative, without a year, as numbers.

`read_time` first tries what a machine wrote (numbers, ISO, RFC 822, C style), then what a person
reads. Results are aware, in Asia/Shanghai. The base time is the moment the page was fetched.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from domain.clock import SHANGHAI


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


_MAX_LENGTH = 200  # a time stands in a short text; longer ones are cut
_C_STYLE = re.compile(
    r"[A-Za-z]{3} ([A-Za-z]{3}) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4}) (\d{4})"
)
_RFC822 = re.compile(r"\d{1,2} [A-Za-z]{3} \d{2,4} \d{1,2}:\d{2}")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?:\s?(\d{2})(\d{2})(\d{2})?)?(?!\d)")
_FULL = re.compile(
    r"(?<!\d)(\d{4})\s?(?:年|[-/.])\s?(\d{1,2})\s?(?:月|[-/.])\s?(\d{1,2})(?!\d)\s?[日号]?"
)
_YEAR_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})\s?(?:年|[-/.])\s?(\d{1,2})(?!\d)\s?月?")
_MONTH_DAY = re.compile(
    r"(?<![\d.:])(\d{1,2})\s?(?:月\s?(\d{1,2})\s?[日号]?|[-/.](\d{1,2}))(?![\d.:])"
)
_WEEKDAY = re.compile(r"[(]?(?:星期|礼拜|周)[一二三四五六日天][)]?")
_CLOCK = re.compile(
    r"(上午|下午|早上|中午|晚上|凌晨|傍晚|[AaPp][Mm])?\s?"
    r"(?<!\d)(\d{1,2})\s?(?:[:时点]\s?(?:(\d{1,2})|(半))\s?(?:[:分]\s?(\d{1,2})\s?秒?)?分?|[时点])"
    r"\s?([AaPp][Mm])?"
)
_AGO = re.compile(
    r"(\d+|半|[一二两三四五六七八九十几])\s?(?:个)?(秒钟?|分钟?|小时|钟头|天|日|周|星期|月|年)(?:之?前|以前|内)"
)
_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2, "大前天": 3}
_DAY_WORD = re.compile("大前天|今天|今日|昨天|昨日|前天|前日")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九十")} | {"两": 2, "几": 3}
_MONTHS = {
    m: i
    for i, m in enumerate(
        "JanFebMarAprMayJunJulAugSepOctNovDec"[i : i + 3] for i in range(0, 36, 3)
    )
}
_UNITS = {
    "秒": (timedelta(seconds=1), Precision.SECOND),
    "分": (timedelta(minutes=1), Precision.MINUTE),
    "小": (timedelta(hours=1), Precision.HOUR),
    "钟": (timedelta(hours=1), Precision.HOUR),
    "天": (timedelta(days=1), Precision.DAY),
    "日": (timedelta(days=1), Precision.DAY),
    "周": (timedelta(days=7), Precision.DAY),
    "星": (timedelta(days=7), Precision.DAY),
    "月": (timedelta(days=30), Precision.MONTH),
    "年": (timedelta(days=365), Precision.MONTH),
}
_URL_DATES = (
    re.compile(r"/t((?:19|20)\d{2})(\d{2})(\d{2})_"),
    re.compile(r"/((?:19|20)\d{2})/(\d{1,2})/(\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})-(\d{1,2})/(\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})(\d{2})(\d{2})/"),
)


def read_time(raw: object, base: datetime) -> Reading | None:
    """The time that `raw` (text, seconds, milliseconds, Excel serial) names, or None.

    A month and day without a year mean the nearest such day not after `base`; relative words
    count back from `base`. What would lie ahead of a "today" is drawn back to `base`.
    """
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, int | float):
        return _from_number(float(raw))
    text = unicodedata.normalize("NFKC", str(raw)[:_MAX_LENGTH]).strip()
    if not text:
        return None
    return _from_machine(text) or _from_person(text, base.astimezone(SHANGHAI))


def date_in_url(url: str) -> Reading | None:
    """The day that a URL carries (`/t20261120_`, `/art/2026/11/20/`, `/20261120/`), or None."""
    for pattern in _URL_DATES:
        if match := pattern.search(url):
            return _day(int(match[1]), int(match[2]), int(match[3]))
    return None


def _from_number(value: float) -> Reading | None:
    if value >= 1e17 or value != value:
        return None
    if value >= 1e11:  # milliseconds
        value /= 1000
    if value >= 1e8:
        moment = datetime.fromtimestamp(int(value), UTC).astimezone(SHANGHAI)
        return Reading(moment, Precision.SECOND) if moment.year < 2200 else None
    if 20000 <= value < 80000:  # Excel's day count
        moment = datetime(1899, 12, 30, tzinfo=SHANGHAI) + timedelta(days=value)
        precision = Precision.DAY if value == int(value) else Precision.SECOND
        return Reading(moment.replace(microsecond=0), precision)
    return None


def _from_machine(text: str) -> Reading | None:
    if re.fullmatch(r"\d{10}|\d{13}|\d{5}(\.\d+)?", text):
        return _from_number(float(text))
    if match := _C_STYLE.search(text):
        # Weekday unchecked: some servers get it wrong, and the date says it all.
        month = _MONTHS.get(match[1].title())
        if month is not None:
            hours, minutes = int(match[6][1:3]), int(match[6][3:])
            offset = timedelta(hours=hours, minutes=minutes) * (-1 if match[6][0] == "-" else 1)
            reading = _moment(
                int(match[7]), month + 1, int(match[2]), int(match[3]), int(match[4]), int(match[5])
            )
            if reading:
                utc = reading.at.replace(tzinfo=UTC) - offset
                return Reading(utc.astimezone(SHANGHAI), Precision.SECOND)
    if _RFC822.search(text):
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return Reading(moment.astimezone(SHANGHAI), Precision.SECOND)
    if match := _ISO.search(text):
        try:
            moment = datetime.fromisoformat(match[0])
        except ValueError:
            return None
        precision = Precision.SECOND if match[1] else Precision.MINUTE
        return Reading(moment.astimezone(SHANGHAI).replace(microsecond=0), precision)
    if match := _COMPACT.search(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        if match[4]:
            return _moment(
                year, month, day, int(match[4]), int(match[5]), int(match[6]) if match[6] else None
            )
        return _day(year, month, day)
    return None


def _from_person(text: str, base: datetime) -> Reading | None:
    text = _WEEKDAY.sub(" ", text)
    if "刚刚" in text or "刚才" in text:
        return Reading(base.replace(microsecond=0), Precision.MINUTE)
    if match := _AGO.search(text):
        return _ago(match[1], match[2], base)
    if match := _FULL.search(text):
        rest = text[match.end() :].lstrip("T ")
        return _with_clock(int(match[1]), int(match[2]), int(match[3]), rest)
    if match := _DAY_WORD.search(text):
        day = base - timedelta(days=_DAYS[match[0]])
        reading = _with_clock(day.year, day.month, day.day, text[match.end() :])
        if reading and reading.at > base:
            return Reading(base.replace(microsecond=0), reading.precision)
        return reading
    if match := _YEAR_MONTH.search(text):
        day_one = _day(int(match[1]), int(match[2]), 1)
        return Reading(day_one.at, Precision.MONTH) if day_one else None
    if match := _MONTH_DAY.search(text):
        return _without_year(int(match[1]), int(match[2] or match[3]), text[match.end() :], base)
    if _CLOCK.search(text):
        reading = _with_clock(base.year, base.month, base.day, text)
        if reading and reading.at > base + timedelta(minutes=10):
            return Reading(reading.at - timedelta(days=1), reading.precision)
        return reading
    return None


def _ago(amount: str, unit: str, base: datetime) -> Reading:
    step, precision = _UNITS[unit[0]]
    count = 0.5 if amount == "半" else float(_DIGITS.get(amount) or amount)
    at = (base - step * count).replace(microsecond=0)
    if precision in (Precision.DAY, Precision.MONTH):
        at = at.replace(hour=0, minute=0, second=0)
    if amount == "半" and precision is Precision.HOUR:
        precision = Precision.MINUTE
    return Reading(at, precision)


def _without_year(month: int, day: int, rest: str, base: datetime) -> Reading | None:
    for year in range(base.year, base.year - 9, -1):  # back to a leap year at the most
        reading = _with_clock(year, month, day, rest)
        if reading and reading.at <= base + timedelta(minutes=10):
            return reading
    return None


def _with_clock(year: int, month: int, day: int, rest: str) -> Reading | None:
    match = _CLOCK.search(rest[:24])
    if not match:
        return _day(year, month, day)
    hour = int(match[2])
    minute = 30 if match[4] else int(match[3]) if match[3] else None
    half = (match[1] or match[6] or "").lower()
    if (half in ("下午", "晚上", "傍晚", "pm") or (half == "中午" and hour < 3)) and hour < 12:
        hour += 12
    elif half in ("凌晨", "上午", "早上", "am") and hour == 12:
        hour = 0
    second = int(match[5]) if match[5] else None
    if minute is None:
        reading = _moment(year, month, day, hour, 0, None)
        return Reading(reading.at, Precision.HOUR) if reading else None
    return _moment(year, month, day, hour, minute, second)


def _moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int | None
) -> Reading | None:
    try:
        at = datetime(year, month, day, hour % 24, minute, second or 0, tzinfo=SHANGHAI)
    except ValueError:
        return None
    if hour == 24:  # "24:00" is the end of the day
        at += timedelta(days=1)
    elif hour > 24:
        return None
    return Reading(at, Precision.MINUTE if second is None else Precision.SECOND)


def _day(year: int, month: int, day: int) -> Reading | None:
    try:
        return Reading(datetime(year, month, day, tzinfo=SHANGHAI), Precision.DAY)
    except ValueError:
        return None
