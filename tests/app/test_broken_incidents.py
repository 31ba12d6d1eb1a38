"""An incident or a timer that cannot be read or decided costs no other."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from app_scene import (
    FIRST,
    MILD,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    TALK,
    all_incidents,
    found,
    reasons,
    take,
    the_incident,
    timeline,
    told,
)
from poison import (
    aside,
    assess_on,
    execute,
    later,
    matters,
    poison_the_table_of_alerts,
)
from sqlalchemy import Engine, func, select, text

from db import timers
from db.engine import read, write
from db.incident_likeness import likenesses
from db.tables import timers as timers_table
from domain.incidents.events import TimerKind
from gridvoice.handling.acts import NotNow, acknowledge, close
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.timers import follow_up
from pipeline.incidents.profile import Likeness

# an incident whose memory is broken

BROKEN = [
    "[]", "5", '"x"', "null", '{"facts": {"severity": "purple"}}', '{"facts": {}}',
    '{"held_until": 5}', '{"facts": [1]}',
]  # fmt: skip
LIKENESS = {"posts": 1, "terms": ["6.0 停电"], "hashes": [], "places": {}}
BROKEN_LIKENESS = [
    "", "[]", "5", '"x"', "null", *(
        json.dumps({**LIKENESS, **harm})
        for harm in ({"terms": {"停电": "?"}}, {"terms": 5}, {"places": [1]}, {"hashes": 7})
    ),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("state", ["discovered", "false_alarm"])
def test_a_broken_memory_of_one_incident_costs_no_other(
    sqlite_engine: Engine, config: Configuration, broken: str, state: str
) -> None:
    execute_and_assess(
        sqlite_engine, config, state, "UPDATE incidents SET profile = :p WHERE id = 1", p=broken
    )


@pytest.mark.parametrize("broken", BROKEN_LIKENESS)
@pytest.mark.parametrize("state", ["discovered", "false_alarm"])
def test_an_incident_whose_likeness_is_broken_costs_no_other(
    sqlite_engine: Engine, config: Configuration, broken: str, state: str
) -> None:
    harm = "UPDATE incident_likeness SET written = :w, digest = :d WHERE incident_id = 1"
    execute_and_assess(sqlite_engine, config, state, harm, w=broken, d=f"broken {broken}")


def execute_and_assess(
    engine: Engine, config: Configuration, state: str, harm: str, **given: str
) -> None:
    told(engine, config, found("1", OUTAGE), found("2", OVERCHARGED))
    execute(engine, harm, **given)
    execute(engine, "UPDATE incidents SET state = :s WHERE id = 1", s=state)
    take(engine, found("3", OVERCHARGED + "！"), found("1", OUTAGE + "！"), found("4", OUTAGE))
    done = assess_on(engine, config, later(60))
    assert (done.complaints, done.set_aside) == (3, 0)
    assert {"2", "3"} in [set(m) for m in matters(engine)]
    assert follow_up(engine, config, later(120)) == 0
    if state == "discovered":
        acknowledge(engine, config, "20261124-001", "张三", "", later(121))
    row = all_incidents(engine)[0]
    with read(engine) as conn:
        (written,) = likenesses(conn, [row.id]).values()
    assert (row.incident.number, row.profile.keys()) == ("20261124-001", {"facts"})
    assert Likeness.read(written.text).hashes, "it remembers anew"


UNREADABLE = [
    "profile = '{\"cluster\":'", "severity = 'purple'", "category = 'x'", "channels = '5'",
    "last_event_at = 'yesterday'",
]  # fmt: skip


@pytest.mark.parametrize("harm", UNREADABLE)
def test_an_incident_that_cannot_be_read_is_named_and_passed_by(
    sqlite_engine: Engine, config: Configuration, harm: str
) -> None:
    engine = sqlite_engine
    told(engine, config, found("1", OUTAGE), found("2", OVERCHARGED))
    execute(engine, f"UPDATE incidents SET {harm} WHERE number = '20261124-001'")
    take(engine, found("3", OVERCHARGED + "！"), found("4", OUTAGE_AGAIN))
    done = assess_on(engine, config, later(1))
    assert (done.complaints, done.opened, done.set_aside) == (2, 1, 0)
    (one,) = aside(engine)
    assert (one.lane, one.name, one.tries) == ("incident", "20261124-001", 1)
    take(engine, found("5", OVERCHARGED + "！！"))
    assess_on(engine, config, later(1.5))
    assert [one.tries for one in aside(engine)] == [1], "not at every pass"
    assert follow_up(engine, config, later(2)) == 0
    with pytest.raises(NotNow, match="set-aside list"):
        acknowledge(engine, config, "20261124-001", "张三", "", later(2))
    execute(engine, "DELETE FROM incident_posts WHERE incident_id = 1")
    execute(engine, "UPDATE incidents SET state = 'merged' WHERE number = '20261124-001'")
    take(engine, found("6", OVERCHARGED + "！！！"))
    assess_on(engine, config, later(3))
    assert aside(engine) == []


@pytest.mark.parametrize("harm", ["engagement = '{\"likes\":'", "event_at = 'now'"])
def test_a_waiting_post_that_cannot_be_read_is_named_and_the_others_are_assessed(
    sqlite_engine: Engine, config: Configuration, harm: str
) -> None:
    take(sqlite_engine, found("1", OUTAGE), found("2", TALK), found("3", OVERCHARGED))
    execute(sqlite_engine, f"UPDATE posts SET {harm} WHERE key = '2'")
    assert assess_on(sqlite_engine, config).posts == 3
    (one,) = aside(sqlite_engine)
    assert (one.lane, one.name) == ("assess", "board/2")
    assert reasons(sqlite_engine) == [FIRST, FIRST]
    execute(
        sqlite_engine,
        "UPDATE posts SET engagement = '{}', event_at = '2026-11-24 05:30:00.000000'",
    )
    assert assess_on(sqlite_engine, config, later(1)).posts == 1
    assert aside(sqlite_engine) == []


# timers


def count_timers(engine: Engine) -> int:
    with read(engine) as conn:
        return conn.execute(select(func.count()).select_from(timers_table)).scalar_one()


def held_change(engine: Engine, config: Configuration, number: int) -> None:
    """An incident whose newest change waits for its cool-down."""
    words = [MILD, OUTAGE][number % 2] + "。" * number
    words = words.replace("小召乡北寨村", "五女店镇岗刘村") if number > 1 else words
    told(engine, config, found(f"a{number}", words))
    told(engine, config, found(f"b{number}", words, source="weibo", channel="weibo"), now=later(2))


@pytest.mark.parametrize(
    "due",
    [
        "9999-12-31 23:59:59.000000", "0001-01-01 00:00:00.000000", "2027-11-24 05:47:00.000000",
        "2026-11-24 05:47:00.000000",
    ],
)  # fmt: skip
def test_a_timer_that_no_clock_will_reach_is_due_and_cured(
    engine: Engine, config: Configuration, due: str
) -> None:
    held_change(engine, config, 0)
    assert count_timers(engine) == 1
    execute(engine, f"UPDATE timers SET due_at = '{due}'")
    assert follow_up(engine, config, later(40)) == 1
    assert reasons(engine) == [FIRST, "new_channel"]
    assert count_timers(engine) == 0
    assert follow_up(engine, config, later(80)) == 0


@pytest.mark.parametrize("due", ["", "soon", "2026-11-24T05:47:00", "5", "[1]", "毒" * 10_000])
def test_a_timer_that_cannot_be_read_is_due_and_cured(
    sqlite_engine: Engine, config: Configuration, due: str
) -> None:
    engine = sqlite_engine
    held_change(engine, config, 0)
    execute(engine, "UPDATE timers SET due_at = :due", due=due)
    assert follow_up(engine, config, later(40)) == 1
    assert reasons(engine) == [FIRST, "new_channel"]
    assert count_timers(engine) == 0
    assert follow_up(engine, config, later(80)) == 0


def test_a_timer_that_raises_is_set_aside_alone_and_tried_again(
    engine: Engine, config: Configuration
) -> None:
    held_change(engine, config, 0)
    held_change(engine, config, 1)
    assert reasons(engine) == [FIRST, FIRST]
    with write(engine) as conn:
        conn.execute(text("UPDATE incidents SET title = '有人投毒' WHERE number = '20261124-001'"))
    poison_the_table_of_alerts(engine)
    due = later(45)
    assert follow_up(engine, config, due) == 1, "the other one is told in the same pass"
    (one,) = aside(engine)
    assert (one.lane, one.name, one.tries) == ("timer", "20261124-001", 1)
    assert follow_up(engine, config, due) == 0
    assert [one.tries for one in aside(engine)] == [1], "it rests"
    with write(engine) as conn:
        conn.execute(text("UPDATE incidents SET title = '乱收费'"))
    assert follow_up(engine, config, due + timedelta(minutes=1)) == 1
    assert aside(engine) == []


def test_a_clock_that_is_put_back_twice_still_tells_the_held_change(
    engine: Engine, config: Configuration
) -> None:
    held_change(engine, config, 0)
    row = the_incident(engine)
    for minute in (40, 40, 41):  # what goes off is gone; set for the same moment it goes off again
        with write(engine) as conn:
            timers.set_timer(conn, row.id, TimerKind.HELD, later(39))
        follow_up(engine, config, later(minute))
    assert [event.kind for event in timeline(engine, row)].count("follow_up") == 3
    assert reasons(engine) == [FIRST, "new_channel"]
    assert follow_up(engine, config, later(41)) == 0


def test_the_timer_of_an_incident_that_has_ended_goes_off_without_a_word(
    engine: Engine, config: Configuration
) -> None:
    held_change(engine, config, 0)
    row = the_incident(engine)
    close(engine, config, row.incident.number, "张三", "", later(10))
    before = len(timeline(engine, row))
    assert follow_up(engine, config, later(40)) == 0
    assert (count_timers(engine), len(timeline(engine, row))) == (0, before)
