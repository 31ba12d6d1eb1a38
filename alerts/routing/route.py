"""Who hears of an incident: routes by severity, category, area, place, station and time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.routing.decide import DecideSettings
from alerts.routing.hours import Hours
from alerts.routing.roster import Roster, fits_place
from domain.alerts import AlertReason
from domain.assessments import Area, Category, Severity
from domain.clock import SHANGHAI
from domain.incidents.incident import Incident

ON_DUTY = "on_duty"


@dataclass(frozen=True, slots=True)
class Destination:
    """A channel and whom to address on it: empty (the group as a whole), `on_duty`, or an address.

    `each`: where several are on duty, each gets a delivery (telephones) instead of one for all.
    """

    channel: str
    recipient: str = ""
    each: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One line of who hears of what. Every condition must hold; an empty one always does."""

    name: str
    to: tuple[Destination, ...]
    at_least: Severity = Severity.NONE
    at_most: Severity = Severity.RED
    categories: tuple[Category, ...] = ()
    areas: tuple[Area, ...] = (Area.INSIDE,)
    places: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    reasons: tuple[AlertReason, ...] = ()
    hours: Hours | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.to:
            yield "to", "无人收到; 至少写一个通道"
        if self.at_most < self.at_least:
            yield "at_most", f"{self.at_most.value} 低于 at_least {self.at_least.value}"

    def fits(self, incident: Incident, reason: AlertReason, local: datetime) -> bool:
        """Whether the route speaks of this incident now (`local`: in the routes' zone)."""
        return (
            self.at_least <= incident.severity <= self.at_most
            and incident.area in self.areas
            and (not self.categories or incident.category in self.categories)
            and (not self.reasons or reason in self.reasons)
            and (not self.places or fits_place(self.places, incident.place_code, incident.place))
            and (not self.stations or incident.station in self.stations)
            and (self.hours is None or self.hours.ends_after(local) is not None)
        )


@dataclass(frozen=True, slots=True)
class Quiet:
    """静默时段: in these hours incidents below `below` wait on `channels` until the hours end."""

    channels: tuple[str, ...]
    hours: Hours
    below: Severity = Severity.ORANGE


@dataclass(frozen=True, slots=True)
class Routes:
    """config/routes.yaml. Every route that fits adds its destinations; none fits: `default`.

    `operator` hears of trouble with the system itself; empty: whatever reaches people.
    """

    default: tuple[Destination, ...]
    routes: tuple[Route, ...] = ()
    operator: tuple[Destination, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    decide: DecideSettings = field(default_factory=DecideSettings)

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.default:
            yield "default", "为空; 没有路由接的预警将无人收到"
        names = [route.name for route in self.routes]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield "routes", f"{name!r} 重名"
        if any(d.recipient == ON_DUTY for d in self.operator):
            yield "operator", f"recipient {ON_DUTY} 不适用于运维; 写账号, 或留空发到整个群"

    def duty_channels(self) -> set[str]:
        """The channels on which whoever is on duty is to be addressed."""
        every = [*self.default, *(d for route in self.routes for d in route.to)]
        return {d.channel for d in every if d.recipient == ON_DUTY}

    def channel_names(self) -> set[str]:
        """Every channel that a destination names, to be checked against channels.yaml."""
        every = [*self.default, *self.operator, *(d for route in self.routes for d in route.to)]
        return {d.channel for d in every} | {c for q in self.quiet for c in q.channels}


@dataclass(frozen=True, slots=True)
class Target:
    """One delivery to make. `route` is the route that chose it (default: 默认), `warning` what is
    wrong with the roster, `not_before` the end of quiet hours."""

    channel: str
    recipient: str
    route: str = ""
    warning: str | None = None
    not_before: datetime | None = None


DEFAULT_ROUTE = "默认"


def route(
    incident: Incident,
    reason: AlertReason,
    now: datetime,
    routes: Routes,
    roster: Roster,
    ready: Collection[str] | None = None,
    zone: ZoneInfo = SHANGHAI,
) -> list[Target]:
    """Who hears of the incident, one target for each (channel, recipient).

    `ready`: names of the channels that are configured; others are left out, and where nothing is
    left the default route is used, unfiltered, so that the delivery fails visibly instead of
    not existing. On one channel a group is addressed once, with everybody who is to be named.
    """
    local = now.astimezone(zone)
    fitting = [r for r in routes.routes if r.fits(incident, reason, local)]
    named = [(r.name, d) for r in fitting for d in r.to]
    default = [(DEFAULT_ROUTE, d) for d in routes.default]
    chosen = _configured(named, ready) or _configured(default, ready) or default
    duty = roster.on_duty(now, incident.place_code, incident.place, incident.station, zone)
    asked = {d.channel: None for _, d in chosen if d.recipient == ON_DUTY} if roster.in_use else {}
    unnamed = [channel for channel in asked if not any(channel in p.reach for p in duty)]
    warning = _warning(unnamed, [p.name for p in duty], local) if unnamed else None
    if asked and len(unnamed) == len(asked):
        chosen = [*chosen, *_configured(default, ready)]
    found: list[tuple[str, Destination, str]] = []
    for name, destination in chosen:
        for recipient in _recipients(destination, [p.reach for p in duty]):
            found.append((name, destination, recipient))
    return [
        Target(channel, recipient, name, warning, _wait(channel, incident, local, routes, now))
        for channel, recipient, name in _joined(found)
    ]


def _warning(unnamed: list[str], on_duty: list[str], local: datetime) -> str:
    """Nobody is named on these channels, though somebody should be."""
    if not on_duty:
        return f"值班表空档：{local.month}月{local.day}日 {local:%H:%M} 无人值班，请收到者先接"
    who, where = "、".join(on_duty), "、".join(unnamed)
    return f"当班的{who}在通道 {where} 上没有账号，未能点名，请收到者先接"


def _configured(
    named: list[tuple[str, Destination]], ready: Collection[str] | None
) -> list[tuple[str, Destination]]:
    return [(name, d) for name, d in named if ready is None or d.channel in ready]


def _recipients(destination: Destination, reach: list[dict[str, str]]) -> list[str]:
    if destination.recipient != ON_DUTY:
        return [destination.recipient]
    addresses = [r[destination.channel] for r in reach if destination.channel in r]
    if destination.each:
        return addresses or [""]
    return [",".join(addresses)]


def _joined(found: list[tuple[str, Destination, str]]) -> Iterator[tuple[str, str, str]]:
    """(channel, recipient, route names): one message a group, one a person where `each` is set."""
    groups: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for name, destination, recipient in found:
        key = (destination.channel, recipient if destination.each else "")
        addresses, names = groups.setdefault(key, ({}, {}))
        addresses.update(dict.fromkeys(a for a in recipient.split(",") if a))
        names[name] = None
    for (channel, _), (addresses, names) in groups.items():
        yield channel, ",".join(addresses), "、".join(names)


def _wait(
    channel: str, incident: Incident, local: datetime, routes: Routes, now: datetime
) -> datetime | None:
    ends = [
        end
        for quiet in routes.quiet
        if channel in quiet.channels
        and incident.severity < quiet.below
        and incident.severity is not Severity.RED
        and (end := quiet.hours.ends_after(local)) is not None
    ]
    return max(ends).astimezone(now.tzinfo) if ends else None
