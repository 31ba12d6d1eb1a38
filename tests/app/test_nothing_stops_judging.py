"""One post, incident or timer that raises is set aside by name; everything else goes its way."""

from __future__ import annotations

import dataclasses
import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from app_scene import (
    FIRST,
    MILD,
    NOW,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    SHOCK,
    TALK,
    all_alerts,
    all_deliveries,
    all_incidents,
    counts,
    found,
    members,
    reasons,
    take,
    the_incident,
    timeline,
    told,
)
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from alerts.playbook import Playbooks
from db import incidents, set_aside
from db.engine import check, read, write
from db.judging import count_unjudged
from db.rows import ToJudge
from db.set_aside import SetAside
from domain.model import Category, IncidentState, Severity
from gridvoice.app.configuration import Configuration
from gridvoice.app.corrections import What, correct
from gridvoice.app.handling import acknowledge, close
from gridvoice.app.tasks.follow_up import follow_up
from gridvoice.app.tasks.judge import Judged, judge
from gridvoice.app.tasks.rescore import rescore
from pipeline.assess import Assessor
from pipeline.normalise import Squeezed
from pipeline.scorers import Score, Scorer
from pipeline.severity import IncidentFacts, Rated, SeverityRules

POISON = "毒"


class Choking:
    """The real scorer, which raises on the posts that hold the word."""

    def __init__(self, inner: Scorer, error: BaseException, name: str = "own-choking") -> None:
        self._inner, self._error, self.name = inner, error, name

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        if POISON in post.text:
            raise self._error
        return self._inner.score(post, channel)


class Balking(SeverityRules):
    """The real rules, which raise where an incident comes to so many posts."""

    def __init__(self, inner: SeverityRules, at: int) -> None:
        super().__init__(inner.settings)
        self._at = at

    def rate_incident(self, facts: IncidentFacts) -> Rated:
        if facts.posts == self._at:
            raise ZeroDivisionError("no such number of posts")
        return super().rate_incident(facts)


def with_scorer(config: Configuration, scorer: Scorer) -> Configuration:
    one = config.judging.assessor
    return _with(config, Assessor(scorer, one.locator, one.severity_rules, one.aspects))


def with_rules(config: Configuration, rules: SeverityRules) -> Configuration:
    one = config.judging.assessor
    return _with(config, Assessor(one.scorer, one.locator, rules, one.aspects))


def _with(config: Configuration, assessor: Assessor) -> Configuration:
    return dataclasses.replace(
        config, judging=dataclasses.replace(config.judging, assessor=assessor)
    )


def choking(config: Configuration, error: BaseException | None = None) -> Configuration:
    inner = config.judging.assessor.scorer
    return with_scorer(config, Choking(inner, error or ValueError("cannot be read")))


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def judge_on(engine: Engine, config: Configuration, now: datetime = NOW) -> Judged:
    return judge(engine, config, lambda _: now, wall=lambda: now)


def aside(engine: Engine) -> list[SetAside]:
    with read(engine) as conn:
        return set_aside.listed(conn)


def waiting(engine: Engine) -> int:
    with read(engine) as conn:
        return count_unjudged(conn)


def matters(engine: Engine) -> set[frozenset[str]]:
    return {frozenset(p.key for p in members(engine, row)) for row in all_incidents(engine)}


def execute(engine: Engine, statement: str, **values: Any) -> None:
    with write(engine) as conn:
        conn.execute(text(statement), values)


# a post that cannot be assessed


@pytest.mark.parametrize(
    "error", [ValueError("a\nb"), MemoryError(), RecursionError("deep"), OverflowError("10**400")]
)
def test_a_post_that_cannot_be_assessed_costs_no_other(
    engine: Engine, config: Configuration, error: Exception
) -> None:
    choke = choking(config, error)
    take(
        engine, found("1", OUTAGE), found("2", f"{POISON}，电话13812345678", title="停电"),
        found("3", OVERCHARGED),
    )  # fmt: skip
    done = judge_on(engine, choke)
    assert done == Judged(posts=3, complaints=2, opened=2, alerts=2, set_aside=1)
    assert reasons(engine) == [FIRST, FIRST]
    (one,) = aside(engine)
    assert (one.lane, one.name, one.tries) == ("assess", "board/2 停电", 1)
    assert one.problem.startswith(type(error).__name__)
    assert "b" not in one.problem.removeprefix("ValueError: a")
    assert one.program.endswith(" own-choking")
    assert waiting(engine) == 0
    for minutes in (0.0, 0.5, 0.9):
        assert judge_on(engine, choke, later(minutes)) == Judged(), "no hot loop"


def test_it_is_tried_again_later_and_by_a_later_program_and_then_forgotten(
    engine: Engine, config: Configuration
) -> None:
    told(engine, choking(config), found("1", OUTAGE + POISON))
    execute(engine, "UPDATE set_aside SET at = :at", at=NOW.replace(tzinfo=None))
    assert judge_on(engine, choking(config), later(2)).set_aside == 1
    assert [one.tries for one in aside(engine)] == [2]
    assert judge_on(engine, choking(config), later(9)) == Judged()
    assert judge_on(engine, config, later(9)).alerts == 1, (
        "another scorer does not wait ten minutes"
    )
    assert aside(engine) == []
    assert reasons(engine) == [FIRST]


def test_what_somebody_asks_for_is_tried_at_the_next_pass(
    engine: Engine, config: Configuration
) -> None:
    take(engine, found("1", OUTAGE + POISON))
    judge_on(engine, choking(config))
    (one,) = aside(engine)
    with write(engine) as conn:
        assert set_aside.ask_again(conn, one.lane, one.ref)
    assert judge_on(engine, choking(config)).set_aside == 1
    assert judge_on(engine, choking(config)) == Judged()


def test_an_edit_of_what_was_set_aside_is_judged_as_any_other(
    engine: Engine, config: Configuration
) -> None:
    take(engine, found("1", OUTAGE + POISON))
    judge_on(engine, choking(config))
    take(engine, found("1", OUTAGE))
    assert judge_on(engine, choking(config), later(0.1)).alerts == 1
    assert judge_on(engine, choking(config), later(60)) == Judged(), "the old words are forgotten"
    assert aside(engine) == []


def test_a_persons_word_settles_what_no_model_can_judge(
    engine: Engine, config: Configuration
) -> None:
    choke = choking(config)
    take(engine, found("1", OUTAGE + POISON))
    judge_on(engine, choke)
    said = correct(
        engine, choke, "board", "1", What.COMPLAINT, Category.SUPPLY_QUALITY, "张三", NOW
    )
    assert said.complaint
    assert aside(engine) == []
    assert [post.key for post in members(engine, the_incident(engine))] == ["1"]
    assert judge_on(engine, choke, later(60 * 48)) == Judged()


@pytest.mark.parametrize("seed", range(6))
def test_wherever_the_poison_lies_the_rest_comes_out_as_without_it(
    sqlite_engine: Engine, config: Configuration, seed: int
) -> None:
    rng = random.Random(seed)
    sound = [OUTAGE, OUTAGE_AGAIN, OVERCHARGED, MILD, SHOCK, TALK]
    posts = [(f"s{n}", rng.choice(sound) + "。" * n) for n in range(12)]
    posts += [(f"p{n}", rng.choice(sound) + POISON + str(n)) for n in range(6)]
    rng.shuffle(posts)
    take(sqlite_engine, *(found(key, words) for key, words in posts))
    choke = choking(config)
    while judge(
        sqlite_engine, choke, lambda _: NOW, limit=rng.choice([1, 3, 200]), wall=lambda: NOW
    ).posts:
        pass
    assert waiting(sqlite_engine) == 0
    assert len(aside(sqlite_engine)) == 6
    with_poison = matters(sqlite_engine), reasons(sqlite_engine)
    _start_over(sqlite_engine)
    take(sqlite_engine, *(found(key, words) for key, words in posts if key[0] == "s"))
    judge_on(sqlite_engine, config)
    assert (matters(sqlite_engine), reasons(sqlite_engine)) == with_poison


def _start_over(engine: Engine) -> None:
    for table in ("deliveries", "alerts", "incident_posts", "assessments", "versions", "posts"):
        execute(engine, f"DELETE FROM {table}")
    execute(engine, "DELETE FROM set_aside")
    execute(engine, "DROP TRIGGER incident_events_no_delete")
    for table in ("incident_events", "incidents", "incident_numbers"):
        execute(engine, f"DELETE FROM {table}")


# a post that cannot be grouped or told


def test_a_post_that_cannot_be_grouped_leaves_nothing_and_the_next_ones_are_grouped(
    engine: Engine, config: Configuration
) -> None:
    balking = with_rules(config, Balking(config.judging.assessor.severity_rules, 3))
    take(
        engine, found("1", OUTAGE), found("2", OUTAGE_AGAIN), found("3", OUTAGE + "！"),
        found("4", OVERCHARGED), found("5", OUTAGE_AGAIN + "！"), found("6", OVERCHARGED + "！"),
    )  # fmt: skip
    done = judge_on(engine, balking)
    assert done == Judged(posts=6, complaints=6, opened=2, alerts=2, set_aside=2)
    assert matters(engine) == {frozenset("12"), frozenset("46")}
    assert [row.incident.post_count for row in all_incidents(engine)] == [2, 2]
    assert [e.kind for e in timeline(engine, all_incidents(engine)[0])] == ["opened", "joined"]
    assert [(one.lane, one.name.split()[0]) for one in aside(engine)] == [
        ("group", "board/5"), ("group", "board/3"),
    ]  # fmt: skip
    assert waiting(engine) == 0
    assert judge_on(engine, balking) == Judged()
    assert judge_on(engine, config, later(1)).posts == 2
    assert matters(engine) == {frozenset("1235"), frozenset("46")}
    assert aside(engine) == []
    assert check(engine) == []


def poison_the_table_of_alerts(engine: Engine) -> None:
    """From now on the database itself refuses an alert that holds the word: a row's fault."""
    if engine.dialect.name == "sqlite":
        execute(
            engine,
            "CREATE TRIGGER poison BEFORE INSERT ON alerts WHEN NEW.body LIKE '%毒%'"
            " BEGIN SELECT RAISE(ABORT, 'poisoned'); END",
        )
    else:
        execute(
            engine, "ALTER TABLE alerts ADD CONSTRAINT poison CHECK (body::text NOT LIKE '%毒%')"
        )


def test_what_the_database_refuses_at_the_last_step_is_undone_whole(
    engine: Engine, config: Configuration
) -> None:
    poison_the_table_of_alerts(engine)
    take(
        engine, found("1", OUTAGE + "，有人投毒"), found("2", OVERCHARGED),
        found("3", OUTAGE_AGAIN),
    )  # fmt: skip
    done = judge_on(engine, config)
    assert (done.opened, done.alerts, done.set_aside) == (2, 2, 1)
    assert [row.incident.number for row in all_incidents(engine)] == [
        "20261124-001", "20261124-002",
    ]  # fmt: skip
    assert matters(engine) == {frozenset("2"), frozenset("3")}
    assert counts(engine)["incident_events"] == 2
    assert [one.lane for one in aside(engine)] == ["group"]


def test_an_edit_that_raises_leaves_the_incident_as_it_was(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    before = the_incident(engine)
    poison_the_table_of_alerts(engine)
    take(engine, found("1", OUTAGE + "。" + SHOCK + "，有人投毒"), found("2", OVERCHARGED))
    assert judge_on(engine, config, later(1)).set_aside == 1
    assert all_incidents(engine)[0] == before
    assert len(all_incidents(engine)) == 2


def test_an_incident_that_cannot_be_put_into_words_is_told_plainly(
    engine: Engine, config: Configuration
) -> None:
    class Torn(Playbooks):
        def of(self, category: Category) -> Any:
            raise KeyError(category)

    torn = dataclasses.replace(config, playbooks=Torn(config.playbooks.playbooks))
    assert told(engine, torn, found("1", OUTAGE)).alerts == 1
    (alert,) = all_alerts(engine)
    number = the_incident(engine).incident.number
    assert number in alert.body["text"]
    assert alert.body["payload"]["severity"] == the_incident(engine).incident.severity.value
    assert "北寨" not in json.dumps(alert.body, ensure_ascii=False)
    assert [d.channel for d in all_deliveries(engine)] == ["file"]
    acknowledge(engine, torn, number, "张三", "", later(1))
    assert close(engine, torn, number, "张三", "", later(2)).state is IncidentState.CLOSED


def test_an_incident_that_cannot_be_routed_goes_to_the_default(
    engine: Engine, config: Configuration
) -> None:
    broken = dataclasses.replace(config, roster=None)  # type: ignore[arg-type]
    assert told(engine, broken, found("1", OUTAGE)).alerts == 1
    default = {to.channel for to in config.routes.default}
    assert {d.channel for d in all_deliveries(engine)} == default


# a store that fails is no post's fault


def test_a_broken_store_sets_nothing_aside_and_is_done_again_whole(
    engine: Engine, config: Configuration
) -> None:
    take(engine, found("1", OUTAGE), found("2", OVERCHARGED))
    execute(engine, "ALTER TABLE deliveries RENAME TO elsewhere")
    with pytest.raises(DBAPIError):
        judge_on(engine, config)
    execute(engine, "ALTER TABLE elsewhere RENAME TO deliveries")
    assert set(counts(engine).values()) == {0}
    assert (aside(engine), waiting(engine)) == ([], 2)
    assert judge_on(engine, config).opened == 2
    assert reasons(engine) == [FIRST, FIRST]


def test_a_full_disk_sets_nothing_aside(sqlite_engine: Engine, config: Configuration) -> None:
    take(sqlite_engine, *(found(str(n), OUTAGE + "长" * 5_000 + str(n)) for n in range(20)))
    with write(sqlite_engine) as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(DBAPIError, match="full"):
        judge_on(sqlite_engine, config)
    assert (aside(sqlite_engine), waiting(sqlite_engine)) == ([], 20)
    assert judge_on(sqlite_engine, config).posts == 20, "the handle was thrown away"
    assert aside(sqlite_engine) == []


# an incident whose memory is broken

BROKEN = [
    "[]", "5", '"x"', "null", '{"cluster": 5}', '{"cluster": {"terms": {"停电": "?"}}}',
    '{"cluster": {"places": [1]}}', '{"cluster": {"hashes": 7}}',
    '{"facts": {"severity": "purple"}}', '{"facts": {}, "cluster": null}',
    '{"held_until": 5}', '{"facts": [1]}',
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("state", ["discovered", "false_alarm"])
def test_a_broken_memory_of_one_incident_costs_no_other(
    sqlite_engine: Engine, config: Configuration, broken: str, state: str
) -> None:
    engine = sqlite_engine
    told(engine, config, found("1", OUTAGE), found("2", OVERCHARGED))
    execute(
        engine, "UPDATE incidents SET profile = :p, state = :s WHERE number = '20261124-001'",
        p=broken, s=state,
    )  # fmt: skip
    take(engine, found("3", OVERCHARGED + "！"), found("1", OUTAGE + "！"), found("4", OUTAGE))
    done = judge_on(engine, config, later(60))
    assert (done.complaints, done.set_aside) == (3, 0)
    assert {"2", "3"} in [set(m) for m in matters(engine)]
    assert follow_up(engine, config, later(120)) == 0
    if state == "discovered":
        acknowledge(engine, config, "20261124-001", "张三", "", later(121))
    assert all_incidents(engine)[0].profile.keys() >= {"cluster", "facts"}, "it remembers anew"


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
    done = judge_on(engine, config, later(1))
    assert (done.complaints, done.opened, done.set_aside) == (2, 1, 0)
    (one,) = aside(engine)
    assert (one.lane, one.name, one.tries) == ("incident", "20261124-001", 1)
    take(engine, found("5", OVERCHARGED + "！！"))
    judge_on(engine, config, later(1.5))
    assert [one.tries for one in aside(engine)] == [1], "not at every pass"
    assert follow_up(engine, config, later(2)) == 0
    execute(engine, "DELETE FROM incident_posts WHERE incident_id = 1")
    execute(engine, "UPDATE incidents SET state = 'merged' WHERE number = '20261124-001'")
    take(engine, found("6", OVERCHARGED + "！！！"))
    judge_on(engine, config, later(3))
    assert aside(engine) == []


@pytest.mark.parametrize("harm", ["engagement = '{\"likes\":'", "event_at = 'now'"])
def test_a_waiting_post_that_cannot_be_read_is_named_and_the_others_are_judged(
    sqlite_engine: Engine, config: Configuration, harm: str
) -> None:
    take(sqlite_engine, found("1", OUTAGE), found("2", TALK), found("3", OVERCHARGED))
    execute(sqlite_engine, f"UPDATE posts SET {harm} WHERE key = '2'")
    assert judge_on(sqlite_engine, config).posts == 3
    (one,) = aside(sqlite_engine)
    assert (one.lane, one.name) == ("assess", "board/2")
    assert reasons(sqlite_engine) == [FIRST, FIRST]
    execute(
        sqlite_engine,
        "UPDATE posts SET engagement = '{}', event_at = '2026-11-24 05:30:00.000000'",
    )
    assert judge_on(sqlite_engine, config, later(1)).posts == 1
    assert aside(sqlite_engine) == []


# timers


def held_change(engine: Engine, config: Configuration, number: int) -> None:
    """An incident whose newest change waits for its cool-down."""
    words = [MILD, OUTAGE][number % 2] + "。" * number
    words = words.replace("小召乡北寨村", "五女店镇岗刘村") if number > 1 else words
    told(engine, config, found(f"a{number}", words))
    told(engine, config, found(f"b{number}", words, source="weibo", channel="weibo"), now=later(2))


@pytest.mark.parametrize(
    "held",
    ["", "soon", "2026-11-24T05:47:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00",
     "2027-11-24T05:47:00+00:00", 5, [1], {"a": 1}, True, "毒" * 10_000],
)  # fmt: skip
def test_a_timer_that_no_clock_will_reach_or_read_is_due_and_cured(
    engine: Engine, config: Configuration, held: Any
) -> None:
    held_change(engine, config, 0)
    row = the_incident(engine)
    assert "held_until" in row.profile
    execute(
        engine,
        "UPDATE incidents SET profile = :p",
        p=json.dumps({**row.profile, "held_until": held}),
    ) if engine.dialect.name == "sqlite" else execute(
        engine,
        "UPDATE incidents SET profile = cast(:p AS jsonb)",
        p=json.dumps({**row.profile, "held_until": held}),
    )
    assert follow_up(engine, config, later(40)) == 1
    assert reasons(engine) == [FIRST, "new_channel"]
    assert "held_until" not in the_incident(engine).profile
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
    with write(engine) as conn:
        row = incidents.incident(conn, the_incident(engine).id)
        assert row is not None
        cause = f"timer:{row.profile['held_until']}"
        incidents.add_event(conn, row.id, "follow_up", cause, NOW)
    assert follow_up(engine, config, later(40)) == 1
    assert follow_up(engine, config, later(41)) == 0


# clocks


def test_a_clock_that_jumps_within_a_batch_silences_nobody(
    engine: Engine, config: Configuration
) -> None:
    clocks = iter([later(60), later(-60), later(60 * 24 * 400), later(-60 * 24), NOW])
    known: dict[int, datetime] = {}

    def clock(row: ToJudge) -> datetime:
        return known.setdefault(row.version_id, next(clocks))

    other = OUTAGE.replace("小召乡北寨村", "五女店镇岗刘村")
    take(
        engine, found("1", OUTAGE), found("2", SHOCK), found("3", OVERCHARGED), found("4", other),
        found("5", TALK),
    )  # fmt: skip
    done = judge(engine, config, clock, wall=lambda: NOW)
    assert (done.posts, done.set_aside) == (5, 0)
    told_of = {a.incident_number for a in all_alerts(engine)}
    assert told_of == {row.incident.number for row in all_incidents(engine)}


def test_what_a_clock_days_ahead_first_saw_is_still_news(
    engine: Engine, config: Configuration
) -> None:
    ahead = NOW + timedelta(days=30)
    take(engine, found("1", OUTAGE), now=ahead)
    judge_on(engine, config)
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
    newest = all_incidents(sqlite_engine)[-1]
    recent = newest.profile["facts"]["recent"]
    assert all(t <= later(30).timestamp() for t in recent)
    assert len(recent) > 1, "speed is measured again at once"


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
    rated = config.judging.assessor.severity_rules.rate_incident(
        IncidentFacts(Severity.YELLOW, 30.0, posts=30, writers=1)
    )
    assert rated.score > 30.0


# history judged again


def test_a_post_that_raises_in_a_rescore_is_named_and_the_rest_is_done(
    engine: Engine, config: Configuration
) -> None:
    class Deaf:
        name = "deaf-1"

        def score(self, post: Squeezed, channel: str | None = None) -> Score:
            return Score(False, 0.1, False, None, None)

    take(
        engine, found("1", OUTAGE), found("2", POISON + OUTAGE), found("3", OVERCHARGED),
        found("4", OUTAGE_AGAIN), found("5", TALK),
    )  # fmt: skip
    judge_on(engine, with_scorer(config, Deaf()))
    assert matters(engine) == set()
    new = with_rules(choking(config), Balking(config.judging.assessor.severity_rules, 2))
    since = NOW - timedelta(days=1)
    (batch,) = rescore(engine, new, since, lambda: later(1))
    assert [one.name.split()[0] for one in batch.failed] == ["board/2", "board/4"]
    assert {one.lane for one in aside(engine)} == {"rescore"}
    assert [one.key for one in batch.posts] == ["1", "3", "5"]
    assert matters(engine) == {frozenset("1"), frozenset("3")}
    assert (batch.grouped.opened, batch.grouped.alerts) == (2, 2)
    sound = with_scorer(config, Choking(config.judging.assessor.scorer, ValueError(), "own-3"))
    (batch,) = rescore(engine, sound, since, lambda: later(2))
    assert [one.name.split()[0] for one in batch.failed] == ["board/2"]
    assert matters(engine) == {frozenset("14"), frozenset("3")}
    assert [one.tries for one in aside(engine)] == [2]
