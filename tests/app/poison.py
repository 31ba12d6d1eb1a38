"""Posts, incidents and rules that raise, and what the tests of them look at."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from app_scene import (
    NOW,
    all_incidents,
    members,
)
from sqlalchemy import Engine, text

from db import set_aside
from db.engine import read, write
from db.set_aside import SetAsideRow
from db.unassessed import count_unassessed
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.assess import AssessedBatch, assess
from pipeline.assess import Assessor
from pipeline.scorers import Score, Scorer
from pipeline.severity.rate import IncidentFacts, Rated, SeverityRules
from pipeline.text.normalise import Squeezed

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
    one = config.assessing.assessor
    return _with(config, Assessor(scorer, one.locator, one.severity_rules, one.aspects))


def with_rules(config: Configuration, rules: SeverityRules) -> Configuration:
    one = config.assessing.assessor
    return _with(config, Assessor(one.scorer, one.locator, rules, one.aspects))


def _with(config: Configuration, assessor: Assessor) -> Configuration:
    return dataclasses.replace(
        config, assessing=dataclasses.replace(config.assessing, assessor=assessor)
    )


def choking(config: Configuration, error: BaseException | None = None) -> Configuration:
    inner = config.assessing.assessor.scorer
    return with_scorer(config, Choking(inner, error or ValueError("cannot be read")))


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def assess_on(engine: Engine, config: Configuration, now: datetime = NOW) -> AssessedBatch:
    return assess(engine, config, lambda _: now, wall=lambda: now)


def aside(engine: Engine) -> list[SetAsideRow]:
    with read(engine) as conn:
        return set_aside.listed(conn)


def waiting(engine: Engine) -> int:
    with read(engine) as conn:
        return count_unassessed(conn)


def matters(engine: Engine) -> set[frozenset[str]]:
    return {frozenset(p.key for p in members(engine, row)) for row in all_incidents(engine)}


def execute(engine: Engine, statement: str, **values: Any) -> None:
    with write(engine) as conn:
        conn.execute(text(statement), values)


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
