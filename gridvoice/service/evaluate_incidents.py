"""Grouping measured against a truth: labelled posts through the real pipeline into a store of its
own, on their own clock; nobody is told. Given verdicts may stand in for the scorer's.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine

from db import incidents, posts
from db.engine import open_engine, read, upgrade
from db.unassessed import ToAssess
from domain.assessments import Category, PostRole, Severity
from gridvoice.service.replay import SOURCE, Replayed, replay
from gridvoice.settings.configuration import Configuration
from pipeline.assess import Assessed, Assessor, HasText
from pipeline.incidents.measure import Matter, Member, figures
from pipeline.scorers.score import Score
from pipeline.text.normalise import Squeezed, squeeze

_SURE = 0.9  # how bad a complaint is at least of which we are told that it is one


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of a post, whatever a scorer makes of it."""

    relevant: bool
    complaint: bool
    category: Category | None
    role: PostRole | None


class BadTruth(ValueError):
    """A row of a truth that cannot be used; the text (Chinese) names the field."""


def verdict(row: Mapping[str, Any]) -> tuple[str, Verdict]:
    """(id, verdict) of a row. Raises BadTruth."""
    try:
        relevant, complaint = row["relevant"], row["complaint"]
        category, role = row.get("category"), row.get("role")
        if not isinstance(relevant, bool) or not isinstance(complaint, bool):
            raise BadTruth("'relevant' 与 'complaint' 须为 true 或 false")
        if complaint:
            role = PostRole.COMPLAINT  # whatever its form: a record of a complaint is one
        return str(row["id"]), Verdict(
            relevant,
            complaint,
            Category(category) if category is not None else None,
            PostRole(role) if role is not None and relevant else None,
        )
    except KeyError as missing:
        raise BadTruth(f"缺少 {missing}") from None
    except ValueError as wrong:
        raise BadTruth(str(wrong)) from None


def matter(row: Mapping[str, Any]) -> Matter:
    """A row of matters.jsonl: `id`, `deserves_alert`, `severity_hint`. Raises BadTruth."""
    try:
        hint = Severity(row.get("severity_hint") or Severity.NONE)
    except ValueError:
        raise BadTruth(f"'severity_hint' {row.get('severity_hint')!r} 不是等级") from None
    if "id" not in row:
        raise BadTruth("缺少 'id'")
    return Matter(str(row["id"]), bool(row.get("deserves_alert", True)), hint >= Severity.YELLOW)


class GivenVerdicts(Assessor):
    """An assessor that is told what is relevant, a complaint, of which category and role. Places,
    severity and aspects remain its own."""

    def __init__(self, own: Assessor, given: Mapping[str, Verdict]) -> None:
        super().__init__(own.scorer, own.locator, own.severity_rules, own.aspects)
        self._given = given

    def read(self, post: HasText, at_once: bool = False) -> Assessed:
        """As it is told, where the post is one of those."""
        told = self._given.get(post.key) if isinstance(post, ToAssess) else None
        if told is None:
            return super().read(post, at_once)
        squeezed = squeeze(post.title, post.text)
        score = self._told_of(told, squeezed, post.channel)
        assessed = self.assessed(post, squeezed, score)
        return replace(assessed, assessment=replace(assessed.assessment, role=told.role))

    def _told_of(self, told: Verdict, squeezed: Squeezed, channel: str | None) -> Score:
        own = self.scorer.score(squeezed, channel)
        negativity = own.negativity or 0.0
        if not told.relevant:
            return Score(False, 0.0, False, None, None)
        bad = max(negativity, _SURE) if told.complaint else min(negativity, 1 - _SURE)
        return Score(True, 1.0, told.complaint, bad, told.category, own.reasons)


@dataclass(frozen=True, slots=True)
class Truth:
    """Post → its matter, or None; what is known of the matters; the verdicts handed in, if any."""

    matter_of: Mapping[str, str | None]
    matters: Sequence[Matter] = ()
    verdicts: Mapping[str, Verdict] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    members: tuple[Member, ...]
    alerted: tuple[str, ...]
    replayed: Replayed

    def figures(self, truth: Truth) -> dict[str, object]:
        """The line of `evaluate-incidents --json`."""
        verdicts = "own" if truth.verdicts is None else "given"
        return {"verdicts": verdicts, **figures(self.members, self.alerted, truth.matters)}


def evaluate_incidents(
    config: Configuration, lines: Iterable[dict[str, Any]], truth: Truth
) -> Measured:
    """Rows through the whole pipeline, into incidents, against the truth."""
    config = replace(config, channels={})
    if truth.verdicts is not None:
        told = GivenVerdicts(config.assessing.assessor, truth.verdicts)
        config = replace(config, assessing=replace(config.assessing, assessor=told))
    with tempfile.TemporaryDirectory(prefix="gridvoice-evaluate-") as folder:
        engine = open_engine(f"sqlite:///{folder}/evaluate.db")
        try:
            upgrade(engine)
            done = Replayed()
            written = (json.dumps(row, ensure_ascii=False) for row in lines)
            for step in replay(engine, config, written, send=False):
                done = step
            found, alerted = _found(engine)
        finally:
            engine.dispose()
    members = tuple(Member(post, of, found.get(post)) for post, of in truth.matter_of.items())
    return Measured(members, alerted, done)


def _found(engine: Engine) -> tuple[dict[str, str], tuple[str, ...]]:
    """Post → incident; the incidents that people were told of."""
    found: dict[str, str] = {}
    alerted: list[str] = []
    with read(engine) as conn:
        for row in incidents.list_incidents(conn):
            number = row.incident.number
            found.update((key, number) for key in _keys(conn, row.id))
            if row.incident.report_no:
                alerted.append(number)
    return found, tuple(alerted)


def _keys(conn: Connection, incident_id: int) -> Iterator[str]:
    for post in posts.posts_of_incident(conn, incident_id):
        if post.source == SOURCE:
            yield post.key
