"""Incidents, the posts that belong to them, and their append-only timeline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)

from db.alone import readable
from db.columns import Json, UtcTime
from db.rows import CandidateRow, EventRow, IncidentRow
from db.statements import insert_or, storable
from db.tables import incident_events, incident_numbers, incident_posts, incidents
from domain.clock import SHANGHAI
from domain.events import Cause
from domain.model import Area, Category, Incident, IncidentState, PostRole, Severity

_OPEN = [state.value for state in IncidentState if state.is_open]
_SETTLED = [IncidentState.CLOSED.value, IncidentState.FALSE_ALARM.value]
_FIELDS = [f.name for f in fields(Incident)]
# What posts make of an incident; the rest is given once, or belongs to people and to telling.
_GROWN = (
    "severity", "severity_score", "area", "place_code", "place", "station",
    "first_event_at", "last_event_at", "post_count", "channels", "fresh",
)  # fmt: skip
_ENUMS = frozenset(("category", "severity", "state", "area"))


class NoSuchIncident(LookupError):
    """An incident id that the store does not hold."""


def candidates(
    conn: Connection,
    ids: Sequence[int],
    since: datetime,
    unreadable: dict[int, str] | None = None,
) -> list[CandidateRow]:
    """Those of these incidents that a post may join, in order of opening: the open ones, and the
    closed or false alarms whose last post happened at `since` or later. Merged ones are left out:
    their posts moved on.

    `unreadable` takes the ids of those whose rows cannot be read, with the problem; None: they
    raise.
    """
    statement = select(
        incidents.c.id,
        incidents.c.number,
        incidents.c.state,
        incidents.c.category,
        incidents.c.first_event_at,
        incidents.c.last_event_at,
        # As it is written: one that cannot be read costs no other.
        type_coerce(incidents.c.profile, Text).label("profile"),
    ).where(
        incidents.c.id.in_(ids),
        incidents.c.state.in_(_OPEN)
        | (incidents.c.state.in_(_SETTLED) & (incidents.c.last_event_at >= since)),
    )
    return readable(
        conn, statement.order_by(incidents.c.id), incidents.c.id, _candidate, unreadable
    )


def _candidate(row: Any) -> CandidateRow:
    return CandidateRow(
        id=row.id,
        number=row.number,
        state=IncidentState(row.state),
        category=Category(row.category),
        first_event_at=row.first_event_at,
        last_event_at=row.last_event_at,
        profile=row.profile,
    )


def next_number(conn: Connection, opened_at: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    """A new incident's number, `YYYYMMDD-NNN` by the local day of opening."""
    day = f"{opened_at.astimezone(zone):%Y%m%d}"
    statement = insert_or(conn, incident_numbers).values(day=day, last=1)
    nth = conn.execute(
        statement.on_conflict_do_update(
            index_elements=["day"], set_={"last": incident_numbers.c.last + 1}
        ).returning(incident_numbers.c.last)
    ).scalar_one()
    return f"{day}-{nth:03d}"


def open_incident(
    conn: Connection, incident: Incident, profile: dict[str, Any], now: datetime
) -> int:
    """Store a new incident under the number that `next_number` drew for it; its id."""
    values = _values(incident, _FIELDS)
    values.update(profile=profile, updated_at=now)
    row = conn.execute(insert(incidents).values(values).returning(incidents.c.id))
    return int(row.scalar_one())


def grow_incident(
    conn: Connection,
    incident_id: int,
    incident: Incident,
    profile: dict[str, Any],
    now: datetime,
) -> None:
    """Write what posts make of an incident. Its state is left to those who act on it
    (`change_state`), its report number to those who tell of it (`count_report`).

    Raises NoSuchIncident.
    """
    values = _values(incident, _GROWN)
    values.update(profile=profile, updated_at=now)
    done = conn.execute(update(incidents).where(incidents.c.id == incident_id).values(values))
    if done.rowcount != 1:
        raise NoSuchIncident(f"incident {incident_id} is not in the store")


def count_report(conn: Connection, incident_id: int, report_no: int, now: datetime) -> None:
    """People were told of an incident for the `report_no`th time."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident_id)
        .values(report_no=report_no, updated_at=now)
    )


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


def add_post(
    conn: Connection,
    incident_id: int,
    post_id: int,
    now: datetime,
    role: PostRole = PostRole.COMPLAINT,
) -> bool:
    """Put a post into an incident. False: it is in one already, where it stays."""
    statement = (
        insert_or(conn, incident_posts)
        .values(post_id=post_id, incident_id=incident_id, at=now, role=role.value)
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


def post_ids_of(conn: Connection, incident_id: int, limit: int = 0) -> list[int]:
    """The ids of an incident's posts, in order of arrival; `limit` 0 means all."""
    statement = select(incident_posts.c.post_id).where(incident_posts.c.incident_id == incident_id)
    statement = statement.order_by(incident_posts.c.post_id)
    return list(conn.execute(statement.limit(limit) if limit else statement).scalars())


def add_event(
    conn: Connection,
    incident_id: int,
    kind: str,
    cause: Cause,
    at: datetime,
    who: str = "",
    note: str = "",
    data: dict[str, Any] | None = None,
) -> int | None:
    """Write an event at the end of an incident's timeline; its id.

    None: this cause was recorded before, nothing is written. A second run is harmless by it.
    Raises NoSuchIncident.
    """
    if conn.dialect.name == "postgresql":
        # Holding the incident's row keeps the sequence free of gaps and clashes.
        conn.execute(_exists(incident_id).with_for_update())
    e = incident_events.c
    last = select(func.coalesce(func.max(e.seq), 0)).where(e.incident_id == incident_id)
    values = {
        "incident_id": incidents.c.id,
        "seq": last.scalar_subquery() + 1,
        "kind": literal(str(kind)),
        "cause": literal(str(cause)),
        "at": literal(at, UtcTime),
        "who": literal(storable(who)),
        "note": literal(storable(note)),
        "data": literal(data or {}, Json),
    }
    statement = (
        insert_or(conn, incident_events)
        .from_select(list(values), select(*values.values()).where(incidents.c.id == incident_id))
        .on_conflict_do_nothing(index_elements=["incident_id", "cause"])
        .returning(e.id)
    )
    written = conn.execute(statement).scalar_one_or_none()
    if written is None and conn.execute(_exists(incident_id)).one_or_none() is None:
        raise NoSuchIncident(f"incident {incident_id} is not in the store")
    return written


def _exists(incident_id: int) -> Select[Any]:
    return select(incidents.c.id).where(incidents.c.id == incident_id)


def events_of(conn: Connection, incident_id: int) -> list[EventRow]:
    """An incident's timeline, the first event first."""
    e = incident_events.c
    statement = (
        select(e.id, e.incident_id, e.seq, e.kind, e.cause, e.at, e.who, e.note, e.data)
        .where(e.incident_id == incident_id)
        .order_by(e.seq)
    )
    return [
        EventRow(
            r.id, r.incident_id, r.seq, r.kind, Cause.read(r.cause), r.at, r.who, r.note, r.data
        )
        for r in conn.execute(statement)
    ]


def incident(conn: Connection, incident_id: int, hold: bool = False) -> IncidentRow | None:
    """One incident by its key in the store. `hold` as in `find`."""
    return next(iter(_rows(conn, incidents.c.id == incident_id, hold=hold)), None)


def number_of(conn: Connection, incident_id: int) -> str:
    """An incident's number, whatever else of it is unreadable."""
    statement = select(incidents.c.number).where(incidents.c.id == incident_id)
    return conn.execute(statement).scalar_one_or_none() or "?"


def find(conn: Connection, number: str, hold: bool = False) -> IncidentRow | None:
    """One incident by its number. `hold`: nobody else changes it before this transaction ends."""
    return next(iter(_rows(conn, incidents.c.number == storable(number), hold=hold)), None)


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


def _values(incident: Incident, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(incident, name) for name in names}
    for name in _ENUMS.intersection(names):
        values[name] = values[name].value
    values["channels"] = list(incident.channels)
    return values


def _rows(
    conn: Connection,
    *conditions: ColumnElement[bool],
    limit: int = 0,
    unreadable: dict[int, str] | None = None,
    hold: bool = False,
) -> list[IncidentRow]:
    statement = (
        select(incidents)
        .where(*conditions)
        .order_by(incidents.c.last_event_at.desc(), incidents.c.id.desc())
    )
    if limit:
        statement = statement.limit(limit)
    if hold:
        statement = statement.with_for_update()
    return readable(conn, statement, incidents.c.id, _row, unreadable)


def _row(row: Any) -> IncidentRow:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["category"] = Category(row.category)
    values["severity"] = Severity(row.severity)
    values["state"] = IncidentState(row.state)
    values["area"] = Area(row.area)
    values["channels"] = tuple(row.channels)
    return IncidentRow(row.id, row.profile, Incident(**values), row.updated_at)
