"""An assessment as a row, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.model import Area, Assessment, Category, Place, Reason, Severity


def to_row(version_id: int, assessment: Assessment, at: datetime) -> dict[str, Any]:
    """The row of `assessments` for one version."""
    return {
        "version_id": version_id,
        "scorer": assessment.scorer,
        "relevant": assessment.relevant,
        "relevance": assessment.relevance,
        "complaint": assessment.complaint,
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
    """The assessment that a row with the columns of `assessments` holds."""
    return Assessment(
        relevant=row.relevant,
        relevance=row.relevance,
        complaint=row.complaint,
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
