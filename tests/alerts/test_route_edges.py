"""Hours over midnight, two quiet spans at once, and a default that is not configured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from alerts.routing.hours import Hours
from alerts.routing.roster import Roster
from alerts.routing.route import Routes, route
from domain.alerts import AlertReason
from domain.assessments import Severity
from domain.clock import SHANGHAI, parse_time
from domain.incidents.incident import Incident
from domain.input.load import load_text


def local(text: str) -> datetime:
    return parse_time(text).astimezone(SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026/11/27 21:59:59", None),  # Friday
        ("2026/11/27 22:00:00", "2026/11/28 07:00:00"),
        ("2026/11/28 03:00:00", "2026/11/28 07:00:00"),  # still Friday's night
        ("2026/11/28 07:00:00", None),
        ("2026/11/28 23:00:00", None),  # Saturday's is not meant
        ("2026/11/27 03:00:00", None),  # Thursday's is not meant
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(
    moment: str, ends: str | None
) -> None:
    found = Hours("22:00", "07:00", ("fri",)).ends_after(local(moment))
    assert found == (None if ends is None else local(ends))


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2028/2/28 23:30:00", "2028/2/29 06:00:00"),
        ("2028/2/29 23:30:00", "2028/3/1 06:00:00"),
        ("2026/12/31 23:58:00", "2027/1/1 06:00:00"),
    ],
)
def test_a_night_may_end_in_another_month_or_year(moment: str, ends: str) -> None:
    assert Hours("23:00", "06:00").ends_after(local(moment)) == local(ends)


def test_of_two_quiet_spans_the_later_end_holds(make_incident: Callable[..., Incident]) -> None:
    text = """
default: [{channel: group}]
quiet:
  - {channels: [group], hours: {start: "22:00", end: "06:00"}}
  - {channels: [group], hours: {start: "02:00", end: "08:30"}}
"""
    routes = load_text(text, Routes, "routes.yaml")
    incident = make_incident(severity=Severity.YELLOW)
    (target,) = route(incident, AlertReason.FIRST, local("2026/3/1 03:10"), routes, Roster())
    assert target.not_before == local("2026/3/1 08:30")


def test_a_gap_in_the_roster_does_not_bring_back_channels_that_are_not_configured(
    make_incident: Callable[..., Incident],
) -> None:
    text = """
default: [{channel: file}, {channel: phone}, {channel: group, recipient: on_duty}]
routes:
  - {name: 属地, to: [{channel: group, recipient: on_duty}]}
"""
    routes = load_text(text, Routes, "routes.yaml")
    shifts = """
people: [{name: 甲, reach: {group: a}}]
shifts: [{name: 早, start: "08:00", end: "09:00", who: [甲]}]
"""
    roster = load_text(shifts, Roster, "roster.yaml")
    targets = route(
        make_incident(), AlertReason.FIRST, local("2026/3/1 12:00"), routes, roster,
        ready=("file", "group"),
    )  # fmt: skip
    assert sorted(t.channel for t in targets) == ["file", "group"]
    assert all(t.warning for t in targets)
