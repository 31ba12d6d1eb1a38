"""Incidents as objects: each in a list, one with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.clock import iso
from domain.masking.mask import mask
from gridvoice.contract.alerts import delivery_of_incident
from gridvoice.contract.posts import post_of_incident, post_reference

if TYPE_CHECKING:
    from db.outbox import DeliveryRow
    from db.posts import PostRow
    from db.timeline import EventRow
    from domain.incidents.incident import Incident


def incident_object(incident: Incident) -> dict[str, Any]:
    """A line of `incidents list`: an incident as it stands.

    place, place_code and station are null where none is known, previous where it is the first of
    its matter; report_no counts how often people were told of a real change.
    """
    return {
        "number": incident.number,
        "title": mask(incident.title),
        "category": incident.category,
        "severity": incident.severity,
        "state": incident.state,
        "area": incident.area,
        "place": incident.place,
        "place_code": incident.place_code,
        "station": incident.station,
        "first_post_at": iso(incident.first_event_at),
        "last_post_at": iso(incident.last_event_at),
        "post_count": incident.post_count,
        "channels": list(incident.channels),
        "report_no": incident.report_no,
        "previous": incident.previous,
    }


def incident_with_posts(incident: Incident, members: Sequence[PostRow]) -> dict[str, Any]:
    """A line of `incidents list --posts`. An id alone names a post within its source only."""
    return {
        **incident_object(incident),
        "post_ids": [row.key for row in members],
        "posts": [post_reference(row) for row in members],
    }


def whole_incident(
    incident: Incident,
    members: Sequence[PostRow],
    events: Sequence[EventRow],
    sent: Sequence[DeliveryRow],
) -> dict[str, Any]:
    """The answer of `incidents show`: the incident, its posts, its timeline, its deliveries."""
    return {
        **incident_object(incident),
        "posts": [post_of_incident(row) for row in members],
        "events": [_event(event) for event in events],
        "deliveries": [delivery_of_incident(row) for row in sent],
    }


def _event(event: EventRow) -> dict[str, Any]:
    return {
        "at": iso(event.at),
        "kind": event.kind,
        "who": mask(event.who),
        "note": mask(event.note),
    }


def acted_on(incident: Incident, who: str) -> dict[str, Any]:
    """The answer to an act: what the incident has become, and by whom."""
    return {"number": incident.number, "state": incident.state, "who": who}
