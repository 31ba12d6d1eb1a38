"""How long ago: "3天5小时10分钟前", "1个半小时前", "2 hours ago", "刚刚"."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from crawlers.reading.dates.reading import Precision, Reading, Unreadable
from crawlers.reading.dates.rest import Rest

_PIECE = (
    r"(?:(?P<amount{0}>\d{{1,9}}(?:\.\d{{1,3}})?|半)\s*个?(?P<half{0}>半)?\s*多?\s*"
    r"(?P<unit{0}>秒钟?|分钟?|小时|钟头|刻钟?|天|日|周|星期|礼拜|(?<=[个半])\s*月|年)(?P<more{0}>半)?多?)"
)
_ONE = re.compile(_PIECE.format(""))
_BARE = re.sub(r"\?P<\w+>", "?:", _PIECE.format(""))
_AGO = re.compile(
    rf"(?<!\d)(?<!\d[.:])(?<!月)(?P<said>{_BARE}(?:[\s,、又零]*{_BARE})*)\s*(?:之前|以前|前|以内|之内|内)"
)
_ENGLISH_UNIT = (
    r"(?:(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w"
    r"|months?|mos?|years?|yrs?|y)(?![a-z]))"
)
_ENGLISH_ONE = re.compile(
    rf"(?P<amount>\d{{1,9}}(?:\.\d{{1,3}})?|an?|one|a few|few)\s*{_ENGLISH_UNIT}"
)
_ENGLISH_BARE = re.sub(r"\?P<\w+>", "?:", _ENGLISH_ONE.pattern)
_ENGLISH_AGO = re.compile(
    rf"(?<![a-z\d])(?<!\d[.:])(?P<said>{_ENGLISH_BARE}(?:\s*(?:,|and)?\s*{_ENGLISH_BARE})*)\s*(?:ago|earlier)"
    r"(?![a-z])"
)
_NOW = re.compile(r"刚刚|刚才|(?<![a-z])(?:just now|moments ago)(?![a-z])")
_SECONDS = {"秒": 1, "分": 60, "刻": 900, "小": 3600, "钟": 3600}
_SECONDS |= {"天": 86_400, "日": 86_400, "周": 604_800, "星": 604_800, "礼": 604_800}
_ENGLISH = {"s": "秒", "m": "分", "h": "小", "d": "天", "w": "周", "mo": "月", "y": "年"}
_FINEST = "秒分刻小钟天日周星礼月年"


def take_ago(rest: Rest, base: datetime) -> list[tuple[int, Reading]]:
    """Every such expression, with where it stands. Raises Unreadable for 999999999年前."""
    found = [
        (m.start(), Reading(base.replace(microsecond=0), Precision.MINUTE)) for m in rest.take(_NOW)
    ]
    for match in rest.take(_AGO):
        pieces = [_piece(p) for p in _ONE.finditer(match["said"])]
        found.append((match.start(), _back(pieces, base)))
    for match in rest.take(_ENGLISH_AGO):
        pieces = [_english(p) for p in _ENGLISH_ONE.finditer(match["said"])]
        found.append((match.start(), _back(pieces, base)))
    return found


def _piece(match: re.Match[str]) -> tuple[float, str]:
    amount = 0.5 if match["amount"] == "半" else float(match["amount"])
    if match["half"] or match["more"]:
        amount += 0.5
    return amount, match["unit"].strip()[0]


def _english(match: re.Match[str]) -> tuple[float, str]:
    word = match["amount"]
    amount = float(word) if word[0].isdigit() else 3.0 if "few" in word else 1.0
    unit = match["unit"]
    return amount, _ENGLISH["mo" if unit.startswith("mo") else unit[0]]


def _back(pieces: list[tuple[float, str]], base: datetime) -> Reading:
    months = 0
    seconds = 0.0
    for amount, unit in pieces:
        if unit in "月年":
            whole = amount * (12 if unit == "年" else 1)
            months += int(whole)
            seconds += (whole - int(whole)) * 30 * 86_400
        else:
            seconds += amount * _SECONDS[unit]
    try:
        at = _months_back(base, months) - timedelta(seconds=round(seconds))
    except (ValueError, OverflowError):
        raise Unreadable("ago") from None
    precision = _precision(pieces)
    at = at.replace(microsecond=0)
    if precision in (Precision.DAY, Precision.MONTH):
        at = at.replace(hour=0, minute=0, second=0)
    return Reading(at, precision)


def _months_back(base: datetime, months: int) -> datetime:
    years, month = divmod(base.year * 12 + base.month - 1 - months, 12)
    if years < 1:
        raise Unreadable("ago")
    last = calendar.monthrange(years, month + 1)[1]
    return base.replace(year=years, month=month + 1, day=min(base.day, last))


def _precision(pieces: list[tuple[float, str]]) -> Precision:
    amount, unit = min(pieces, key=lambda p: _FINEST.index(p[1]))
    is_part = amount != int(amount)
    if unit == "秒":
        return Precision.SECOND
    if unit in "分刻" or (unit in "小钟" and is_part):
        return Precision.MINUTE
    if unit in "小钟" or (unit in "天日" and is_part):
        return Precision.HOUR
    return Precision.DAY if unit in "天日周星礼" or (unit == "月" and is_part) else Precision.MONTH
