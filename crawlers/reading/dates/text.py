"""From the pieces of a text to the one moment that it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawlers.reading.dates import clocks as clock_pieces
from crawlers.reading.dates import days as day_pieces
from crawlers.reading.dates.clocks import Clock
from crawlers.reading.dates.days import Day
from crawlers.reading.dates.reading import Precision, Reading, Unreadable, midnight
from crawlers.reading.dates.relative import take_ago
from crawlers.reading.dates.rest import Rest

_SLACK = timedelta(minutes=10)  # a site's clock may go before ours
_YEARS_BACK = 8  # to a leap year at the most


@dataclass(frozen=True, slots=True)
class _Named:
    """A day that a text names, and the moment that it is with a clock or without."""

    start: int
    moment: Callable[[Clock | None], Reading]
    takes_clock: bool = True


def from_text(text: str, base: datetime) -> Reading | None:
    """The moment, or None where there is none or something of meaning stays over. Raises
    Unreadable for what is no moment (25:99, 2月30日)."""
    rest = Rest(text)
    rest.take_figures()
    named = [_exact(start, reading) for start, reading in take_ago(rest, base)]
    named += [_whole(day, base) for day in day_pieces.take_whole(rest, base)]
    clocks = clock_pieces.take_clocks_behind_dates(rest) if named else []
    named += [_whole(day, base) for day in day_pieces.take_words(rest, base)]
    partial = day_pieces.take_glued(rest)
    clocks += clock_pieces.take_clocks(rest)
    partial += day_pieces.take_month_days(rest)
    years = day_pieces.take_lone_years(rest) if len(partial) == 1 else []
    weekdays = day_pieces.take_weekdays(rest, base)
    days_only = [] if named or partial else day_pieces.take_days_only(rest)
    rest.take_writers()
    if rest.has_meaning or len(years) > 1 or (clocks and rest.has_half):
        return None
    if years:
        (start, month, day), (year,) = partial[0], years
        named.append(_whole(Day(start, midnight(year, month, day)), base))
    elif partial:
        if named or len(partial) > 1:
            return None
        named = [_without_year(*partial[0], base)]
    elif days_only and len(days_only) == 1:
        named = [_without_month(*days_only[0], base)]
    elif not named:  # a weekday or a clock alone: in a text that says nothing else
        if rest.has_words or len(weekdays) > 1:
            return None
        if weekdays:
            named = [_weekday(weekdays[0], base)]
        elif len(clocks) == 1 and clocks[0].offset is None:
            named = [_today(base)]
    return _earliest(named, clocks) if named else None


def _earliest(named: list[_Named], clocks: list[Clock]) -> Reading:
    """Each day with its clock: the one behind it, else (one clock, one day) wherever it stands."""
    named.sort(key=lambda n: n.start)
    clocks.sort(key=lambda c: c.start)
    takers = [n for n in named if n.takes_clock]
    given: dict[int, Clock] = {}
    if len(clocks) == len(takers):
        given = {n.start: c for n, c in zip(takers, clocks, strict=True)}
    elif len(clocks) == 1 and takers:
        before = [n for n in takers if n.start < clocks[0].start]
        given = {(before or takers[:1])[-1].start: clocks[0]}
    elif clocks:
        raise Unreadable("more clocks than days")
    return min((n.moment(given.get(n.start)) for n in named), key=lambda r: r.at)


def _exact(start: int, reading: Reading) -> _Named:
    """How long ago; "3天前 10:05" takes the clock, "3小时前" is a moment already."""

    def moment(clock: Clock | None) -> Reading:
        return clock.on(reading.at) if clock else reading

    return _Named(start, moment, reading.precision is Precision.DAY)


def _whole(day: Day, base: datetime) -> _Named:
    def moment(clock: Clock | None) -> Reading:
        if clock is None:
            return Reading(day.at, day.precision)
        if day.precision is Precision.MONTH:
            raise Unreadable("a clock in a month")
        reading = clock.on(day.at, day.half)
        if day.is_word and reading.at > base:
            return Reading(base.replace(microsecond=0), reading.precision)
        return reading

    return _Named(day.start, moment)


def _without_year(start: int, month: int, day: int, base: datetime) -> _Named:
    def moment(clock: Clock | None) -> Reading:
        for year in range(base.year, base.year - _YEARS_BACK - 1, -1):
            try:
                at = midnight(year, month, day)
            except Unreadable:
                continue
            reading = clock.on(at) if clock else Reading(at, Precision.DAY)
            if reading.at <= base + _SLACK:
                return reading
        raise Unreadable(f"{month}-{day}")

    return _Named(start, moment)


def _without_month(start: int, day: int, base: datetime) -> _Named:
    def moment(clock: Clock | None) -> Reading:
        for back in range(12):
            year, month = divmod(base.year * 12 + base.month - 1 - back, 12)
            try:
                at = midnight(year, month + 1, day)
            except Unreadable:
                continue
            reading = clock.on(at) if clock else Reading(at, Precision.DAY)
            if reading.at <= base + _SLACK:
                return reading
        raise Unreadable(f"{day}日")

    return _Named(start, moment)


def _weekday(day: Callable[[bool], Day], base: datetime) -> _Named:
    def moment(clock: Clock | None) -> Reading:
        at = day(True).at
        if clock is None:
            return Reading(at, Precision.DAY)
        reading = clock.on(at)
        return reading if reading.at <= base + _SLACK else clock.on(day(False).at)

    return _Named(0, moment)


def _today(base: datetime) -> _Named:
    def moment(clock: Clock | None) -> Reading:
        assert clock is not None
        today = day_pieces.midnight_of(base)
        reading = clock.on(today)
        if reading.at > base + _SLACK:
            return clock.on(today - timedelta(days=1))
        return reading

    return _Named(0, moment)
