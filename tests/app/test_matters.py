"""An incident after one post more: graver, larger, more finely placed, never the other way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.rows import ToJudge
from domain.model import Area, Assessment, Category, Incident, IncidentState, Place, Severity
from gridvoice.app.tasks.matters import joined, joined_note, opened
from pipeline.severity import Rated

AT = datetime(2026, 3, 1, 3, 10, tzinfo=UTC)
TOWN = Place("小召乡", "411003005", "text", 0, 3)
VILLAGE = Place("小召乡毛里村", "411003005013", "text", 0, 6)
ROW = ToJudge(
    1,
    1,
    "board",
    "1",
    "",
    "小召乡停电三天",
    "gov_board",
    None,
    None,
    AT,
    AT,
    AT,
    {},
    "h",
    None,
    None,
)
VERDICT = Assessment(
    relevant=True, relevance=0.9, complaint=True, negativity=0.8, category=Category.SUPPLY_QUALITY,
    aspects=(), severity=Severity.YELLOW, severity_score=40.0, area=Area.INSIDE, places=(TOWN,),
    station="小召供电所", reasons=(), scorer="test",
)  # fmt: skip


@pytest.fixture
def incident() -> Incident:
    return opened(ROW, VERDICT, True, None)


def after(
    incident: Incident, row: ToJudge = ROW, rated: Rated | None = None, **verdict: object
) -> Incident:
    said = replace(VERDICT, **verdict)  # type: ignore[arg-type]
    rated = rated or Rated(said.severity, said.severity_score, ())
    return joined(incident, row, said, rated, True, False)


def test_what_a_surge_raised_does_not_fall_when_it_is_over(incident: Incident) -> None:
    raised = after(incident, rated=Rated(Severity.RED, 95.0, ()))
    calm = after(raised, rated=Rated(Severity.BLUE, 12.0, ()))
    assert (calm.severity, calm.severity_score) == (Severity.RED, 95.0)
    assert joined_note(incident, raised) == "1帖→2帖，等级 较大→特别重大"
    assert joined_note(raised, calm) == "2帖→3帖"


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
    incident = opened(ROW, replace(VERDICT, area=first), True, None)
    assert after(incident, area=second).area is area


def test_times_widen_and_channels_are_kept_in_order(incident: Incident) -> None:
    early = replace(ROW, event_at=AT - timedelta(days=1), channel="weibo")
    later = after(after(incident, early), replace(ROW, event_at=AT + timedelta(hours=1)))
    assert (later.first_event_at, later.last_event_at) == (
        AT - timedelta(days=1),
        AT + timedelta(hours=1),
    )
    assert later.channels == ("gov_board", "weibo")
    assert (later.post_count, later.state) == (3, IncidentState.DISCOVERED)
    assert later.fresh, "it was news when it opened"
