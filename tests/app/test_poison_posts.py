"""A post that raises is set aside by name and tried again; everything else goes its way."""

from __future__ import annotations

import dataclasses
import json
import random
import time
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
from poison import (
    POISON,
    Balking,
    aside,
    assess_on,
    choking,
    execute,
    later,
    matters,
    poison_the_table_of_alerts,
    waiting,
    with_rules,
    with_scorer,
)
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from alerts.channels.webhook import payload_of
from alerts.notice import layout
from alerts.notice.body import from_body
from alerts.notice.playbook import Playbooks
from db import set_aside
from db.engine import check, write
from domain.assessments import Category, Correction
from domain.incidents.incident import IncidentState
from gridvoice.handling.acts import acknowledge, close
from gridvoice.handling.corrections import correct
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import assess as assessing_task
from gridvoice.tasks.assess import AssessedBatch, assess
from pipeline.scorers import Score
from pipeline.text.normalise import Squeezed

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
    done = assess_on(engine, choke)
    assert done == AssessedBatch(posts=3, complaints=2, opened=2, alerts=2, set_aside=1)
    assert reasons(engine) == [FIRST, FIRST]
    (one,) = aside(engine)
    assert (one.lane, one.name, one.tries) == ("assess", "board/2 停电", 1)
    assert one.problem.startswith(type(error).__name__)
    assert "b" not in one.problem.removeprefix("ValueError: a")
    assert one.program.endswith(" own-choking")
    assert waiting(engine) == 0
    for minutes in (0.0, 0.5, 0.9):
        assert assess_on(engine, choke, later(minutes)) == AssessedBatch(), "no hot loop"


def test_it_is_tried_again_later_and_by_a_later_program_and_then_forgotten(
    engine: Engine, config: Configuration
) -> None:
    told(engine, choking(config), found("1", OUTAGE + POISON))
    execute(engine, "UPDATE set_aside SET at = :at", at=NOW.replace(tzinfo=None))
    assert assess_on(engine, choking(config), later(2)).set_aside == 1
    assert [one.tries for one in aside(engine)] == [2]
    assert assess_on(engine, choking(config), later(9)) == AssessedBatch()
    assert assess_on(engine, config, later(9)).alerts == 1, (
        "another scorer does not wait ten minutes"
    )
    assert aside(engine) == []
    assert reasons(engine) == [FIRST]


def test_what_somebody_asks_for_is_tried_at_the_next_pass(
    engine: Engine, config: Configuration
) -> None:
    take(engine, found("1", OUTAGE + POISON))
    assess_on(engine, choking(config))
    (one,) = aside(engine)
    with write(engine) as conn:
        assert set_aside.ask_again(conn, one.lane, one.ref)
    assert assess_on(engine, choking(config)).set_aside == 1
    assert assess_on(engine, choking(config)) == AssessedBatch()


def test_an_edit_of_what_was_set_aside_is_assessed_as_any_other(
    engine: Engine, config: Configuration
) -> None:
    take(engine, found("1", OUTAGE + POISON))
    assess_on(engine, choking(config))
    take(engine, found("1", OUTAGE))
    assert assess_on(engine, choking(config), later(0.1)).alerts == 1
    assert assess_on(engine, choking(config), later(60)) == AssessedBatch(), (
        "the old words are forgotten"
    )
    assert aside(engine) == []


def test_a_persons_word_settles_what_no_model_can_assess(
    engine: Engine, config: Configuration
) -> None:
    choke = choking(config)
    take(engine, found("1", OUTAGE + POISON))
    assess_on(engine, choke)
    said = correct(
        engine, choke, "board", "1", Correction.COMPLAINT, Category.SUPPLY_QUALITY, "张三", NOW
    )
    assert said.complaint
    assert aside(engine) == []
    assert [post.key for post in members(engine, the_incident(engine))] == ["1"]
    assert assess_on(engine, choke, later(60 * 48)) == AssessedBatch()


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
    while assess(
        sqlite_engine, choke, lambda _: NOW, limit=rng.choice([1, 3, 200]), wall=lambda: NOW
    ).posts:
        pass
    assert waiting(sqlite_engine) == 0
    assert len(aside(sqlite_engine)) == 6
    with_poison = matters(sqlite_engine), reasons(sqlite_engine)
    _start_over(sqlite_engine)
    take(sqlite_engine, *(found(key, words) for key, words in posts if key[0] == "s"))
    assess_on(sqlite_engine, config)
    assert (matters(sqlite_engine), reasons(sqlite_engine)) == with_poison


def _start_over(engine: Engine) -> None:
    for table in ("deliveries", "alerts", "incident_posts", "assessments", "versions", "posts"):
        execute(engine, f"DELETE FROM {table}")
    execute(engine, "DELETE FROM set_aside")
    execute(engine, "DROP TRIGGER incident_events_no_delete")
    for table in ("incident_events", "timers", "incident_keys", "incidents", "incident_numbers"):
        execute(engine, f"DELETE FROM {table}")


def test_what_is_found_first_does_not_wait_for_the_slow_ones_behind(
    sqlite_engine: Engine, config: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        name = "slow"

        def score(self, post: Squeezed, channel: str | None = None) -> Score:
            time.sleep(0.02)
            return config.assessing.assessor.scorer.score(post, channel)

    monkeypatch.setattr(assessing_task, "LONGEST_S", 0.01)
    take(sqlite_engine, *(found(str(n), f"{OUTAGE}{n}") for n in range(4)))
    slow = with_scorer(config, Slow())
    assert assess_on(sqlite_engine, slow).posts == 1
    assert reasons(sqlite_engine) == [FIRST]
    assert [assess_on(sqlite_engine, slow).posts for _ in range(4)] == [1, 1, 1, 0]


# a post that cannot be grouped or told


def test_a_post_that_cannot_be_grouped_leaves_nothing_and_the_next_ones_are_grouped(
    engine: Engine, config: Configuration
) -> None:
    balking = with_rules(config, Balking(config.assessing.assessor.severity_rules, 3))
    take(
        engine, found("1", OUTAGE), found("2", OUTAGE_AGAIN), found("3", OUTAGE + "！"),
        found("4", OVERCHARGED), found("5", OUTAGE_AGAIN + "！"), found("6", OVERCHARGED + "！"),
    )  # fmt: skip
    done = assess_on(engine, balking)
    assert done == AssessedBatch(posts=6, complaints=6, opened=2, alerts=2, set_aside=2)
    assert matters(engine) == {frozenset("12"), frozenset("46")}
    assert [row.incident.post_count for row in all_incidents(engine)] == [2, 2]
    assert [e.kind for e in timeline(engine, all_incidents(engine)[0])] == ["opened", "joined"]
    assert [(one.lane, one.name.split()[0]) for one in aside(engine)] == [
        ("group", "board/5"), ("group", "board/3"),
    ]  # fmt: skip
    assert waiting(engine) == 0
    assert assess_on(engine, balking) == AssessedBatch()
    assert assess_on(engine, config, later(1)).posts == 2
    assert matters(engine) == {frozenset("1235"), frozenset("46")}
    assert aside(engine) == []
    assert check(engine) == []


def test_what_the_database_refuses_at_the_last_step_is_undone_whole(
    engine: Engine, config: Configuration
) -> None:
    poison_the_table_of_alerts(engine)
    take(
        engine, found("1", OUTAGE + "，有人投毒"), found("2", OVERCHARGED),
        found("3", OUTAGE_AGAIN),
    )  # fmt: skip
    done = assess_on(engine, config)
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
    assert assess_on(engine, config, later(1)).set_aside == 1
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
    assert number in layout.text(from_body(alert.body))
    assert (
        payload_of(from_body(alert.body))["severity"]
        == the_incident(engine).incident.severity.value
    )
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
        assess_on(engine, config)
    execute(engine, "ALTER TABLE elsewhere RENAME TO deliveries")
    assert set(counts(engine).values()) == {0}
    assert (aside(engine), waiting(engine)) == ([], 2)
    assert assess_on(engine, config).opened == 2
    assert reasons(engine) == [FIRST, FIRST]


def test_a_full_disk_sets_nothing_aside(sqlite_engine: Engine, config: Configuration) -> None:
    take(sqlite_engine, *(found(str(n), OUTAGE + "长" * 5_000 + str(n)) for n in range(20)))
    with write(sqlite_engine) as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(DBAPIError, match="full"):
        assess_on(sqlite_engine, config)
    assert (aside(sqlite_engine), waiting(sqlite_engine)) == ([], 20)
    assert assess_on(sqlite_engine, config).posts == 20, "the handle was thrown away"
    assert aside(sqlite_engine) == []
