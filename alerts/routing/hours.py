"""Spans of the day on some days of the week: of a route, of quiet, of a shift."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")


def read_clock(text: str) -> time:
    """`8:00`, `20:30`; `24:00` is midnight. Raises ValueError."""
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"{text!r} 不是钟点; 例: 08:00")
    hour, minute = text.split(":")
    return time(int(hour) % 24, int(minute))


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to `end`; over midnight where end ≤ start, and then they belong to the day on
    which they start. Empty `days`: every day. Moments are local to the zone of the settings."""

    start: str = "00:00"
    end: str = "24:00"
    days: tuple[str, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        for key in ("start", "end"):
            try:
                read_clock(getattr(self, key))
            except ValueError as error:
                yield key, str(error)
        for day in self.days:
            if day not in DAYS:
                yield "days", f"没有 {day!r}; 写其一: {', '.join(DAYS)}"

    def day_of(self, local: datetime) -> date | None:
        """The day to which the running hours belong; None outside of them."""
        running = self._running(local)
        return running and running[0].date()

    def ends_after(self, local: datetime) -> datetime | None:
        """When the running hours end; None outside of them."""
        running = self._running(local)
        return running and running[1]

    def _running(self, local: datetime) -> tuple[datetime, datetime] | None:
        start, end = read_clock(self.start), read_clock(self.end)
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            if self.days and DAYS[day.weekday()] not in self.days:
                continue
            opens = datetime.combine(day, start, local.tzinfo)
            closes = datetime.combine(day, end, local.tzinfo)
            if closes <= opens:
                closes += timedelta(days=1)
            if opens <= local < closes:
                return opens, closes
        return None
