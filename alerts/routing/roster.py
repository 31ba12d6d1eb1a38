"""值班表: who is on duty when, for which area."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.routing.hours import Hours, read_clock
from domain.clock import SHANGHAI


@dataclass(frozen=True, slots=True)
class Person:
    """`reach`: alert channel → the person's address there (a WeCom user id, a name for a file)."""

    name: str
    reach: dict[str, str]


@dataclass(frozen=True, slots=True)
class Shift:
    """班次. `start`, `end`, `days` are its `hours`; `since`/`until` the first and last day on which
    it begins, both included; empty `places` and `stations`: the whole territory.
    """

    name: str
    who: tuple[str, ...]
    start: str = "00:00"
    end: str = "24:00"
    days: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    places: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from self.hours.problems()
        for key in ("since", "until"):
            try:
                date.fromisoformat(getattr(self, key) or "2000-01-01")
            except ValueError:
                yield key, f"{getattr(self, key)!r} 不是日期; 例: 2026-11-24"
        if not self.who:
            yield "who", "没有人; 至少写一人"

    @property
    def hours(self) -> Hours:
        return Hours(self.start, self.end, self.days)

    def covers(self, moment: datetime) -> bool:
        """Whether the shift runs at `moment` (local to the roster's zone)."""
        day = self.hours.day_of(moment)
        if day is None or (self.since and day < date.fromisoformat(self.since)):
            return False
        return not (self.until and day > date.fromisoformat(self.until))

    def serves(self, place_code: str | None, place: str | None, station: str | None) -> bool:
        """Whether the shift is responsible for the place or station."""
        if not self.places and not self.stations:
            return True
        return fits_place(self.places, place_code, place) or station in self.stations


def fits_place(wanted: tuple[str, ...], code: str | None, name: str | None) -> bool:
    """Whether a place lies in one of `wanted`: division codes (their beginning) or names."""
    return any(
        bool(code and code.startswith(place)) if place.isdigit() else bool(name and place in name)
        for place in wanted
    )


@dataclass(frozen=True, slots=True)
class Roster:
    """config/roster.yaml. Without shifts the roster is not in use: groups are told as a whole."""

    people: tuple[Person, ...] = ()
    shifts: tuple[Shift, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        names = [person.name for person in self.people]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield "people", f"{name!r} 列了两次"
        for shift in self.shifts:
            for name in shift.who:
                if name not in names:
                    yield "shifts", f"{shift.name}: people 中没有 {name!r}"

    @property
    def in_use(self) -> bool:
        return bool(self.shifts)

    def unreached(self, channels: Collection[str]) -> list[str]:
        """Who is put on duty and has no address on any of `channels`."""
        names = dict.fromkeys(name for shift in self.shifts for name in shift.who)
        reach = {person.name: person.reach for person in self.people}
        return [name for name in names if not reach.get(name, {}).keys() & set(channels)]

    def on_duty(
        self,
        now: datetime,
        place_code: str | None = None,
        place: str | None = None,
        station: str | None = None,
        zone: ZoneInfo = SHANGHAI,
    ) -> list[Person]:
        """Who is on duty for a place now. A shift for that very place or station goes before those
        for the whole territory."""
        local = now.astimezone(zone)
        running = [
            s for s in self.shifts if s.covers(local) and s.serves(place_code, place, station)
        ]
        own = [s for s in running if s.places or s.stations]
        names = dict.fromkeys(name for shift in own or running for name in shift.who)
        people = {person.name: person for person in self.people}
        return [people[name] for name in names]

    def gaps(
        self, since: datetime, until: datetime, zone: ZoneInfo = SHANGHAI
    ) -> list[tuple[datetime, datetime]]:
        """Spans in which nobody is on duty for the whole territory; empty where not in use."""
        if not self.in_use:
            return []
        edges = sorted({since, until, *self._edges(since, until, zone)})
        found: list[tuple[datetime, datetime]] = []
        for start, end in pairwise(edges):
            if any(
                s.covers(start.astimezone(zone)) and s.serves(None, None, None) for s in self.shifts
            ):
                continue
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, end))
        return found

    def _edges(self, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        clocks = {read_clock(c) for s in self.shifts for c in (s.start, s.end)} | {time(0)}
        day = since.astimezone(zone).date()
        while day <= until.astimezone(zone).date():
            for clock in clocks:
                moment = datetime.combine(day, clock, zone).astimezone(since.tzinfo)
                if since < moment < until:
                    yield moment
            day += timedelta(days=1)
