"""Posts as objects: assessed, found by a search, shown by a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.clock import iso
from domain.masking.mask import mask, mask_address

if TYPE_CHECKING:
    from db.posts import PostRow
    from db.search import Hit
    from domain.assessments import Assessment, Place, Reason
    from domain.posts import FoundPost


def assessed_post(post_id: Any, assessment: Assessment) -> dict[str, Any]:
    """A line of `assess`: the id as it came, and the assessment.

    relevance and negativity are probabilities 0–1; role, negativity, category, aspects and severity
    are null where the post is not relevant; offsets count code points of the original.
    """
    known = assessment.relevant
    negativity = assessment.negativity if known else None
    return {
        "id": post_id,
        "relevant": assessment.relevant,
        "relevance": round(assessment.relevance, 4),
        "complaint": assessment.complaint,
        "role": assessment.role if known else None,
        "negativity": None if negativity is None else round(negativity, 4),
        "category": assessment.category if known else None,
        "aspects": list(assessment.aspects) if known else None,
        "severity": assessment.severity if known else None,
        "area": assessment.area,
        "places": [_place(place) for place in assessment.places],
        "station": assessment.station,
        "reasons": [_reason(reason) for reason in assessment.reasons],
        "scorer": assessment.scorer,
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "name": place.name,
        "code": place.code,
        "field": place.field,
        "start": place.start,
        "end": place.end,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    """`field` is title or text; "" with start = end = 0 where a reason stands nowhere in them."""
    return {
        "rule": reason.rule,
        "field": reason.field,
        "start": reason.start,
        "end": reason.end,
        "text": reason.text,
        "weight": round(reason.weight, 4),
    }


def bad_line(number: int, problem: str) -> dict[str, Any]:
    """A line of input that is none: where it stands, from 1, and what is wrong with it."""
    return {"line": number, "error": problem}


def searched_post(hit: Hit) -> dict[str, Any]:
    """A line of `search`: a post that holds what was asked for, and where.

    The unmasked text found it and is not shown. `id` is the source's own; `published_at` is when it
    happened as far as is known; `incident` the number of the one it belongs to; spans point into
    the title and text as they stand here.
    """
    row = hit.post
    return {
        "id": row.key,
        "source": row.source,
        "title": mask(row.title),
        "text": mask(row.text),
        "channel": row.channel,
        "region": mask(row.region) if row.region else None,
        "url": mask_address(row.url),
        "published_at": iso(row.event_at),
        "first_seen": iso(row.first_seen),
        "incident": row.incident_number,
        "spans": [{"field": s.field, "start": s.start, "end": s.end} for s in hit.spans],
    }


def shown_post(post: FoundPost) -> dict[str, Any]:
    """A line of `sources check`: a post as its source shows it; null what it does not show."""
    return {
        "id": post.key,
        "title": mask(post.title),
        "text": mask(post.text),
        "url": mask_address(post.url),
        "channel": post.channel,
        "region": mask(post.region) if post.region else None,
        "published_at": iso(post.published_at) if post.published_at else None,
        "reply": mask(post.reply) if post.reply else None,
    }


def post_reference(row: PostRow) -> dict[str, Any]:
    """Which post: its source, and the id that it has there."""
    return {"source": row.source, "id": row.key}


def post_of_incident(row: PostRow) -> dict[str, Any]:
    """A post among those of its incident."""
    return {
        **post_reference(row),
        "channel": row.channel,
        "title": mask(row.title),
        "text": mask(row.text),
        "published_at": iso(row.event_at),
        "url": mask_address(row.url),
    }
