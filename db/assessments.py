"""Assessments as rows: written, read back, and which one of a version's stands.

An assessment is known by (version, scorer). `versions.assessed_by` names the one that stands: the
newest model's, except where a person has spoken (`person:NAME`). Nobody else joins by it: who
forgot half of `STANDING` would show a assessment that was overruled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Executable, and_, bindparam, or_, update

from db.statements import insert_for
from db.tables import assessments, versions
from domain.assessments import Area, Assessment, Category, Place, PostRole, Reason, Severity

PERSON = "person:"

# How `versions` is joined to the assessment of it that stands.
STANDING: ColumnElement[bool] = (assessments.c.version_id == versions.c.id) & (
    assessments.c.scorer == versions.c.assessed_by
)
# What `from_row` reads; all NULL where an outer join by STANDING found none.
COLUMNS = tuple(c for c in assessments.c if c.name not in ("version_id", "at"))
# Whether a person's word stands.
BY_PERSON: ColumnElement[bool] = and_(
    versions.c.assessed_by.is_not(None), versions.c.assessed_by.startswith(PERSON)
)
_KEYS = ("version_id", "scorer")


def put_assessments(
    conn: Connection, assessed: Sequence[tuple[int, Assessment]], now: datetime
) -> None:
    """Store (version id, assessment) pairs without letting them stand; one of the same scorer is
    replaced."""
    rows = [to_row(version_id, assessment, now) for version_id, assessment in assessed]
    if rows:
        conn.execute(_put(conn.dialect.name), rows)


def let_stand(conn: Connection, scorers: Sequence[tuple[int, str]], now: datetime) -> None:
    """From now on, of each (version id, scorer), that scorer's assessment stands; but a model's
    never over a person's."""
    if scorers:
        named = [
            {"version": v, "scorer": scorer, "by_person": is_person(scorer), "now": now}
            for v, scorer in scorers
        ]
        conn.execute(_LET_STAND, named)


def is_person(scorer: str | None) -> bool:
    """Whether a assessment is a person's."""
    return scorer is not None and scorer.startswith(PERSON)


def to_row(version_id: int, assessment: Assessment, at: datetime) -> dict[str, Any]:
    """The row of `assessments` for one version."""
    return {
        "version_id": version_id,
        "scorer": assessment.scorer,
        "relevant": assessment.relevant,
        "relevance": assessment.relevance,
        "complaint": assessment.complaint,
        "role": assessment.role.value if assessment.role else None,
        "negativity": assessment.negativity,
        "category": assessment.category.value if assessment.category else None,
        "aspects": list(assessment.aspects),
        "severity": assessment.severity.value,
        "severity_score": assessment.severity_score,
        "area": assessment.area.value,
        "places": [
            {"name": p.name, "code": p.code, "field": p.field, "start": p.start, "end": p.end}
            for p in assessment.places
        ],
        "station": assessment.station,
        "reasons": [
            {
                "rule": r.rule,
                "field": r.field,
                "start": r.start,
                "end": r.end,
                "text": r.text,
                "weight": r.weight,
            }
            for r in assessment.reasons
        ],
        "at": at,
    }


def from_row(row: Any) -> Assessment:
    """The assessment that a row with COLUMNS holds."""
    return Assessment(
        relevant=row.relevant,
        relevance=row.relevance,
        complaint=row.complaint,
        role=PostRole(row.role) if row.role else None,
        negativity=row.negativity,
        category=Category(row.category) if row.category else None,
        aspects=tuple(row.aspects),
        severity=Severity(row.severity),
        severity_score=row.severity_score,
        area=Area(row.area),
        places=tuple(Place(**place) for place in row.places),
        station=row.station,
        reasons=tuple(Reason(**reason) for reason in row.reasons),
        scorer=row.scorer,
    )


def standing_of(row: Any) -> Assessment | None:
    """As `from_row`, of a row that an outer join by STANDING gave."""
    return None if row.scorer is None else from_row(row)


# Made once: to build the statements of a batch costs more than to run them.

_LET_STAND = (
    update(versions)
    .where(
        versions.c.id == bindparam("version"),
        or_(~BY_PERSON, bindparam("by_person", type_=Boolean)),
    )
    .values(assessed_at=bindparam("now"), assessed_by=bindparam("scorer"))
)


@cache
def _put(dialect: str) -> Executable:
    statement = insert_for(dialect, assessments)
    changed = {c.name: statement.excluded[c.name] for c in assessments.c if c.name not in _KEYS}
    return statement.on_conflict_do_update(index_elements=_KEYS, set_=changed)
