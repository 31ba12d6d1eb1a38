"""Incidents, the posts that belong to them, and their append-only timeline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Executable, bindparam, func, select, update

from db.alone import readable
from db.statements import insert_for, storable
from db.tables import incident_events, incident_numbers, incident_posts, incidents
from domain.assessments import Area, Category, PostRole, Severity
from domain.clock import SHANGHAI
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState

_ALL = 1_000_000_000
_FIELDS = [f.name for f in fields(Incident)]
# What posts make of an incident; the rest is given once, or belongs to people and to telling.
_GROWN = (
    "severity", "severity_score", "area", "place_code", "place", "station",
    "first_event_at", "last_event_at", "post_count", "channels", "fresh",
)  # fmt: skip
_ENUMS = frozenset(("category", "severity", "state", "area"))


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident with its key in the store and what grouping remembers of it, as it is written."""

    id: int
    profile: dict[str, Any]
    incident: Incident
    updated_at: datetime


class NoSuchIncident(LookupError):
    """An incident id that the store does not hold."""


def next_number(conn: Connection, opened_at: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    """A new incident's number, `YYYYMMDD-NNN` by the local day of opening."""
    day = f"{opened_at.astimezone(zone):%Y%m%d}"
    nth = conn.execute(_next_number(conn.dialect.name), {"day": day, "last": 1}).scalar_one()
    return f"{day}-{nth:03d}"


def open_incident(
    conn: Connection, incident: Incident, profile: dict[str, Any], now: datetime
) -> int:
    """Store a new incident under the number that `next_number` drew for it; its id."""
    values = _values(incident, _FIELDS)
    values.update(profile=profile, updated_at=now)
    return int(conn.execute(_OPEN_INCIDENT, values).scalar_one())


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
    values.update(profile=profile, updated_at=now, incident=incident_id)
    if conn.execute(_GROW, values).rowcount != 1:
        raise NoSuchIncident(f"incident {incident_id} is not in the store")


def count_report(conn: Connection, incident_id: int, report_no: int, now: datetime) -> None:
    """People were told of an incident for the `report_no`th time."""
    values = {"report_no": report_no, "updated_at": now, "incident": incident_id}
    conn.execute(_COUNT_REPORT, values)


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
    values = {"post_id": post_id, "incident_id": incident_id, "at": now, "role": role.value}
    return conn.execute(_add_post(conn.dialect.name), values).one_or_none() is not None


def post_ids_of(conn: Connection, incident_id: int, limit: int = _ALL) -> list[int]:
    """The ids of an incident's posts, in order of arrival."""
    return list(conn.execute(_POST_IDS, {"incident": incident_id, "limit": limit}).scalars())


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
        conn.execute(_HELD, {"incident": incident_id})
    values = {
        "incident": incident_id,
        "kind": str(kind),
        "cause": str(cause),
        "at": at,
        "who": storable(who),
        "note": storable(note),
        "data": data or {},
    }
    written = conn.execute(_add_event(conn.dialect.name), values).scalar_one_or_none()
    if written is None and conn.execute(_HELD, {"incident": incident_id}).one_or_none() is None:
        raise NoSuchIncident(f"incident {incident_id} is not in the store")
    return written


def incident(conn: Connection, incident_id: int, hold: bool = False) -> IncidentRow | None:
    """One incident by its key in the store. `hold` as in `find`."""
    given = {"incident": incident_id}
    row = conn.execute(_ONE_HELD if hold else _ONE, given).one_or_none()
    return None if row is None else _row(row)


def number_of(conn: Connection, incident_id: int) -> str:
    """An incident's number, whatever else of it is unreadable."""
    statement = select(incidents.c.number).where(incidents.c.id == incident_id)
    return conn.execute(statement).scalar_one_or_none() or "?"


def is_merged(conn: Connection, incident_id: int) -> bool:
    """Whether an incident's posts moved on, whatever of it is unreadable."""
    statement = select(incidents.c.state).where(incidents.c.id == incident_id)
    return conn.execute(statement).scalar_one_or_none() == IncidentState.MERGED


def find(conn: Connection, number: str, hold: bool = False) -> IncidentRow | None:
    """One incident by its number. `hold`: nobody else changes it before this transaction ends."""
    given = {"number": storable(number)}
    row = conn.execute(_NUMBERED_HELD if hold else _NUMBERED, given).one_or_none()
    return None if row is None else _row(row)


def list_incidents(
    conn: Connection,
    states: Collection[IncidentState] | None = None,
    limit: int = 0,
    since: datetime | None = None,
) -> list[IncidentRow]:
    """Incidents, the one with the newest post first; `limit` 0 means all.

    `since` leaves out those whose last post happened before. What cannot be read is left out;
    assessing names it (set_aside, lane "incident").
    """
    conditions: list[ColumnElement[bool]] = []
    if states is not None:
        conditions.append(incidents.c.state.in_([s.value for s in states]))
    if since is not None:
        conditions.append(incidents.c.last_event_at >= since)
    statement = _ROWS.where(*conditions)
    if limit:
        statement = statement.limit(limit)
    return readable(conn, statement, incidents.c.id, _row, unreadable={})


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


def _row(row: Any) -> IncidentRow:
    return IncidentRow(row.id, row.profile, incident_of(row), row.updated_at)


def incident_of(row: Any) -> Incident:
    """The incident that a row with its columns holds. Raises ValueError for a word no enum has."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["category"] = Category(row.category)
    values["severity"] = Severity(row.severity)
    values["state"] = IncidentState(row.state)
    values["area"] = Area(row.area)
    values["channels"] = tuple(row.channels)
    return Incident(**values)


# The statements of assessing, made once: to build one costs more than to run it.

_OPEN_INCIDENT = incidents.insert().returning(incidents.c.id)
_MINE = incidents.c.id == bindparam("incident")
_GROW = (
    update(incidents)
    .where(_MINE)
    .values({n: bindparam(n) for n in (*_GROWN, "profile", "updated_at")})
)
_COUNT_REPORT = (
    update(incidents)
    .where(_MINE)
    .values(report_no=bindparam("report_no"), updated_at=bindparam("updated_at"))
)
_HELD = select(incidents.c.id).where(_MINE).with_for_update()
_ROWS = select(incidents).order_by(incidents.c.last_event_at.desc(), incidents.c.id.desc())
_ONE = select(incidents).where(_MINE)
_ONE_HELD = _ONE.with_for_update()
_NUMBERED = select(incidents).where(incidents.c.number == bindparam("number"))
_NUMBERED_HELD = _NUMBERED.with_for_update()
_POST_IDS = (
    select(incident_posts.c.post_id)
    .where(incident_posts.c.incident_id == bindparam("incident"))
    .order_by(incident_posts.c.post_id)
    .limit(bindparam("limit"))
)


@cache
def _next_number(dialect: str) -> Executable:
    return (
        insert_for(dialect, incident_numbers)
        .on_conflict_do_update(index_elements=["day"], set_={"last": incident_numbers.c.last + 1})
        .returning(incident_numbers.c.last)
    )


@cache
def _add_post(dialect: str) -> Executable:
    return (
        insert_for(dialect, incident_posts)
        .on_conflict_do_nothing(index_elements=["post_id"])
        .returning(incident_posts.c.post_id)
    )


@cache
def _add_event(dialect: str) -> Executable:
    e = incident_events.c
    last = select(func.coalesce(func.max(e.seq), 0)).where(e.incident_id == bindparam("incident"))
    given = ("kind", "cause", "at", "who", "note", "data")
    values = [incidents.c.id, last.scalar_subquery() + 1]
    values += [bindparam(name, type_=e[name].type) for name in given]
    return (
        insert_for(dialect, incident_events)
        .from_select(["incident_id", "seq", *given], select(*values).where(_MINE))
        .on_conflict_do_nothing(index_elements=["incident_id", "cause"])
        .returning(e.id)
    )
