"""Incidents, their numbers, their posts and their append-only timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from found_posts import AUTHOR_KEY, NOW, found, incident
from found_posts import opened as open_one
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from db import incidents, timeline
from db.engine import read, write
from db.posts import posts_of_incident
from db.take_in import take_in
from db.unassessed import unassessed
from domain.assessments import Category
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState


def opened(engine: Engine, now: datetime = NOW, **changes: Any) -> int:
    with write(engine) as conn:
        return open_one(conn, now, {"words": ["电压低"]}, **changes)


def test_an_incident_is_kept_as_it_was_opened(engine: Engine) -> None:
    key = opened(engine, channels=("gov_board", "weibo"))
    with read(engine) as conn:
        row = incidents.incident(conn, key)
        assert row is not None
        assert row == incidents.find(conn, "20261124-001")
        assert incidents.find(conn, "20261124-002") is None
        assert incidents.incident(conn, key + 1) is None
    expected = incident(number="20261124-001", channels=("gov_board", "weibo"))
    assert (row.incident, row.profile, row.updated_at) == (expected, {"words": ["电压低"]}, NOW)


def test_numbers_count_within_the_local_day_of_opening(engine: Engine) -> None:
    midnight = NOW.replace(hour=16, minute=0)  # 00:00 of the next day in Shanghai
    for at in (NOW, midnight, midnight - timedelta(seconds=1), midnight):
        opened(engine, opened_at=at)
    with read(engine) as conn:
        numbers = sorted(row.incident.number for row in incidents.list_incidents(conn))
    assert numbers == ["20261124-001", "20261124-002", "20261125-001", "20261125-002"]


def test_what_posts_make_of_an_incident_is_written_and_nothing_that_people_decide(
    engine: Engine,
) -> None:
    key = opened(engine)
    later = NOW + timedelta(hours=1)
    grown = incident(
        number="whatever", title="别的", category=Category.LINE_SAFETY, opened_at=later,
        report_no=2,
        state=IncidentState.CLOSED, previous="x", post_count=7, last_event_at=NOW, fresh=False,
        channels=("weibo",),
    )  # fmt: skip
    with write(engine) as conn:
        assert incidents.change_state(
            conn, key, IncidentState.DISCOVERED, IncidentState.ACKNOWLEDGED, NOW
        )
        incidents.grow_incident(conn, key, grown, {"words": []}, later)
        row = incidents.incident(conn, key)
        assert row is not None
        assert row.incident == incident(
            number="20261124-001", state=IncidentState.ACKNOWLEDGED, post_count=7,
            last_event_at=NOW, fresh=False, channels=("weibo",),
        )  # fmt: skip
        assert (row.profile, row.updated_at) == ({"words": []}, later)
        incidents.count_report(conn, key, 3, later)
        told = incidents.incident(conn, key)
        assert told is not None
        assert told.incident == replace(row.incident, report_no=3)
    with write(engine) as conn, pytest.raises(incidents.NoSuchIncident, match="999"):
        incidents.grow_incident(conn, 999, grown, {}, later)


def test_incidents_are_listed_newest_first_and_counted_by_state(engine: Engine) -> None:
    first = opened(engine, last_event_at=NOW - timedelta(hours=2))
    second = opened(engine, last_event_at=NOW)
    closed = opened(engine, state=IncidentState.CLOSED, last_event_at=NOW - timedelta(hours=1))
    with read(engine) as conn:
        assert [r.id for r in incidents.list_incidents(conn)] == [second, closed, first]
        assert [r.id for r in incidents.list_incidents(conn, limit=1)] == [second]
        only = incidents.list_incidents(conn, [IncidentState.CLOSED])
        assert [r.id for r in only] == [closed]
        lately = incidents.list_incidents(conn, since=NOW - timedelta(hours=1))
        assert [r.id for r in lately] == [second, closed]
        assert incidents.list_incidents(conn, []) == []
        assert incidents.count_incidents(conn) == {
            IncidentState.DISCOVERED: 2,
            IncidentState.CLOSED: 1,
        }


def test_a_state_moves_on_only_from_where_it_was(engine: Engine) -> None:
    key = opened(engine)
    took = (IncidentState.DISCOVERED, IncidentState.ACKNOWLEDGED)
    with write(engine) as conn:
        assert incidents.change_state(conn, key, *took, NOW)
        assert not incidents.change_state(conn, key, *took, NOW)


def test_a_post_is_in_one_incident_until_it_is_moved(engine: Engine) -> None:
    first, second = opened(engine), opened(engine)
    with write(engine) as conn:
        take_in(conn, [found("1"), found("2", "又停电")], NOW, AUTHOR_KEY)
        one, two = (todo.post_id for todo in unassessed(conn, 2))
        assert incidents.add_post(conn, first, two, NOW)
        assert incidents.add_post(conn, first, one, NOW)
        assert not incidents.add_post(conn, second, one, NOW)
        assert incidents.post_ids_of(conn, first) == [one, two]
        row = posts_of_incident(conn, first)[0]
        assert (row.incident_id, row.incident_number) == (first, "20261124-001")
        assert [t.incident_id for t in unassessed(conn, 2)] == [first, first]


def test_one_cause_is_one_event(engine: Engine) -> None:
    key, other = opened(engine), opened(engine)
    with write(engine) as conn:
        first = incidents.add_event(conn, key, "opened", Cause.read("post:1"), NOW)
        assert first is not None
        assert incidents.add_event(conn, key, "opened", Cause.read("post:1"), NOW) is None
        assert incidents.add_event(conn, other, "opened", Cause.read("post:1"), NOW) is not None
        data = {"from": "discovered", "to": "acknowledged"}
        incidents.add_event(
            conn, key, "state", Cause.read("act:1"), NOW, "张三", "已联系供电所", data
        )
        with pytest.raises(incidents.NoSuchIncident):
            incidents.add_event(conn, 999, "opened", Cause.read("post:1"), NOW)
        events = timeline.events_of(conn, key)
    assert [(e.seq, e.kind, str(e.cause), e.who) for e in events] == [
        (1, "opened", "post:1", ""),
        (2, "state", "act:1", "张三"),
    ]
    assert (events[1].note, events[1].data, events[0].id) == ("已联系供电所", data, first)


@pytest.mark.parametrize(
    "change", ["UPDATE incident_events SET note = 'x'", "DELETE FROM incident_events"]
)
def test_the_timeline_refuses_to_be_changed(engine: Engine, change: str) -> None:
    key = opened(engine)
    with write(engine) as conn:
        incidents.add_event(conn, key, "opened", Cause.read("post:1"), NOW)

    def tamper() -> None:
        with write(engine) as conn:
            conn.execute(text(change))

    with pytest.raises(DatabaseError, match="append-only"):
        tamper()
    with read(engine) as conn:
        assert [e.note for e in timeline.events_of(conn, key)] == [""]


def test_an_unknown_state_is_refused_by_the_database(engine: Engine) -> None:
    key = opened(engine)

    def misspell() -> None:
        with write(engine) as conn:
            conn.execute(text("UPDATE incidents SET state = 'closd' WHERE id = :i"), {"i": key})

    with pytest.raises(DatabaseError, match="ck_incidents_state"):
        misspell()


def test_a_fields_list_that_grows_in_the_domain_grows_in_the_table() -> None:
    from dataclasses import fields

    from db.tables import incidents as table

    assert {f.name for f in fields(Incident)} <= set(table.c.keys())
