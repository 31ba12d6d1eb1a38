"""An incident's timeline, as it is read; `incidents.add_event` writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from db.tables import incident_events
from domain.incidents.events import Cause


@dataclass(frozen=True, slots=True)
class EventRow:
    """One entry of an incident's timeline; never changed once written."""

    id: int
    incident_id: int
    seq: int
    kind: str
    cause: Cause
    at: datetime
    who: str
    note: str
    data: dict[str, Any]


def events_of(conn: Connection, incident_id: int) -> list[EventRow]:
    """An incident's timeline, the first event first."""
    mine = select(incident_events).where(incident_events.c.incident_id == incident_id)
    rows = conn.execute(mine.order_by(incident_events.c.seq))
    return [event_of(row) for row in rows]


def event_of(row: Row[Any]) -> EventRow:
    """The entry that a row with the columns of `incident_events` holds."""
    return EventRow(**{**row._mapping, "cause": Cause.read(row.cause)})
