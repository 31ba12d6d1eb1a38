"""T2: a complaint finds its incident, and those who must know hear of it, once."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest
from app_scene import (
    ELSEWHERE,
    FIRST,
    MILD,
    NOW,
    NOWHERE,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    SHOCK,
    TALK,
    all_alerts,
    all_deliveries,
    all_incidents,
    assess_at,
    counts,
    found,
    members,
    reasons,
    take,
    the_incident,
    timeline,
    told,
)
from sqlalchemy import Engine

from alerts.notice import layout
from alerts.notice.body import from_body
from db.engine import open_engine
from domain.assessments import Area, Category, Severity
from domain.incidents.incident import IncidentState
from gridvoice.handling.acts import acknowledge, call_false_alarm, close
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.assess import AssessedBatch, assess
from gridvoice.tasks.timers import follow_up
from pipeline.assess import Assessor
from pipeline.scorers import Score, Scorer
from pipeline.text.normalise import Squeezed


def later(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def test_a_complaint_opens_an_incident_with_its_event_its_alert_and_its_deliveries(
    engine: Engine, config: Configuration
) -> None:
    assessed = told(engine, config, found("1", OUTAGE), found("2", TALK))
    assert assessed == AssessedBatch(posts=2, complaints=1, opened=1, alerts=1)
    row = the_incident(engine)
    incident = row.incident
    assert incident.number == "20261124-001"
    assert incident.category is Category.SUPPLY_QUALITY
    assert incident.severity >= Severity.YELLOW
    assert (incident.place, incident.station) == ("北寨居委会", "小召供电所")
    assert (incident.post_count, incident.report_no, incident.area) == (1, 1, Area.INSIDE)
    assert [post.key for post in members(engine, row)] == ["1"]
    (event,) = timeline(engine, row)
    assert event.kind == "opened"
    (alert,) = all_alerts(engine)
    assert (alert.reason, alert.event_id, alert.report_no) == (FIRST, event.id, 1)
    assert "北寨" in layout.text(from_body(alert.body))
    assert [(d.channel, d.state.value) for d in all_deliveries(engine)] == [("file", "new")]


def test_assessing_again_does_nothing(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", OUTAGE))
    before = counts(engine)
    assert assess_at(engine, config, NOW + later(1)) == AssessedBatch()
    take(engine, found("1", OUTAGE), now=NOW + later(2))
    assert assess_at(engine, config, NOW + later(2)) == AssessedBatch()
    assert counts(engine) == before


class _Together:
    """The real scorer, which waits until two assesses have read the same posts."""

    name = "together"

    def __init__(self, inner: Scorer) -> None:
        self._inner = inner
        self._both = threading.Barrier(2)
        self._met = threading.local()

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        if not getattr(self._met, "done", False):
            self._met.done = True
            self._both.wait(20)
        return self._inner.score(post, channel)


def test_two_services_at_once_group_and_tell_once(
    engine: Engine, database_url: str, config: Configuration
) -> None:
    take(engine, found("1", OUTAGE), found("2", OUTAGE_AGAIN), found("3", OVERCHARGED))
    real = config.assessing.assessor
    assessor = Assessor(_Together(real.scorer), real.locator, real.severity_rules, real.aspects)
    both = dataclasses.replace(
        config, assessing=dataclasses.replace(config.assessing, assessor=assessor)
    )
    done: list[AssessedBatch] = []
    other = open_engine(database_url)  # whose writers take no turns with the first one's
    services = [
        threading.Thread(target=lambda mine=mine: done.append(assess_at(mine, both)))
        for mine in (engine, other)
    ]
    for one in services:
        one.start()
    for one in services:
        one.join(40)
    other.dispose()
    assert len(done) == 2
    assert sum(assessed.posts for assessed in done) == 3
    assert [row.incident.post_count for row in all_incidents(engine)] == [2, 1]
    assert reasons(engine) == [FIRST, FIRST]
    assert len(all_deliveries(engine)) == 2


def test_the_outcome_does_not_depend_on_how_posts_fall_into_batches(
    sqlite_engine: Engine, config: Configuration
) -> None:
    take(
        sqlite_engine, *(found(str(n), text) for n, text in enumerate([OUTAGE, TALK, OVERCHARGED]))
    )
    take(sqlite_engine, found("9", OUTAGE_AGAIN))
    while assess(sqlite_engine, config, lambda _: NOW, limit=1).posts:
        pass
    assert [row.incident.post_count for row in all_incidents(sqlite_engine)] == [2, 1]
    assert reasons(sqlite_engine) == [FIRST, FIRST]


def test_a_second_post_of_the_same_matter_joins_and_nobody_is_told_twice(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    told(engine, config, found("2", OUTAGE_AGAIN), now=NOW + later(3))
    row = the_incident(engine)
    assert row.incident.post_count == 2
    assert [event.kind for event in timeline(engine, row)] == ["opened", "joined"]
    assert reasons(engine) == [FIRST]


def test_an_edit_makes_no_new_post_and_a_graver_one_raises_the_incident(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    told(engine, config, found("1", OUTAGE + "。" + SHOCK), now=NOW + later(10))
    row = the_incident(engine)
    assert (row.incident.post_count, row.incident.severity) == (1, Severity.RED)
    assert [event.kind for event in timeline(engine, row)] == ["opened", "edited"]
    assert reasons(engine) == [FIRST, "severity_raised"]
    assert row.incident.report_no == 2


def test_talk_that_is_edited_into_a_complaint_opens_an_incident(
    engine: Engine, config: Configuration
) -> None:
    assert told(engine, config, found("1", TALK)).complaints == 0
    assert told(engine, config, found("1", OUTAGE), now=NOW + later(1)).opened == 1
    assert reasons(engine) == [FIRST]


def test_a_repost_on_another_channel_joins_and_the_spread_is_told_after_the_rest(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    repost = found("w1", OUTAGE, source="weibo", channel="weibo", region=None)
    told(engine, config, repost, now=NOW + later(2))
    row = the_incident(engine)
    assert row.incident.channels == ("gov_board", "weibo")
    assert row.incident.post_count == 2
    assert reasons(engine) == [FIRST]
    assert follow_up(engine, config, NOW + later(3)) == 0
    assert follow_up(engine, config, NOW + later(40)) == 1
    assert reasons(engine) == [FIRST, "new_channel"]
    assert follow_up(engine, config, NOW + later(80)) == 0
    assert reasons(engine) == [FIRST, "new_channel"]
    assert the_incident(engine).incident.report_no == 2


def test_a_change_that_a_newer_post_told_is_not_told_again_by_the_timer(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", MILD))
    told(
        engine,
        config,
        found("w1", MILD, source="weibo", channel="weibo"),
        now=NOW + later(2),
    )
    assert reasons(engine) == [FIRST]
    told(engine, config, found("2", MILD + "，谢谢"), now=NOW + later(45))
    assert len(reasons(engine)) == 2
    assert follow_up(engine, config, NOW + later(90)) == 0


def test_a_red_change_waits_for_nothing(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", OUTAGE))
    grave = found("2", OUTAGE_AGAIN + "。村里有人触电死亡")
    told(engine, config, grave, now=NOW + later(0.1))
    assert the_incident(engine).incident.severity is Severity.RED
    assert reasons(engine) == [FIRST, "severity_raised"]


def test_ten_posts_are_told_as_growth_once(sqlite_engine: Engine, config: Configuration) -> None:
    told(sqlite_engine, config, found("1", OUTAGE))
    for number in range(2, 13):
        told(
            sqlite_engine,
            config,
            found(str(number), f"{OUTAGE_AGAIN}{number}"),
            now=NOW + later(20 * number),
        )
    incident = the_incident(sqlite_engine).incident
    assert incident.post_count == 12
    assert reasons(sqlite_engine).count("grew") <= 1
    last = all_alerts(sqlite_engine)[-1]
    assert last.body["told"]["post_count"] <= 12
    assert incident.report_no == len(all_alerts(sqlite_engine))


def test_a_closed_matter_that_returns_reopens_and_is_told_once_as_that(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    number = the_incident(engine).incident.number
    close(engine, config, number, "张三", "已恢复", NOW + later(60))
    two_days = NOW + timedelta(days=2)
    told(engine, config, found("2", OUTAGE_AGAIN, at=two_days), now=two_days)
    row = the_incident(engine)
    assert row.incident.state is IncidentState.DISCOVERED
    assert row.incident.number == number
    kinds = [event.kind for event in timeline(engine, row)]
    assert kinds == ["opened", "closed", "reopened"]
    assert reasons(engine) == [FIRST, "closed", "reopened"]
    third = two_days + later(1)
    told(engine, config, found("3", OUTAGE_AGAIN + "！", at=third), now=third)
    assert reasons(engine) == [FIRST, "closed", "reopened"]


def test_after_thirty_days_it_is_a_new_incident_that_names_the_old_one(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    old = the_incident(engine).incident.number
    close(engine, config, old, "张三", "已恢复", NOW + later(60))
    months = NOW + timedelta(days=60)
    told(engine, config, found("2", OUTAGE + "，又来了", at=months), now=months)
    first, second = (row.incident for row in all_incidents(engine))
    assert (first.state, second.state) == (IncidentState.CLOSED, IncidentState.DISCOVERED)
    assert second.previous == old
    assert reasons(engine) == [FIRST, "closed", FIRST]


def test_what_was_called_a_false_alarm_does_not_swallow_a_later_complaint(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    number = the_incident(engine).incident.number
    call_false_alarm(engine, config, number, "张三", "村民开玩笑", NOW + later(5))
    told(engine, config, found("2", OUTAGE), now=NOW + later(6))
    assert the_incident(engine).incident.post_count == 2, "the same words stay a false alarm"
    told(engine, config, found("3", OUTAGE_AGAIN), now=NOW + later(60))
    assert reasons(engine) == [FIRST, "closed", FIRST]


def test_another_countys_trouble_is_grouped_and_told_to_nobody(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", ELSEWHERE, region="郑州市"))
    assert the_incident(engine).incident.area is Area.OUTSIDE
    assert all_alerts(engine) == []
    assert the_incident(engine).incident.report_no == 0


def test_a_complaint_of_no_known_place_goes_to_the_default_route(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", NOWHERE, region=None))
    assert the_incident(engine).incident.area is Area.UNKNOWN
    assert reasons(engine) == [FIRST]
    assert [d.channel for d in all_deliveries(engine)] == ["file"]


@pytest.mark.parametrize(("age_h", "alerts"), [(71, [FIRST]), (73, [])])
def test_a_post_older_than_72_hours_when_first_seen_is_grouped_and_told_to_nobody(
    sqlite_engine: Engine, config: Configuration, age_h: int, alerts: list[str]
) -> None:
    told(sqlite_engine, config, found("1", OUTAGE, at=NOW - timedelta(hours=age_h)))
    row = the_incident(sqlite_engine)
    assert row.incident.fresh is bool(alerts)
    assert [post.key for post in members(sqlite_engine, row)] == ["1"]
    assert reasons(sqlite_engine) == alerts


def test_a_fresh_post_makes_an_old_matter_news(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", OUTAGE, at=NOW - timedelta(hours=80)))
    assert reasons(engine) == []
    told(engine, config, found("2", OUTAGE, at=NOW - later(5)), now=NOW)
    assert the_incident(engine).incident.post_count == 2
    assert reasons(engine) == [FIRST]


def test_below_the_threshold_nobody_is_told_until_it_grows_graver(
    sqlite_engine: Engine, config: Configuration
) -> None:
    settings = dataclasses.replace(config.routes.decide, threshold=Severity.ORANGE)
    strict = dataclasses.replace(config, routes=dataclasses.replace(config.routes, decide=settings))
    told(sqlite_engine, strict, found("1", MILD))
    assert reasons(sqlite_engine) == []
    told(sqlite_engine, strict, found("1", MILD + "。" + SHOCK), now=NOW + later(1))
    assert reasons(sqlite_engine) == [FIRST]


def test_an_acknowledged_incident_stays_taken_when_posts_join(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("1", OUTAGE))
    number = the_incident(sqlite_engine).incident.number
    acknowledge(sqlite_engine, config, number, "张三", "", NOW + later(1))
    told(sqlite_engine, config, found("2", OUTAGE_AGAIN), now=NOW + later(2))
    assert the_incident(sqlite_engine).incident.state is IncidentState.ACKNOWLEDGED


def test_the_incidents_title_and_alert_show_no_telephone_number(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("1", OUTAGE + "，我电话13812345678", title="求助13812345678"))
    assert "13812345678" not in the_incident(sqlite_engine).incident.title
    (alert,) = all_alerts(sqlite_engine)
    assert "13812345678" not in str(alert.body)


def test_posts_of_two_villages_in_the_same_words_are_two_incidents(
    sqlite_engine: Engine, config: Configuration
) -> None:
    other = OUTAGE.replace("小召乡北寨村", "五女店镇岗刘村")
    told(sqlite_engine, config, found("1", OUTAGE), found("2", other))
    assert [row.incident.post_count for row in all_incidents(sqlite_engine)] == [1, 1]
    assert reasons(sqlite_engine) == [FIRST, FIRST]
