"""What runs every second must not read whole tables: SQLite's own plans are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from found_posts import AUTHOR_KEY, NOW, assessment, found, incident, opened
from sqlalchemy import Connection, Engine, event

from db import (
    incident_keys,
    incident_likeness,
    incidents,
    leases,
    outbox,
    pending,
    posts,
    search,
    sending,
    sources,
    timers,
    unassessed,
)
from db.engine import write
from db.incident_keys import LookBack
from db.outbox import AlertRow
from db.take_in import take_in
from domain.alerts import AlertReason
from domain.assessments import Severity
from domain.incidents.events import Cause, TimerKind
from domain.incidents.incident import IncidentState
from domain.query.parse import parse
from domain.query.tree import And, Field, Range

_TABLES = "posts|versions|assessments|evidence|deliveries|attempts|alerts|incident\\w*|timers"
# A name of one letter is what `db.incident_keys` calls a table.
_READING = ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")
_WHOLE_TABLE = re.compile(rf"SCAN ({_TABLES}|[a-z])$")


@dataclass(frozen=True)
class Asked:
    """What a post may share with incidents."""

    text: str = "#1"
    exact: tuple[str, ...] = ("sites:1", "names:毛里村", "stem:毛里@411003005")
    towns: tuple[str, ...] = ("town:411003005",)
    terms: tuple[str, ...] = ("停电", "变压", "压器")


ASKED = Asked()


def fill(conn: Connection) -> None:
    take_in(conn, [found("1"), found("2")], NOW, AUTHOR_KEY)
    sources.ensure_sources(conn, ["board"], NOW)
    key = opened(conn)
    incident_likeness.put_likeness(conn, key, {"posts": 1})
    incident_keys.set_keys(conn, key, (), ["#1", "sites:1", "towns:1", "停电"])
    timers.set_timer(conn, key, TimerKind.HELD, NOW)
    made = incidents.add_event(conn, key, "opened", Cause.read("post:1"), NOW)
    assert made is not None
    alert = outbox.add_alert(conn, key, made, AlertReason.FIRST, 1, Severity.RED, "电压低", {}, NOW)
    assert alert is not None
    outbox.add_deliveries(conn, alert, [("wecom", "duty", NOW)])


ALERT = AlertRow(1, 1, "n", 1, AlertReason.FIRST, 1, Severity.RED, "电压低", {}, NOW)
HOT: dict[str, Callable[[Connection], object]] = {
    "take in": lambda c: take_in(c, [found("1", "改了"), found("9")], NOW, AUTHOR_KEY),
    "known keys": lambda c: posts.known_keys(c, "board", ["1"]),
    "unassessed": lambda c: unassessed.unassessed(c, 200),
    "unassessed of recordings": lambda c: unassessed.unassessed(c, 200, only_recorded=True),
    "record": lambda c: unassessed.record_assessments(c, [(1, assessment())], NOW),
    "posts of an incident": lambda c: posts.posts_of_incident(c, 1),
    "due sources": lambda c: sources.due_sources(c, NOW, "a", 60, 10),
    "due pending": lambda c: pending.due_pending(c, "board", NOW, 10),
    "candidates": lambda c: incident_keys.candidates(
        c, ASKED, LookBack(NOW, NOW), lambda row: row, {}
    ),
    "likenesses": lambda c: incident_likeness.likenesses(c, [1, 2]),
    "remember": lambda c: incident_likeness.put_likeness(c, 1, {"posts": 2}),
    "keys": lambda c: incident_keys.set_keys(c, 1, ["towns:1", "停电"], ["停电", "变压"]),
    "an incident": lambda c: incidents.incident(c, 1),
    "grow": lambda c: incidents.grow_incident(c, 1, incident(), {}, NOW),
    "state": lambda c: incidents.change_state(
        c, 1, IncidentState.DISCOVERED, IncidentState.CLOSED, NOW
    ),
    "due timers": lambda c: timers.due_timers(c, TimerKind.HELD, NOW, timedelta(hours=1), 10),
    "waiting timers": lambda c: timers.waiting(c, TimerKind.HELD, [1, 2], NOW),
    "take timer": lambda c: timers.take_timer(c, 1),
    "stop timer": lambda c: timers.stop_timer(c, 1, TimerKind.HELD),
    "add event": lambda c: incidents.add_event(c, 1, "act", Cause.read("act:1"), NOW),
    "lease": lambda c: leases.lease_deliveries(c, "a", NOW, 60, 10, ["wecom"]),
    "probe": lambda c: leases.lease_probe(c, "a", NOW, 60, "wecom", [(True, False)]),
    "look": lambda c: leases.may_lease(c, "a", NOW, 60, "wecom"),
    "look for a probe": lambda c: leases.may_lease(c, "a", NOW, 60, "wecom", [(True, False)]),
    "untried": lambda c: leases.has_untried(c, ["wecom"], NOW),
    "all may go": lambda c: sending.make_due(c, "wecom"),
    "withdraw": lambda c: sending.withdraw_held(c, 1, 2),
    "withdraw there": lambda c: sending.withdraw_held(c, 1, 2, ("wecom", "duty")),
    "newer report": lambda c: sending.newer_report(c, ALERT, "wecom", "duty"),
    "tries": lambda c: sending.counted_tries(c, "dlv_1"),
    "dead letters": outbox.dead_letters,
    "pace": lambda c: sending.recent_attempts(c, "wecom", NOW),
    "last alert": lambda c: outbox.last_alert(c, 1),
    "search": lambda c: search.search(
        c, And((Range("event_at", low=NOW), Field("channel", "weibo"), parse("停电")))
    ),
    "count": lambda c: search.count(c, And((Range("event_at", high=NOW), parse("停电 村")))),
}


@pytest.mark.parametrize("name", HOT)
def test_a_hot_query_reads_no_whole_table(sqlite_engine: Engine, name: str) -> None:
    plans: list[tuple[str, list[str]]] = []

    def look(conn: Connection, _c: Any, sql: str, given: Any, _x: Any, many: bool) -> None:
        if not many and sql.lstrip().startswith(_READING):
            raw: Any = conn.connection.dbapi_connection
            steps = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
            plans.append((sql, steps))

    with write(sqlite_engine) as conn:
        fill(conn)
    event.listen(sqlite_engine, "before_cursor_execute", look)
    with write(sqlite_engine) as conn:
        HOT[name](conn)
    assert plans
    for sql, steps in plans:
        assert not [step for step in steps if _WHOLE_TABLE.match(step)], sql
