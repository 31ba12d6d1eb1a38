"""No clock that was wrong holds an alert back, and the same words said again raise nothing."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from app_scene import (
    FIRST,
    NOW,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    SHOCK,
    TALK,
    all_alerts,
    all_incidents,
    found,
    reasons,
    take,
    the_incident,
    told,
)
from poison import (
    assess_on,
    later,
)
from sqlalchemy import Engine

from db import outbox
from db.engine import read
from db.unassessed import ToAssess
from domain.alerts import AlertReason
from domain.assessments import Severity
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.assess import assess
from gridvoice.tasks.timers import follow_up
from pipeline.severity.rate import IncidentFacts

# clocks


def test_a_clock_that_jumps_within_a_batch_silences_nobody(
    engine: Engine, config: Configuration
) -> None:
    clocks = iter([later(60), later(-60), later(60 * 24 * 400), later(-60 * 24), NOW])
    known: dict[int, datetime] = {}

    def clock(row: ToAssess) -> datetime:
        return known.setdefault(row.version_id, next(clocks))

    other = OUTAGE.replace("小召乡北寨村", "五女店镇岗刘村")
    take(
        engine, found("1", OUTAGE), found("2", SHOCK), found("3", OVERCHARGED), found("4", other),
        found("5", TALK),
    )  # fmt: skip
    done = assess(engine, config, clock, wall=lambda: NOW)
    assert (done.posts, done.set_aside) == (5, 0)
    told_of = {a.incident_number for a in all_alerts(engine)}
    assert told_of == {row.incident.number for row in all_incidents(engine)}


def test_what_a_clock_days_ahead_first_saw_is_still_news(
    engine: Engine, config: Configuration
) -> None:
    ahead = NOW + timedelta(days=30)
    take(engine, found("1", OUTAGE), now=ahead)
    assess_on(engine, config)
    assert reasons(engine) == [FIRST]


def test_what_a_wrong_clock_stored_holds_no_later_alert_back(
    sqlite_engine: Engine, config: Configuration
) -> None:
    """Incident, alert and event of a year ahead; then the clock is right again."""
    ahead = NOW + timedelta(days=365)
    told(sqlite_engine, config, found("1", OUTAGE, at=ahead), now=ahead)
    for n in range(2, 16):
        words = f"{OUTAGE_AGAIN}{n}"
        told(sqlite_engine, config, found(str(n), words, at=later(n)), now=later(n))
    told(sqlite_engine, config, found("99", SHOCK, at=later(20)), now=later(20))
    assert "severity_raised" in reasons(sqlite_engine) or FIRST in reasons(sqlite_engine)[1:]
    outage = max(all_incidents(sqlite_engine), key=lambda row: row.incident.post_count)
    recent = outage.profile["facts"]["recent"]
    assert all(t <= later(30).timestamp() for t in recent)
    assert len(recent) > 1, "speed is measured again at once"


def test_after_a_clock_is_put_back_a_growth_is_told_once(
    engine: Engine, config: Configuration
) -> None:
    """What was told before bears later moments than what is told after."""
    for n in range(24):
        post = found(f"k{n}", OUTAGE, source="weibo", channel="weibo")
        now = later(20 * n if n >= 6 else 60 * 24 + n)
        told(engine, config, dataclasses.replace(post, author=f"网友{n}"), now=now)
    assert the_incident(engine).incident.post_count == 24
    with read(engine) as conn:
        by_number = sorted(outbox.list_alerts(conn), key=lambda alert: alert.report_no)
    assert [alert.reason for alert in by_number].count(AlertReason.GREW) == 1


# the same words from the same source


def test_a_post_shown_again_under_other_keys_raises_nothing_and_rings_nobody(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("k0", OUTAGE))
    severity = the_incident(sqlite_engine).incident.severity
    for n in range(1, 60):
        again = dataclasses.replace(found(f"k{n}", OUTAGE), engagement={"likes": 3})
        told(sqlite_engine, config, again, now=later(n))
    row = the_incident(sqlite_engine)
    assert row.incident.post_count == 60
    assert (row.incident.severity, reasons(sqlite_engine)) == (severity, [FIRST])
    follow_up(sqlite_engine, config, later(200))
    assert reasons(sqlite_engine) == [FIRST]


def test_reposts_by_others_and_other_writers_of_one_source_still_count(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("k0", OUTAGE))
    for n in range(1, 30):
        post = found(f"k{n}", OUTAGE, source="weibo", channel="weibo")
        told(sqlite_engine, config, dataclasses.replace(post, author=f"网友{n}"), now=later(n))
    row = the_incident(sqlite_engine)
    assert row.profile["facts"]["echoes"] == 0
    assert "grew" in reasons(sqlite_engine) or "severity_raised" in reasons(sqlite_engine)
    rated = config.assessing.assessor.severity_rules.rate_incident(
        IncidentFacts(Severity.YELLOW, 30.0, posts=30, writers=1)
    )
    assert rated.score > 30.0
