"""The clock in a text, its half of the day and its zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crawlers.reading.dates.reading import Precision, Reading, Unreadable
from crawlers.reading.dates.rest import STRUCK, Rest
from domain.clock import SHANGHAI

HALVES = (
    r"凌晨|清晨|早晨|早上|早|上午|中午|正午|午间|午后|下午|傍晚|黄昏|晚上|晚间|晚|夜里|夜间|夜晚|夜|半夜|深夜|午夜"
    r"|[ap]\.?m(?![a-z])\.?"
)
_ZONES = {
    "z": 0, "gmt": 0, "utc": 0, "ut": 0, "cst": 8, "hkt": 8, "sgt": 8, "jst": 9, "kst": 9,
    "est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "bst": 1, "cet": 1, "cest": 2, "msk": 3, "aest": 10,
}  # fmt: skip
_NAMES = "|".join(sorted(_ZONES, key=len, reverse=True))
_ZONE = (
    rf"(?:\s*\(?(?:(?P<name>{_NAMES})(?![a-z])\s?)?"
    r"(?P<offset>[+-]\s?\d{1,2}(?::?\d{2})?(?!\d))?\)?(?:\s?\[[a-z]+/[a-z_]+\])?)"
)
_CLOCK = re.compile(
    rf"(?P<before>{HALVES})?\s*(?<!\d)(?<!\d[.:])(?P<hour>\d{{1,2}})\s?(?:"
    r":\s?(?P<minute>\d{1,2})(?:\s?:\s?(?P<second>\d{1,2})(?:[.,:]\d{1,9})?)?分?"
    r"|(?:时|点钟?)整?(?:(?P<part>半|[123]刻)|\s?(?P<minute2>\d{1,2})\s?分?(?:\s?(?P<second2>\d{1,2})\s?秒)?)?"
    rf"|(?=\s?[ap]\.?m))(?:\s?(?P<after>[ap]\.?m(?![a-z])\.?|[上下]午))?{_ZONE}(?!\d)"
)
# Digits right behind a date without marks: 20261120102033, 20261120T102033Z.
_COMPACT = re.compile(
    rf"(?<={STRUCK})(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}})?(?:\.?\d{{3}})?{_ZONE}(?!\d)"
)
# Behind a whole date only: "2026.11.24 10.05", "24-11月-20 10.05.33.123000 上午", "…_10-05-33".
_DOTTED = re.compile(
    rf"(?<={STRUCK})[\s_-]*(?P<hour>\d{{1,2}})(?:\.(?P<minute>\d{{2}})(?:\.(?P<second>\d{{2}})(?:\.\d{{1,9}})?)?"
    r"|-(?P<minute2>\d{2})-(?P<second2>\d{2}))(?:\s?(?P<after>上午|下午|[ap]\.?m(?![a-z])))?(?![\d.-])"
)
_MOST_OFFSET = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of the day. `half` is the half of the day that stands beside it, `offset` the zone."""

    start: int
    hour: int
    minute: int | None
    second: int | None
    half: str = ""
    offset: timedelta | None = None

    @property
    def precision(self) -> Precision:
        if self.second is not None:
            return Precision.SECOND
        return Precision.HOUR if self.minute is None else Precision.MINUTE

    def on(self, day: datetime, half: str = "") -> Reading:
        """The moment on `day` (its midnight here), in `half` unless the clock has its own."""
        spent = timedelta(minutes=self.minute or 0, seconds=self.second or 0)
        days, hour = divmod(in_half(self.hour, self.half or half), 24)
        if self.offset is not None:
            utc = day.replace(tzinfo=UTC) + timedelta(days=days, hours=hour) + spent - self.offset
            return Reading(utc.astimezone(SHANGHAI), self.precision)
        at = (day + timedelta(days=days)).replace(hour=hour) + spent
        return Reading(at, self.precision)


def take_clocks(rest: Rest) -> list[Clock]:
    """Every clock of the text. Raises Unreadable for 25:99."""
    return [_clock(m) for m in rest.take(_CLOCK)]


def take_clocks_behind_dates(rest: Rest) -> list[Clock]:
    """Figures that only their place right behind a date makes clocks."""
    return [_clock(m) for pattern in (_COMPACT, _DOTTED) for m in rest.take(pattern)]


def _clock(match: re.Match[str]) -> Clock:
    said = match.groupdict()
    hour = int(match["hour"])
    minute = said["minute"] or said.get("minute2")
    second = said["second"] or said.get("second2")
    if part := said.get("part"):
        minute = "30" if part == "半" else str(15 * int(part[0]))
    past = int(minute or 0) * 60 + int(second or 0)
    if int(minute or 0) > 59 or int(second or 0) > 59 or hour * 3600 + past > 24 * 3600:
        raise Unreadable(match[0])
    return Clock(
        match.start(),
        hour,
        int(minute) if minute else None,
        int(second) if second else None,
        (said.get("before") or said.get("after") or "").replace(".", ""),
        _offset(said, second is not None),
    )


def in_half(hour: int, half: str) -> int:
    """The hour from midnight that a clock of twelve hours means in a half of the day.

    The evening's 12, and its small hours ("晚上1点"), lie behind the day's end.
    """
    if not half or hour > 12:
        return hour
    if half in ("am", "早", "早上", "早晨", "清晨", "凌晨", "上午"):
        return hour % 12
    if half in ("中午", "正午", "午间"):
        return hour + 12 if hour < 4 else hour
    if half in ("pm", "下午", "午后"):
        return hour % 12 + 12
    if half in ("夜里", "半夜", "深夜", "午夜"):
        return hour if hour < 6 else hour + 12
    return hour + 24 if hour < 5 else hour + 12  # evening and night


def _offset(said: dict[str, str | None], has_seconds: bool) -> timedelta | None:
    name, signed = said.get("name"), said.get("offset")
    if signed:
        digits = signed[1:].strip().replace(":", "")
        hours, minutes = (
            (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
        )
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if signed[0] == "-" else 1)
        # "08:00-12:00" is a span of hours, not a zone.
        if abs(offset) > _MOST_OFFSET or minutes > 59 or (signed[0] == "-" and not has_seconds):
            raise Unreadable(signed)
        return offset
    if name:
        return timedelta(hours=_ZONES[name])
    return None
