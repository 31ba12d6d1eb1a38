"""The outbox: alerts and their deliveries, as they are written and as they are read.

new → sending → delivered | retry | dead; retry → sending; dead → retry by hand; new → withdrawn,
where quiet hours held it until a later report made it needless. A delivery is leased (leases.py)
and its attempt recorded (sending.py) before it is sent, and the outcome after: a crash in between
leaves an attempt without an outcome, which is sent again and marked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    Text,
    bindparam,
    func,
    select,
    type_coerce,
)

from db.settings import get_or_create_secret
from db.statements import insert_for
from db.tables import alerts, deliveries, incident_events, incidents
from domain.alerts import AlertReason, DeliveryState
from domain.assessments import Severity
from domain.incidents.events import Cause


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as it was decided; `body` is what rendering was given, opaque here."""

    id: int
    incident_id: int
    incident_number: str
    event_id: int
    reason: AlertReason
    report_no: int
    severity: Severity
    title: str
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One alert on its way through one channel, as it stands."""

    id: str
    channel: str
    recipient: str
    state: DeliveryState
    attempts: int
    resend: bool
    next_at: datetime
    delivered_at: datetime | None
    last_code: str | None
    last_text: str | None
    withdrawn_for: int | None
    alert: AlertRow


_ALERT_COLUMNS = (
    alerts.c.id.label("alert_key"),
    alerts.c.incident_id,
    incidents.c.number,
    alerts.c.event_id,
    alerts.c.reason,
    alerts.c.report_no,
    alerts.c.severity,
    alerts.c.title,
    # As it is written: one that cannot be read must not cost a whole list or lane.
    type_coerce(alerts.c.body, Text).label("body"),
    alerts.c.at,
)


def add_alert(
    conn: Connection,
    incident_id: int,
    event_id: int,
    reason: AlertReason,
    report_no: int,
    severity: Severity,
    title: str,
    body: dict[str, Any],
    at: datetime,
    machines_only: bool = False,
) -> int | None:
    """Write an alert in the transaction of the change that causes it; its id. `machines_only`:
    people are not to hear of it.

    None: this event of this incident has its alert already.
    """
    values = {
        "incident_id": incident_id,
        "event_id": event_id,
        "reason": reason.value,
        "report_no": report_no,
        "severity": severity.value,
        "severity_rank": severity.rank,
        "title": title,
        "body": body,
        "at": at,
        "machines_only": machines_only,
    }
    return conn.execute(_add_alert(conn.dialect.name), values).scalar_one_or_none()


@cache
def _add_alert(dialect: str) -> Executable:
    return (
        insert_for(dialect, alerts)
        .on_conflict_do_nothing(index_elements=["incident_id", "event_id"])
        .returning(alerts.c.id)
    )


def add_deliveries(
    conn: Connection, alert_id: int, ways: Sequence[tuple[str, str, datetime]]
) -> list[str]:
    """Put an alert on its ways: (channel, recipient, when it is to be sent) each; their ids, which
    are idempotency keys. One that it is on already stays as it is.

    Not later than the alert's own time means at once, whatever the clock says by then. The ids are
    keyed with a secret of this database: a store that begins anew must not repeat those of an
    older one, or receivers would drop its first alerts as seen.
    """
    key = bytes.fromhex(get_or_create_secret(conn, "delivery_ids"))
    rows = [
        {
            "id": _delivery_id(key, alert_id, channel, recipient),
            "alert_id": alert_id,
            "channel": channel,
            "recipient": recipient,
            "state": DeliveryState.NEW.value,
            "attempts": 0,
            "resend": False,
            "next_at": next_at,
        }
        for channel, recipient, next_at in ways
    ]
    if rows:
        conn.execute(_add_delivery(conn.dialect.name), rows)
    return [str(row["id"]) for row in rows]


def _delivery_id(key: bytes, alert_id: int, channel: str, recipient: str) -> str:
    words = f"{alert_id}\n{channel}\n{recipient}".encode()
    return "dlv_" + hmac.new(key, words, hashlib.sha256).hexdigest()[:32]


@cache
def _add_delivery(dialect: str) -> Executable:
    return insert_for(dialect, deliveries).on_conflict_do_nothing(
        index_elements=["alert_id", "channel", "recipient"]
    )


def dead_letters(conn: Connection, limit: int = 0) -> list[DeliveryRow]:
    """Deliveries that were given up, the newest alert first; `limit` 0 means all."""
    return list_deliveries(conn, states=[DeliveryState.DEAD], limit=limit)


def list_deliveries(
    conn: Connection,
    states: Collection[DeliveryState] | None = None,
    limit: int = 0,
    incident_id: int | None = None,
) -> list[DeliveryRow]:
    """Deliveries, those of the newest alert first; `limit` 0 means all."""
    conditions: list[ColumnElement[bool]] = []
    if states is not None:
        conditions.append(deliveries.c.state.in_([s.value for s in states]))
    if incident_id is not None:
        conditions.append(alerts.c.incident_id == incident_id)
    statement = select_deliveries().where(*conditions)
    statement = statement.order_by(alerts.c.at.desc(), alerts.c.id.desc(), deliveries.c.id)
    if limit:
        statement = statement.limit(limit)
    return [
        DeliveryRow(
            id=row.id,
            channel=row.channel,
            recipient=row.recipient,
            state=DeliveryState(row.state),
            attempts=row.attempts,
            resend=row.resend,
            next_at=row.next_at,
            delivered_at=row.delivered_at,
            last_code=row.last_code,
            last_text=row.last_text,
            withdrawn_for=row.withdrawn_for,
            alert=alert_row(row),
        )
        for row in conn.execute(statement)
    ]


def count_deliveries(conn: Connection) -> dict[DeliveryState, int]:
    """How many deliveries are in each state; states without any are left out."""
    statement = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    return {DeliveryState(state): n for state, n in conn.execute(statement)}


def list_alerts(conn: Connection, limit: int = 0, incident_id: int | None = None) -> list[AlertRow]:
    """Alerts, the newest first; `limit` 0 means all."""
    statement = select(*_ALERT_COLUMNS).join(incidents, incidents.c.id == alerts.c.incident_id)
    if incident_id is not None:
        statement = statement.where(alerts.c.incident_id == incident_id)
    statement = statement.order_by(alerts.c.at.desc(), alerts.c.id.desc())
    if limit:
        statement = statement.limit(limit)
    return [alert_row(row) for row in conn.execute(statement)]


def last_alert(conn: Connection, incident_id: int, machines_only: bool = False) -> AlertRow | None:
    """What people last heard of an incident, or what machines alone heard of it: by its number, for
    clocks are put back."""
    which = {"incident": incident_id, "to_machines": machines_only}
    row = conn.execute(_LAST_ALERT, which).one_or_none()
    return None if row is None else alert_row(row)


_LAST_ALERT = (
    select(*_ALERT_COLUMNS)
    .join(incidents, incidents.c.id == alerts.c.incident_id)
    .where(
        alerts.c.incident_id == bindparam("incident"),
        alerts.c.machines_only == bindparam("to_machines"),
    )
    .order_by(alerts.c.report_no.desc(), alerts.c.id.desc())
    .limit(1)
)


def delivered_causes(conn: Connection) -> list[tuple[Cause, datetime]]:
    """(cause of the alert's event, when it was confirmed) of every confirmed delivery."""
    statement = (
        select(incident_events.c.cause, deliveries.c.delivered_at)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .join(incident_events, incident_events.c.id == alerts.c.event_id)
        .where(deliveries.c.state == DeliveryState.DELIVERED.value)
    )
    return [(Cause.read(row.cause), row.delivered_at) for row in conn.execute(statement)]


def select_deliveries() -> Select[Any]:
    columns = [c for c in deliveries.c if c.name not in ("alert_id", "counted_from")]
    return (
        select(*columns, *_ALERT_COLUMNS)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .join(incidents, incidents.c.id == alerts.c.incident_id)
    )


def alert_row(row: Any) -> AlertRow:
    return AlertRow(
        id=row.alert_key,
        incident_id=row.incident_id,
        incident_number=row.number,
        event_id=row.event_id,
        reason=AlertReason(row.reason),
        report_no=row.report_no,
        severity=Severity(row.severity),
        title=row.title,
        body=_body(row.body),
        at=row.at,
    )


def _body(written: Any) -> dict[str, Any]:
    """An alert's body; {} where it cannot be read, so that only its own sending fails."""
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except (ValueError, RecursionError):
            return {}
    return written if isinstance(written, dict) else {}
