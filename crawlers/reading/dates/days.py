"""The days that a text names: whole dates in every order, month and day, words, weekdays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawlers.reading.dates.reading import Precision, Unreadable, midnight
from crawlers.reading.dates.rest import Rest

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?<![a-z])(?P<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_SHORT_YEAR = r"(?P<y>\d{4}|\d{2})(?![\d:]|\s*[:点时])"
# A day that a clock follows without a blank has two digits, and so has the clock's hour.
_GLUED = r"(?:(?P<d>\d{2})(?=\d{2}:\d{2})|(?P<d2>\d{1,2})(?!\d))"

_WHOLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d)(?P<y>\d{{4}})\s?(?:年|[-/.])\s?(?P<m>\d{{1,2}})\s?(?:月|[-/.])\s?{_GLUED}"
        r"\s?[日号]?(?:\s?t(?=\d))?",
        r"(?<!\d)(?P<y>\d{4}):(?P<m>\d{2}):(?P<d>\d{2})(?=\s)",  # cameras
        rf"(?<!\d)'?(?P<y>\d{{2}})年\s?(?P<m>\d{{1,2}})月\s?{_GLUED}\s?[日号]?",
        rf"(?<!\d)(?P<d>\d{{1,2}})[\s-]+(?P<m>\d{{1,2}})月[\s-]+{_SHORT_YEAR}",
        r"(?<!\d)(?P<m>\d{1,2})月\s?(?P<d>\d{1,2})[日号]?\s?,\s?(?P<y>\d{4})(?!\d)",
        rf"{_MONTH}[\s-]*{_DAY}[\s,-]+(?P<y>\d{{4}})(?!\d|\s?:)",
        rf"(?<!\d)(?<!\d:){_DAY}[\s./-]*(?:of\s)?{_MONTH}[\s,./-]*{_SHORT_YEAR}",
        rf"(?<!\d)(?P<y>\d{{4}})[\s,./-]+{_MONTH}[\s./-]+{_DAY}(?![\d:])",
    )
)
_COMPACT = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:[\st]?(?=\d{4}(?:\d{2})?(?:\.?\d{3})?(?!\d))|(?!\d))"
)
_YEAR_LAST = re.compile(
    r"(?<![a-z\d])(?<![\d¦][.:/-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?![\d./-])"
)
_YEAR_SHORT = re.compile(
    r"(?<![a-z\d])(?<![\d¦][.:/-])(\d{1,2})([-/.])(\d{1,2})\2(\d{1,2})(?![\d./-])"
)
_THAT_YEAR = re.compile(
    rf"(?P<word>今年|本年|去年|大前年|前年)\s*(?P<m>\d{{1,2}})\s?(?:月|[-/.])\s?(?:{_GLUED}\s?[日号]?)?"
)
_THAT_MONTH = re.compile(
    r"(?P<word>上上个?月|上个?月|本月|这个?月|当月)(?:\s*(?P<d>\d{1,2})\s?[日号])?"
)
_YEAR_MONTH = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})\s?(?:年|[-/.])\s?(?P<m>\d{1,2})(?![\d./-])\s?月?"),
    re.compile(rf"{_MONTH}[\s,./-]*(?P<y>(?:19|20)\d{{2}})(?!\d|\s?:)"),
)
_GLUED_MONTH_DAY = re.compile(
    r"(?<![a-z\d])(?<![\d¦][.:/-])(?P<m>\d{1,2})(?:[-/]|月\s?)(?P<d>\d{2})[日号]?(?=\d{2}:\d{2})"
)
_MONTH_DAY = (
    re.compile(
        r"(?<![a-z\d])(?<![\d¦][.:/-])(?P<m>\d{1,2})\s?(?:月\s?(?P<d>\d{1,2})(?!\d)\s?[日号]?"
        r"|[-/.](?P<d2>\d{1,2})(?![\d.:/-]))"
    ),
    re.compile(rf"{_MONTH}[\s-]*{_DAY}(?![\d:])"),
    re.compile(rf"(?<!\d)(?<!\d:){_DAY}[\s-]*(?:of\s)?{_MONTH}"),
)
_LONE_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)\s?年?")
_DAY_ONLY = re.compile(r"(?<![a-z\d])(?<![\d¦][.:/-])(\d{1,2})\s?[日号](?![楼线院机店门厅窗台信])")
_WORD = re.compile(
    r"(?P<day>大前天|前天|前日|今天|今日|今儿|昨天|昨日|昨儿|昨(?=\s*\d)|(?P<half_day>[今昨前])(?P<half>[早晨晚夜午])上?)"
    r"|(?<![a-z])(?P<en>today|yesterday|tonight|last night)(?![a-z])"
)
_DAYS_BACK = {"大": 3, "前": 2, "昨": 1, "今": 0}
_WEEKDAY = re.compile(
    r"[(（]?(?P<which>上上|上|本|这)?个?(?:周|星期|礼拜)(?P<n>[一二三四五六日天])[)）]?"
    r"|(?<![a-z])(?:(?P<last>last|this)\s+)?(?P<en>mon|tue|wed|thu|fri|sat|sun)"
    r"(?:day|s|sday|nesday|r|rs|rsday|urday)?(?![a-z])[.,]?"
)
_WEEKDAYS = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6}
_WEEKDAYS |= {d: i for i, d in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_LAST_WEEK = re.compile(r"(上上|上)个?(?:周|星期|礼拜)(?![一二三四五六日天末])")


@dataclass(frozen=True, slots=True)
class Day:
    """A day that the text names; `half` where its word told it (昨晚)."""

    start: int
    at: datetime
    precision: Precision = Precision.DAY
    half: str = ""
    is_word: bool = False  # 今天, 昨晚: what lies ahead of the present is drawn back to it


def take_whole(rest: Rest, base: datetime) -> list[Day]:
    """Dates with a year. Raises Unreadable for those that do not exist or mean two days."""
    days = []
    for pattern in _WHOLE:
        days += [Day(m.start(), _from_groups(m, base)) for m in rest.take(pattern)]
    days += [Day(m.start(), _year_last(m)) for m in rest.take(_YEAR_LAST)]
    days += [Day(m.start(), _year_short(m, base)) for m in rest.take(_YEAR_SHORT)]
    days += [Day(m.start(), _from_groups(m, base)) for m in rest.take(_COMPACT)]
    days += [_in_that_year(m, base) for m in rest.take(_THAT_YEAR)]
    days += [_in_that_month(m, base) for m in rest.take(_THAT_MONTH)]
    for pattern in _YEAR_MONTH:
        for m in rest.take(pattern):
            first = midnight(int(m["y"]), _month(m), 1)
            days.append(Day(m.start(), first, Precision.MONTH))
    return days


def take_glued(rest: Rest) -> list[tuple[int, int, int]]:
    """Where, month, day: dates without a year that run into their clock (`11-2010:05`)."""
    return [(m.start(), int(m["m"]), int(m["d"])) for m in rest.take(_GLUED_MONTH_DAY)]


def take_month_days(rest: Rest) -> list[tuple[int, int, int]]:
    """Where, month, day: dates without a year."""
    return [(m.start(), _month(m), _day(m)) for pattern in _MONTH_DAY for m in rest.take(pattern)]


def take_lone_years(rest: Rest) -> list[int]:
    """Years that stand apart from their month and day: `Sun Nov 03 10:00:00 CST 2019`."""
    return [int(m[1]) for m in rest.take(_LONE_YEAR)]


def take_words(rest: Rest, base: datetime) -> list[Day]:
    """今天, 昨晚, yesterday, and 上周 (a week ago)."""
    days = []
    for m in rest.take(_WORD):
        word = m["day"] or m["en"]
        if m["en"]:
            back = 1 if word in ("yesterday", "last night") else 0
            half = "晚" if "night" in word else ""
        else:
            back = _DAYS_BACK[word[0]]
            half = "中午" if m["half"] == "午" else "早" if m["half"] == "晨" else m["half"] or ""
        days.append(Day(m.start(), _days_before(base, back), half=half, is_word=True))
    for m in rest.take(_LAST_WEEK):
        days.append(Day(m.start(), _days_before(base, 7 * len(m[1]))))
    return days


def take_weekdays(rest: Rest, base: datetime) -> list[Callable[[bool], Day]]:
    """For each weekday a function of "is it over today?": the last such day, or the one of the
    week that the text names. Raises Unreadable for one that is still to come (本周六)."""
    return [_weekday(m, base) for m in rest.take(_WEEKDAY)]


def take_days_only(rest: Rest) -> list[tuple[int, int]]:
    """Where, day of the month: `24日`."""
    return [(m.start(), int(m[1])) for m in rest.take(_DAY_ONLY)]


def _weekday(m: re.Match[str], base: datetime) -> Callable[[bool], Day]:
    start, which = m.start(), m["which"] or m["last"] or ""
    index = _WEEKDAYS[m["n"] or m["en"]]
    monday = _days_before(base, base.weekday())

    def day(is_over_today: bool) -> Day:
        if which and which != "last":
            weeks = {"上上": 2, "上": 1}.get(which, 0)
            at = midnight_of(monday + timedelta(days=index - 7 * weeks))
            if at > base:
                raise Unreadable(m[0])
            return Day(start, at)
        back = (base.weekday() - index) % 7
        if back == 0 and (which == "last" or not is_over_today):
            back = 7
        return Day(start, _days_before(base, back))

    return day


def midnight_of(moment: datetime) -> datetime:
    return midnight(moment.year, moment.month, moment.day)


def _days_before(base: datetime, days: int) -> datetime:
    return midnight_of(base - timedelta(days=days))


def _month(m: re.Match[str]) -> int:
    said = m.groupdict()
    return _MONTHS.index(said["mon"][:3]) + 1 if said.get("mon") else int(said["m"])


def _day(m: re.Match[str]) -> int:
    return int(m["d"] or m["d2"]) if "d2" in m.re.groupindex else int(m["d"])


def _from_groups(m: re.Match[str], base: datetime) -> datetime:
    year = int(m["y"])
    return midnight(_full_year(year, base) if len(m["y"]) == 2 else year, _month(m), _day(m))


def _full_year(year: int, base: datetime) -> int:
    return 2000 + year if 2000 + year <= base.year + 1 else 1900 + year


def _year_last(m: re.Match[str]) -> datetime:
    """11/24/2019 as ASP.NET writes it, 24.11.2019; with dashes only where it can mean one day."""
    one, two, year = int(m[1]), int(m[3]), int(m[4])
    if m[2] == "." or one > 12:
        month, day = (one, two) if two > 12 else (two, one)
    elif m[2] == "-" and two <= 12 and one != two:
        raise Unreadable(m[0])
    else:
        month, day = one, two
    return midnight(year, month, day)


def _year_short(m: re.Match[str], base: datetime) -> datetime:
    """09-11-24 is 2009-11-24; 11/24/19 is 2019-11-24; what may be both is neither."""
    readings = []
    one, two, three = int(m[1]), int(m[3]), int(m[4])
    if len(m[1]) == 2:
        readings.append((one, two, three))
    if m[2] == "/" and len(m[4]) == 2:
        readings.append((three, one, two))
    days = set()
    for year, month, day in readings:
        try:
            days.add(midnight(_full_year(year, base), month, day))
        except Unreadable:
            continue
    if len(days) != 1:
        raise Unreadable(m[0])
    return days.pop()


def _in_that_year(m: re.Match[str], base: datetime) -> Day:
    year = base.year - {"今": 0, "本": 0, "去": 1, "前": 2, "大": 3}[m["word"][0]]
    if m["d"] or m["d2"]:
        return Day(m.start(), midnight(year, int(m["m"]), _day(m)))
    return Day(m.start(), midnight(year, int(m["m"]), 1), Precision.MONTH)


def _in_that_month(m: re.Match[str], base: datetime) -> Day:
    back = 2 if m["word"].startswith("上上") else 1 if m["word"].startswith("上") else 0
    year, month = divmod(base.year * 12 + base.month - 1 - back, 12)
    if m["d"]:
        return Day(m.start(), midnight(year, month + 1, int(m["d"])))
    return Day(m.start(), midnight(year, month + 1, 1), Precision.MONTH)
