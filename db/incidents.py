"""Incidents, the posts that belong to them, and their append-only timeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from db.alone import readable
from db.rows import EventRow, IncidentRow
from db.statements import insert_or, storable
from db.tables import incident_events, incident_numbers, incident_posts, incidents
from domain.clock import SHANGHAI
from domain.model import Area, Category, Incident, IncidentState, Severity

_OPEN = [state.value for state in IncidentState if state.is_open]
_FIELDS = [f.name for f in fields(Incident)]


class NoSuchIncident(LookupError):
    """An incident id that the store does not hold."""


def live_incidents(
    conn: Connection, since: datetime, unreadable: dict[int, str] | None = None
) -> list[IncidentRow]:
    """Incidents that a post may join: the open ones, and the closed or false alarms whose last
    post happened at `since` or later. Merged ones are left out: their posts moved on.

    `unreadable` takes the ids of those whose rows cannot be read, with the problem; None: they
    raise.
    """
    settled = [IncidentState.CLOSED.value, IncidentState.FALSE_ALARM.value]
    return _rows(
        conn,
        incidents.c.state.in_(_OPEN)
        | (incidents.c.state.in_(settled) & (incidents.c.last_event_at >= since)),
        unreadable=unreadable,
    )


def open_incident(
    conn: Connection,
    incident: Incident,
    profile: dict[str, Any],
    now: datetime,
    zone: ZoneInfo = SHANGHAI,
) -> int:
    """Store a new incident and give it its number, `YYYYMMDD-NNN` by the local day of opening.

    `incident.number` is not looked at; `incident(conn, id)` tells the one given.
    """
    values = _values(incident, profile, now)
    values["number"] = _next_number(conn, incident.opened_at.astimezone(zone))
    row = conn.execute(insert(incidents).values(values).returning(incidents.c.id))
    return int(row.scalar_one())


def _next_number(conn: Connection, opened: datetime) -> str:
    day = f"{opened:%Y%m%d}"
    statement = insert_or(conn, incident_numbers).values(day=day, last=1)
    nth = conn.execute(
        statement.on_conflict_do_update(
            index_elements=["day"], set_={"last": incident_numbers.c.last + 1}
        ).returning(incident_numbers.c.last)
    ).scalar_one()
    return f"{day}-{nth:03d}"


def update_incident(
    conn: Connection,
    incident_id: int,
    incident: Incident,
    profile: dict[str, Any] | None,
    now: datetime,
) -> None:
    """Write an incident as it stands now; its number stays. `profile` None leaves the stored one.

    Raises NoSuchIncident.
    """
    values = _values(incident, profile, now)
    del values["number"]
    done = conn.execute(update(incidents).where(incidents.c.id == incident_id).values(values))
    if done.rowcount != 1:
        raise NoSuchIncident(f"incident {incident_id} is not in the store")


def change_state(
    conn: Connection, incident_id: int, was: IncidentState, to: IncidentState, now: datetime
) -> bool:
    """Move an incident on, unless somebody else moved it first (False: it is not in `was`)."""
    done = conn.execute(
        update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.state == was.value)
        .values(state=to.value, updated_at=now)
    )
    return done.rowcount == 1


def add_post(conn: Connection, incident_id: int, post_id: int, now: datetime) -> bool:
    """Put a post into an incident. False: it is in one already, where it stays."""
    statement = (
        insert_or(conn, incident_posts)
        .values(post_id=post_id, incident_id=incident_id, at=now)
        .on_conflict_do_nothing(index_elements=["post_id"])
        .returning(incident_posts.c.post_id)
    )
    return conn.execute(statement).one_or_none() is not None


def move_posts(conn: Connection, post_ids: Collection[int], incident_id: int, now: datetime) -> int:
    """Move posts into another incident (merge, split); how many moved."""
    done = conn.execute(
        update(incident_posts)
        .where(incident_posts.c.post_id.in_(post_ids))
        .values(incident_id=incident_id, at=now)
    )
    return done.rowcount


def post_ids_of(conn: Connection, incident_id: int) -> list[int]:
    """The ids of an incident's posts, in order of arrival."""
    statement = select(incident_posts.c.post_id).where(incident_posts.c.incident_id == incident_id)
    return list(conn.execute(statement.order_by(incident_posts.c.post_id)).scalars())


def add_event(
    conn: Connection,
    incident_id: int,
    kind: str,
    cause: str,
    at: datetime,
    who: str = "",
    note: str = "",
    data: dict[str, Any] | None = None,
) -> int | None:
    """Write an event at the end of an incident's timeline; its id.

    None: this cause was recorded before, nothing is written. A second run is harmless by it.
    Raises NoSuchIncident.
    """
    # Holding the incident's row keeps the sequence free of gaps and clashes on PostgreSQL.
    held = select(incidents.c.id).where(incidents.c.id == incident_id).with_for_update()
    if conn.execute(held).one_or_none() is None:
        raise NoSuchIncident(f"incident {incident_id} is not in the store")
    last = select(func.coalesce(func.max(incident_events.c.seq), 0)).where(
        incident_events.c.incident_id == incident_id
    )
    statement = (
        insert_or(conn, incident_events)
        .values(
            incident_id=incident_id,
            seq=conn.execute(last).scalar_one() + 1,
            kind=kind,
            cause=cause,
            at=at,
            who=storable(who),
            note=storable(note),
            data=data or {},
        )
        .on_conflict_do_nothing(index_elements=["incident_id", "cause"])
        .returning(incident_events.c.id)
    )
    return conn.execute(statement).scalar_one_or_none()


def events_of(conn: Connection, incident_id: int) -> list[EventRow]:
    """An incident's timeline, the first event first."""
    e = incident_events.c
    statement = (
        select(e.id, e.incident_id, e.seq, e.kind, e.cause, e.at, e.who, e.note, e.data)
        .where(e.incident_id == incident_id)
        .order_by(e.seq)
    )
    return [EventRow(*row) for row in conn.execute(statement)]


def incident(conn: Connection, incident_id: int) -> IncidentRow | None:
    """One incident by its key in the store."""
    return next(iter(_rows(conn, incidents.c.id == incident_id)), None)


def number_of(conn: Connection, incident_id: int) -> str:
    """An incident's number, whatever else of it is unreadable."""
    statement = select(incidents.c.number).where(incidents.c.id == incident_id)
    return conn.execute(statement).scalar_one_or_none() or "?"


def find(conn: Connection, number: str) -> IncidentRow | None:
    """One incident by its number."""
    return next(iter(_rows(conn, incidents.c.number == storable(number))), None)


def list_incidents(
    conn: Connection,
    states: Collection[IncidentState] | None = None,
    limit: int = 0,
    since: datetime | None = None,
) -> list[IncidentRow]:
    """Incidents, the one with the newest post first; `limit` 0 means all.

    `since` leaves out those whose last post happened before. What cannot be read is left out;
    judging names it (set_aside, lane "incident").
    """
    conditions: list[ColumnElement[bool]] = []
    if states is not None:
        conditions.append(incidents.c.state.in_([s.value for s in states]))
    if since is not None:
        conditions.append(incidents.c.last_event_at >= since)
    return _rows(conn, *conditions, limit=limit, unreadable={})


def count_incidents(conn: Connection) -> dict[IncidentState, int]:
    """How many incidents are in each state; states without any are left out."""
    statement = select(incidents.c.state, func.count()).group_by(incidents.c.state)
    return {IncidentState(state): n for state, n in conn.execute(statement)}


def _values(incident: Incident, profile: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    values = {name: getattr(incident, name) for name in _FIELDS}
    for name in ("category", "severity", "state", "area"):
        values[name] = values[name].value
    values["channels"] = list(incident.channels)
    values["updated_at"] = now
    if profile is not None:
        values["profile"] = profile
    return values


def _rows(
    conn: Connection,
    *conditions: ColumnElement[bool],
    limit: int = 0,
    unreadable: dict[int, str] | None = None,
) -> list[IncidentRow]:
    statement = (
        select(incidents)
        .where(*conditions)
        .order_by(incidents.c.last_event_at.desc(), incidents.c.id.desc())
    )
    if limit:
        statement = statement.limit(limit)
    return readable(conn, statement, incidents.c.id, _row, unreadable)


def _row(row: Any) -> IncidentRow:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["category"] = Category(row.category)
    values["severity"] = Severity(row.severity)
    values["state"] = IncidentState(row.state)
    values["area"] = Area(row.area)
    values["channels"] = tuple(row.channels)
    return IncidentRow(row.id, row.profile, Incident(**values), row.updated_at)
