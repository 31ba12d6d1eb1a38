"""An incident after one post more: graver, larger, more finely placed, never the other way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from assessed_posts import START, complaint, facts

from domain.assessments import Area, Assessment, Place, PostRole, Severity
from domain.incidents.events import EventKind
from domain.incidents.incident import Incident, IncidentState
from pipeline.incidents.absorb import Change, absorb, begin
from pipeline.incidents.post import PostFacts
from pipeline.incidents.profile import Profile
from pipeline.severity.rate import IncidentFacts, Rated, SeverityRules

TOWN = Place("小召乡", "411003005", "text", 0, 3)
VILLAGE = Place("小召乡毛里村", "411003005013", "text", 0, 6)
VERDICT = complaint(places=(TOWN,), station="小召供电所")


class Told(SeverityRules):
    """The rules, as they would have rated it."""

    def __init__(self, rated: Rated | None) -> None:
        self._rated = rated

    def rate_incident(self, facts: IncidentFacts) -> Rated:
        return self._rated or Rated(facts.severity, facts.score, ())


def saying(assessment: Assessment = VERDICT, **changes: Any) -> PostFacts:
    post = facts("", "小召乡停电三天", assessment, START)
    return replace(post, **{"channel": "gov_board", **changes})


@pytest.fixture
def incident() -> Incident:
    return begin(saying(), "20261124-001", True, None, START).after


def absorbed(
    incident: Incident, post: PostFacts | None = None, rated: Rated | None = None, **assessment: Any
) -> Change:
    post = post or saying(replace(VERDICT, **assessment))
    return absorb(incident, Profile(), post, START, Told(rated), fresh=False)


def after(
    incident: Incident, post: PostFacts | None = None, rated: Rated | None = None, **assessment: Any
) -> Incident:
    return absorbed(incident, post, rated, **assessment).after


def test_what_a_surge_raised_does_not_fall_when_it_is_over(incident: Incident) -> None:
    raised = absorbed(incident, rated=Rated(Severity.RED, 95.0, ()))
    calm = absorbed(raised.after, rated=Rated(Severity.BLUE, 12.0, ()))
    assert (calm.after.severity, calm.after.severity_score) == (Severity.RED, 95.0)
    assert raised.note == "1帖→2帖，等级 较大→特别重大"
    assert calm.note == "2帖→3帖"


def test_a_finer_place_keeps_the_station_that_a_coarser_one_gave(incident: Incident) -> None:
    placed = after(incident, places=(VILLAGE,), station=None)
    assert (placed.place_code, placed.station) == (VILLAGE.code, "小召供电所")
    assert after(placed, places=(VILLAGE,), station="别的所").station == "小召供电所"


@pytest.mark.parametrize("places", [(), (TOWN,), (Place("五女店镇", "411003102", "text", 0, 4),)])
def test_a_place_is_never_taken_away_made_coarser_or_moved(
    incident: Incident, places: tuple[Place, ...]
) -> None:
    fine = after(incident, places=(VILLAGE,))
    later = after(fine, places=places, station="五女店供电所")
    assert (later.place_code, later.station) == (VILLAGE.code, "小召供电所")


@pytest.mark.parametrize(
    ("first", "second", "area"),
    [
        (Area.OUTSIDE, Area.UNKNOWN, Area.UNKNOWN),
        (Area.UNKNOWN, Area.INSIDE, Area.INSIDE),
        (Area.INSIDE, Area.OUTSIDE, Area.INSIDE),
    ],
)
def test_one_post_from_here_makes_it_ours(first: Area, second: Area, area: Area) -> None:
    incident = begin(saying(replace(VERDICT, area=first)), "1", True, None, START).after
    assert after(incident, area=second).area is area


def test_times_widen_and_channels_are_kept_in_order(incident: Incident) -> None:
    early = saying(at=START - timedelta(days=1), channel="weibo")
    later = after(after(incident, early), saying(at=START + timedelta(hours=1)))
    assert (later.first_event_at, later.last_event_at) == (
        START - timedelta(days=1),
        START + timedelta(hours=1),
    )
    assert later.channels == ("gov_board", "weibo")
    assert (later.post_count, later.state) == (3, IncidentState.DISCOVERED)
    assert later.fresh, "it was news when it opened"


@pytest.mark.parametrize("role", [role for role in PostRole if role is not PostRole.COMPLAINT])
@pytest.mark.parametrize("state", [IncidentState.DISCOVERED, IncidentState.CLOSED])
def test_what_is_no_complaint_is_a_member_and_changes_nothing(
    incident: Incident, role: PostRole, state: IncidentState
) -> None:
    incident, profile = replace(incident, state=state), Profile()
    grave = replace(VERDICT, severity=Severity.RED, severity_score=99.0, places=(VILLAGE,))
    later = saying(replace(grave, role=role), at=START + timedelta(days=2), channel="news")
    change = absorb(incident, profile, later, START, Told(None), fresh=True)
    assert (change.after, change.profile) == (incident, profile)
    assert (change.kind, change.note) == (EventKind.JOINED, f"{role.label}并入")


def test_a_closed_matter_that_returns_is_discovered_anew_unless_found_late(
    incident: Incident,
) -> None:
    closed = replace(incident, state=IncidentState.CLOSED)

    def change(late: bool) -> Change:
        return absorb(closed, Profile(), saying(), START, Told(None), fresh=True, late=late)

    assert (change(False).kind, change(False).after.state) == (
        EventKind.REOPENED,
        IncidentState.DISCOVERED,
    )
    assert (change(True).kind, change(True).after.state) == (
        EventKind.JOINED,
        IncidentState.CLOSED,
    )


def test_a_post_that_a_person_called_a_complaint_opens_one_without_a_category() -> None:
    change = begin(saying(replace(VERDICT, category=None)), "20261124-007", True, "1", START)
    assert (change.after.number, change.after.previous) == ("20261124-007", "1")
    assert change.note == "首帖：抄表收费与服务，小召乡"


@pytest.mark.parametrize(
    ("changes", "fresh"),
    [
        ({}, True),
        ({"published_at": START - timedelta(hours=72)}, True),
        ({"published_at": START - timedelta(hours=73)}, False),
        ({"published_at": None, "dated": False}, False),
        ({"published_at": None}, True),
        ({"first_seen": START + timedelta(days=30)}, True),  # a clock that was ahead
    ],
)
def test_news_is_what_happened_lately_by_a_time_that_can_be_believed(
    changes: dict[str, Any], fresh: bool
) -> None:
    assert saying(**changes).is_fresh(START, timedelta(hours=72)) is fresh
