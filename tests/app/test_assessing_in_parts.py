"""A batch is stored in parts, acts come in between, and what is no complaint raises nothing."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from app_scene import (
    FIRST,
    NOW,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    all_incidents,
    found,
    members,
    reasons,
    take,
    the_incident,
    timeline,
    told,
)
from poison import assess_on, later, waiting
from sqlalchemy import Engine, select

from db import unassessed
from db.engine import write
from db.incidents import IncidentRow
from db.tables import incident_keys, incident_posts
from domain.assessments import PostRole
from domain.incidents.events import EventKind
from domain.incidents.incident import IncidentState
from gridvoice.handling.acts import acknowledge, close
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import assess as assessing
from gridvoice.tasks.grouping import Grouping, Taken

OTHERS = [role for role in PostRole if role is not PostRole.COMPLAINT]
VILLAGES = ("小召乡北寨村", "五女店镇岗刘村", "五女店镇老店村", "椹涧乡岗王村", "尚集镇门道张村")


def outage(number: int) -> str:
    return OUTAGE.replace(VILLAGES[0], VILLAGES[number % len(VILLAGES)]) + "。" * number


def test_what_is_stored_of_a_batch_stays_when_the_store_fails_behind_it(
    sqlite_engine: Engine, config: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessing, "COMPLAINTS", 2)
    take(sqlite_engine, *(found(str(n), outage(n)) for n in range(5)))
    lane, passes = assessing.grouping_lane, []

    def failing(conn: object) -> None:
        passes.append(1)
        if len(passes) == 2:
            raise sqlite3.OperationalError("disk I/O error")
        lane(conn)  # type: ignore[arg-type]

    monkeypatch.setattr(assessing, "grouping_lane", failing)
    with pytest.raises(sqlite3.OperationalError):
        assess_on(sqlite_engine, config)
    assert (waiting(sqlite_engine), reasons(sqlite_engine)) == (3, [FIRST] * 2)
    assert assess_on(sqlite_engine, config).complaints == 3
    assert (waiting(sqlite_engine), reasons(sqlite_engine)) == (0, [FIRST] * 5)


def test_an_act_waits_for_a_part_and_no_batch_writes_over_it(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("0", outage(0)))
    number = the_incident(engine).incident.number
    take(engine, *(found(f"a{n}", f"{OUTAGE_AGAIN}{n}") for n in range(120)))
    done: list[float] = []

    def assess_all() -> None:
        while assess_on(engine, config, later(1)).posts:
            pass
        done.append(time.monotonic())

    other = threading.Thread(target=assess_all)
    other.start()
    while waiting(engine) == 120:
        time.sleep(0.001)
    acknowledge(engine, config, number, "张三", "", later(1))
    acted = time.monotonic()
    other.join(120)
    row = the_incident(engine)
    assert (row.incident.state, row.incident.post_count) == (IncidentState.ACKNOWLEDGED, 121)
    assert acted < done[0], "it did not wait for the whole batch"
    report_numbers = [event.kind for event in timeline(engine, row)].count("acknowledged")
    assert report_numbers == 1
    assert [event.seq for event in timeline(engine, row)] == list(range(1, 123))


def grouped(
    engine: Engine, config: Configuration, key: str, text: str, role: PostRole, minutes: float
) -> Taken:
    take(engine, found(key, text, source="news", channel="news"), now=later(minutes))
    with write(engine) as conn:
        (row,) = unassessed.unassessed(conn, 10)
        read = config.assessing.assessor.read(row)
        read = replace(read, assessment=replace(read.assessment, role=role))
        pairs = [(row.version_id, read.assessment)]
        unassessed.record_assessments(conn, pairs, later(minutes))
        return Grouping(conn, config).take(row, read, later(minutes))


def keys_of(engine: Engine, row: IncidentRow) -> set[str]:
    with write(engine) as conn:
        mine = select(incident_keys.c.key).where(incident_keys.c.incident_id == row.id)
        return set(conn.execute(mine).scalars())


def roles(engine: Engine, row: IncidentRow) -> list[str]:
    with write(engine) as conn:
        statement = select(incident_posts.c.role).where(incident_posts.c.incident_id == row.id)
        return list(conn.execute(statement.order_by(incident_posts.c.post_id)).scalars())


@pytest.mark.parametrize("closed", [False, True])
def test_what_is_no_complaint_joins_its_matter_and_neither_raises_reopens_nor_rings(
    engine: Engine, config: Configuration, closed: bool
) -> None:
    told(engine, config, found("1", OUTAGE))
    if closed:
        close(engine, config, the_incident(engine).incident.number, "张三", "", later(1))
    before, heard = the_incident(engine), reasons(engine)
    grave = OUTAGE_AGAIN + "。村里有人触电死亡"
    keys = keys_of(engine, before)
    for minute, role in enumerate(OTHERS, 5):
        assert grouped(engine, config, role, grave + role, role, minute) == Taken()
        last = timeline(engine, before)[-1]
        assert (last.kind, last.note) == (EventKind.JOINED, f"{role.label}并入")
    row = the_incident(engine)
    assert (row.incident, row.profile, keys_of(engine, row)) == (
        before.incident, before.profile, keys,
    )  # fmt: skip
    assert roles(engine, row) == ["complaint", *OTHERS]
    assert [post.key for post in members(engine, row)] == ["1", *OTHERS]
    assert reasons(engine) == heard


def test_what_is_no_complaint_opens_no_incident(engine: Engine, config: Configuration) -> None:
    assert grouped(engine, config, "n", OVERCHARGED, PostRole.NOTICE, 0) == Taken()
    assert all_incidents(engine) == []


def test_a_batch_of_many_parts_counts_as_one(
    sqlite_engine: Engine, config: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessing, "COMPLAINTS", 1)
    take(sqlite_engine, *(found(str(n), outage(n)) for n in range(5)), found("9", "今天很热闹"))
    done = assess_on(sqlite_engine, config, NOW + timedelta(seconds=1))
    assert (done.posts, done.complaints, done.opened, done.alerts) == (6, 5, 5, 5)
