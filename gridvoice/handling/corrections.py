"""更正: a person's word on a post stands over every model's, and becomes a label for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from db import corrections, incidents, rescoring, set_aside
from db.alone import Poison, alone
from db.assessments import PERSON, let_stand, put_assessments
from db.engine import grouping_lane, read, write
from db.rescoring import AssessedVersion
from db.statements import storable
from domain.assessments import (
    Area,
    Assessment,
    Category,
    Correction,
    PostRole,
    Reason,
    Severity,
)
from domain.incidents.events import Cause, EventKind
from domain.input.bounds import NAME_CHARS, cut
from domain.masking.mask import mask
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import aside
from gridvoice.tasks.rescore import group_late
from pipeline.assess import Assessor
from pipeline.severity.rate import Rated
from pipeline.text.normalise import squeeze


class NotCorrectable(Exception):
    """The post is unknown, not assessed yet, or lacks a category; the text says what to do."""


def correct(
    engine: Engine,
    config: Configuration,
    source: str,
    key: str,
    what: Correction,
    category: Category | None,
    who: str,
    now: datetime,
) -> Assessment:
    """Write down what `who` says of a post's current version and let it stand.

    A complaint that no incident holds gets one; a post never leaves its incident by this, its
    timeline says what was corrected. What was set aside because no model could assess it is settled
    by the person's word. Raises NotCorrectable, and then nothing was written.
    """
    source, key, who = storable(source), storable(key), cut(storable(who), NAME_CHARS)
    with write(engine) as conn:
        grouping_lane(conn)
        found = rescoring.assessed_version(conn, source, key)
        if found is None:
            raise NotCorrectable(f"没有已研判的帖文 {source}/{key}; 用 gridvoice search 查编号")
        assessment = _corrected(config.assessing.assessor, found, what, category, who)
        correction = _record(conn, found, what, assessment, who, now)
        if found.row.incident_id is not None:
            note = f"帖文 {key} {what.label}"
            if assessment.complaint and assessment.category:
                note += f"（{assessment.category.label}）"
            incidents.add_event(
                conn, found.row.incident_id, EventKind.NOTE, Cause.correction(correction), now, who,
                f"更正：{note}", {"post": found.row.post_id, "what": what.value},
            )  # fmt: skip
        else:
            try:
                alone(conn, lambda: group_late(conn, config, [(found, assessment)], now))
            except Poison as poison:
                raise NotCorrectable(f"归并时出错, 更正未写入: {poison}") from poison
        set_aside.passed(conn, aside.POSTS, [str(found.row.version_id)])
        return assessment


def count_false_alarm(
    conn: Connection, config: Configuration, incident_id: int, who: str, now: datetime
) -> int:
    """A false alarm speaks of each post that stands as a complaint by a model; how many."""
    versions = corrections.current_versions_of_incident(conn, incident_id)
    counted = 0
    unreadable: dict[int, str] = {}

    def count(found: AssessedVersion) -> None:
        assessment = _corrected(config.assessing.assessor, found, Correction.FALSE_ALARM, None, who)
        _record(conn, found, Correction.FALSE_ALARM, assessment, who, now)

    for found in rescoring.assessed_versions(conn, versions, unreadable):
        if found.standing is not None and found.standing.complaint and not found.by_person:
            try:
                alone(conn, partial(count, found))
                counted += 1
            except Poison as poison:
                unreadable[found.row.version_id] = str(poison)
    if unreadable:  # the incident ends all the same; its timeline says what was left out
        note = f"{len(unreadable)} 帖未能记为误报: " + "; ".join(sorted(set(unreadable.values())))
        incidents.add_event(conn, incident_id, EventKind.NOTE, Cause.act(), now, "", note[:300])
    return counted


def labels(engine: Engine, unreadable: dict[int, str] | None = None) -> Iterator[dict[str, Any]]:
    """The corrected posts as `gridvoice train` reads them; texts masked. `unreadable` takes the
    corrections that cannot be read, with the problem; None: they raise."""
    with read(engine) as conn:
        for row in corrections.corrected(conn, unreadable):
            assessment = row.assessment
            yield {
                "id": f"{row.source}/{row.key}",
                "title": mask(row.title),
                "text": mask(row.text),
                "channel": row.channel,
                "relevant": assessment.relevant,
                "complaint": assessment.complaint,
                "category": assessment.category if assessment.complaint else None,
                "group": "corrections",
            }


def _record(
    conn: Connection,
    found: AssessedVersion,
    what: Correction,
    assessment: Assessment,
    who: str,
    now: datetime,
) -> int:
    row = found.row
    put_assessments(conn, [(row.version_id, assessment)], now)
    let_stand(conn, [(row.version_id, assessment.scorer)], now)
    category = assessment.category if assessment.complaint else None
    return corrections.add_correction(conn, row.post_id, row.version_id, what, category, who, now)


def _corrected(
    assessor: Assessor,
    found: AssessedVersion,
    what: Correction,
    category: Category | None,
    who: str,
) -> Assessment:
    """The assessment as the person has it; what was not spoken of stays as the model found it."""
    base = found.standing or _by_model(assessor, found)
    said = Reason.unplaced("人工更正", 0.0, f"{what.label}（{who}）" if who else "")
    base = replace(base, scorer=f"{PERSON}{who}", reasons=(said,))
    if what is not Correction.COMPLAINT:
        relevant = what is Correction.NOT_COMPLAINT or (
            what is Correction.FALSE_ALARM and base.relevant
        )
        return replace(
            base,
            relevant=relevant,
            relevance=float(relevant) if what is not Correction.FALSE_ALARM else base.relevance,
            complaint=False,
            role=base.role_where(relevant, False),
            negativity=0.0 if relevant else None,
            category=(category or base.category) if relevant else None,
            aspects=base.aspects if relevant else (),
            severity=Severity.NONE,
            severity_score=0.0,
        )
    category = category or base.category
    if category is None:
        raise NotCorrectable(f"未研判出类别, 请用 --category 指明: {', '.join(Category)}")
    try:
        squeezed = squeeze(found.row.title, found.row.text)
        rated = assessor.severity_rules.rate(squeezed, category, 1.0, found.row.engagement)
        aspects = assessor.aspects.of(squeezed, category)
    except Exception:  # a person says that it is one: the lowest level, rather than none at all
        rated, aspects = Rated(Severity.BLUE, 0.0, ()), ()
    return replace(
        base,
        relevant=True,
        relevance=1.0,
        complaint=True,
        role=PostRole.COMPLAINT,
        negativity=1.0,
        category=category,
        aspects=aspects,
        severity=rated.severity,
        severity_score=rated.score,
        reasons=(said, *rated.reasons),
    )


def _by_model(assessor: Assessor, found: AssessedVersion) -> Assessment:
    """The model's assessment; an empty one of a post that it cannot assess."""
    try:
        return assessor.assess(found.row)
    except Exception:  # it lies set aside with its problem; the person's word needs no model
        return Assessment(
            relevant=False, relevance=0.0, complaint=False, role=None, negativity=None,
            category=None, aspects=(), severity=Severity.NONE, severity_score=0.0,
            area=Area.UNKNOWN, places=(), station=None, reasons=(), scorer=assessor.scorer.name,
        )  # fmt: skip
