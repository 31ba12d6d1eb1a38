"""The outbox: alerts, their deliveries, and every attempt to send one.

new → sending → delivered | retry | dead; retry → sending; dead → retry by hand. A delivery is
leased before it is sent, its attempt is recorded and committed before the send and the outcome
after: a crash in between leaves an attempt without an outcome, which is sent again and marked.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, select, update

from db.rows import AlertRow, AttemptRow, ChannelState, DeliveryRow, Leased
from db.settings import get_or_create_secret
from db.statements import insert_or
from db.tables import (
    alerts,
    attempts,
    channel_states,
    deliveries,
    incident_events,
    incidents,
)
from domain.model import DeliveryState, Outcome, Severity

_WAITING = (DeliveryState.NEW.value, DeliveryState.RETRY.value)
_ALERT_COLUMNS = (
    alerts.c.id.label("alert_key"),
    alerts.c.incident_id,
    incidents.c.number,
    alerts.c.event_id,
    alerts.c.reason,
    alerts.c.report_no,
    alerts.c.severity,
    alerts.c.title,
    alerts.c.body,
    alerts.c.at,
)


def add_alert(
    conn: Connection,
    incident_id: int,
    event_id: int,
    reason: str,
    report_no: int,
    severity: Severity,
    title: str,
    body: dict[str, Any],
    at: datetime,
) -> int | None:
    """Write an alert in the transaction of the change that causes it; its id.

    None: this event of this incident has its alert already.
    """
    statement = (
        insert_or(conn, alerts)
        .values(
            incident_id=incident_id,
            event_id=event_id,
            reason=str(reason),
            report_no=report_no,
            severity=severity.value,
            severity_rank=severity.rank,
            title=title,
            body=body,
            at=at,
        )
        .on_conflict_do_nothing(index_elements=["incident_id", "event_id"])
        .returning(alerts.c.id)
    )
    return conn.execute(statement).scalar_one_or_none()


def delivery_id(conn: Connection, alert_id: int, channel: str, recipient: str) -> str:
    """The id, and idempotency key, of one alert through one channel to one recipient.

    Keyed with a secret of this database: a store that begins anew must not repeat the ids of an
    older one, or receivers would drop its first alerts as seen.
    """
    key = bytes.fromhex(get_or_create_secret(conn, "delivery_ids"))
    words = f"{alert_id}\n{channel}\n{recipient}".encode()
    return "dlv_" + hmac.new(key, words, hashlib.sha256).hexdigest()[:32]


def add_delivery(
    conn: Connection, alert_id: int, channel: str, recipient: str, next_at: datetime
) -> str | None:
    """Put an alert on its way, to be sent at `next_at`; its id. None: it is on its way already."""
    name = delivery_id(conn, alert_id, channel, recipient)
    statement = (
        insert_or(conn, deliveries)
        .values(
            id=name,
            alert_id=alert_id,
            channel=channel,
            recipient=recipient,
            state=DeliveryState.NEW.value,
            attempts=0,
            resend=False,
            next_at=next_at,
        )
        .on_conflict_do_nothing(index_elements=["alert_id", "channel", "recipient"])
        .returning(deliveries.c.id)
    )
    return conn.execute(statement).scalar_one_or_none()


def lease_deliveries(
    conn: Connection,
    owner: str,
    now: datetime,
    lease_s: float,
    limit: int,
    channels: Collection[str] | None = None,
) -> list[Leased]:
    """Lease up to `limit` deliveries that are due: red first, then the oldest alerts.

    Those whose lease ran out come again; where an attempt of theirs has no outcome they are
    marked `resend`, since the receiver may hold the message. Held-back channels are skipped.
    """
    lost = (deliveries.c.state == DeliveryState.SENDING.value) & (deliveries.c.lease_until <= now)
    held_back = select(channel_states.c.name).where(channel_states.c.blocked_until > now)
    due = (
        select(deliveries.c.id, deliveries.c.state)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .where(
            (deliveries.c.state.in_(_WAITING) & (deliveries.c.next_at <= now)) | lost,
            deliveries.c.channel.not_in(held_back),
        )
        .order_by(alerts.c.severity_rank.desc(), alerts.c.at, alerts.c.id, deliveries.c.id)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    if channels is not None:
        due = due.where(deliveries.c.channel.in_(channels))
    rows = conn.execute(due).all()
    if not rows:
        return []
    names = [row.id for row in rows]
    _close_lost_attempts(
        conn, [row.id for row in rows if row.state == DeliveryState.SENDING.value], now
    )
    conn.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(names))
        .values(
            state=DeliveryState.SENDING.value,
            lease_until=now + timedelta(seconds=lease_s),
            lease_owner=owner,
        )
    )
    leased = {
        row.id: Leased(
            row.id, row.channel, row.recipient, row.attempts, row.resend, _alert_row(row)
        )
        for row in conn.execute(_select_deliveries().where(deliveries.c.id.in_(names)))
    }
    return [leased[name] for name in names]


def _close_lost_attempts(conn: Connection, names: list[str], now: datetime) -> None:
    """Attempts that were begun and whose outcome nobody wrote: unknown, so resend and say so."""
    if not names:
        return
    open_ones = select(attempts.c.delivery_id).where(
        attempts.c.delivery_id.in_(names), attempts.c.finished_at.is_(None)
    )
    conn.execute(update(deliveries).where(deliveries.c.id.in_(open_ones)).values(resend=True))
    conn.execute(
        update(attempts)
        .where(attempts.c.delivery_id.in_(names), attempts.c.finished_at.is_(None))
        .values(finished_at=now, outcome=Outcome.UNKNOWN.value, text="the sender stopped")
    )


def record_attempt(
    conn: Connection, delivery_id: str, now: datetime, owner: str | None = None
) -> int | None:
    """Write that an attempt begins; commit before sending. Its number, from 1.

    None: the delivery is not being sent any more (or, where `owner` is given, is leased by
    another): do not send.
    """
    mine = [deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.SENDING.value]
    if owner is not None:
        mine.append(deliveries.c.lease_owner == owner)
    n = conn.execute(
        update(deliveries)
        .where(*mine)
        .values(attempts=deliveries.c.attempts + 1)
        .returning(deliveries.c.attempts)
    ).scalar_one_or_none()
    if n is not None:
        conn.execute(insert(attempts).values(delivery_id=delivery_id, n=n, started_at=now))
    return n


def record_outcome(
    conn: Connection,
    delivery_id: str,
    n: int,
    now: datetime,
    outcome: Outcome,
    code: str = "",
    text: str = "",
    retry_at: datetime | None = None,
) -> bool:
    """Write what attempt `n` came to: delivered, to be tried again at `retry_at`, or dead.

    An acceptance counts whenever it comes. Any other outcome of an attempt that lost its lease
    is kept with the attempt only: False, the delivery's state is left to the newer one.
    """
    conn.execute(
        update(attempts)
        .where(attempts.c.delivery_id == delivery_id, attempts.c.n == n)
        .values(finished_at=now, outcome=outcome.value, code=code, text=text)
    )
    values: dict[str, Any] = {"lease_until": None, "lease_owner": None}
    values |= {"last_code": code, "last_text": text}
    mine = [deliveries.c.id == delivery_id]
    if outcome == Outcome.DELIVERED:
        values |= {"state": DeliveryState.DELIVERED.value, "delivered_at": now}
        mine.append(deliveries.c.state != DeliveryState.DELIVERED.value)
    else:
        mine += [deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.attempts == n]
        if outcome == Outcome.UNKNOWN:
            values["resend"] = True
        if retry_at is None:
            values["state"] = DeliveryState.DEAD.value
        else:
            values |= {"state": DeliveryState.RETRY.value, "next_at": retry_at}
    done = conn.execute(update(deliveries).where(*mine).values(values))
    return done.rowcount == 1


def lease_owners(conn: Connection) -> set[str]:
    """Who holds leased deliveries now."""
    statement = select(deliveries.c.lease_owner).distinct()
    return set(
        conn.execute(statement.where(deliveries.c.state == DeliveryState.SENDING.value)).scalars()
    ) - {None}


def end_leases(conn: Connection, owner: str, now: datetime) -> int:
    """The owner is known to be dead: what it held may be leased at once; how many."""
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.lease_owner == owner,
            deliveries.c.state == DeliveryState.SENDING.value,
            deliveries.c.lease_until > now,
        )
        .values(lease_until=now)
    )
    return done.rowcount


def give_back(conn: Connection, delivery_ids: Collection[str], owner: str) -> int:
    """Return leased deliveries of which no attempt is open (stop of the process); how many."""
    unfinished = select(attempts.c.delivery_id).where(attempts.c.finished_at.is_(None))
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(delivery_ids),
            deliveries.c.state == DeliveryState.SENDING.value,
            deliveries.c.lease_owner == owner,
            deliveries.c.id.not_in(unfinished),
        )
        .values(state=DeliveryState.RETRY.value, lease_until=None, lease_owner=None)
    )
    return done.rowcount


def retry(conn: Connection, delivery_id: str, now: datetime) -> bool:
    """Send a dead letter again, at once. False: it is not dead."""
    done = conn.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.DEAD.value)
        .values(state=DeliveryState.RETRY.value, next_at=now)
    )
    return done.rowcount == 1


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
    statement = _select_deliveries().where(*conditions)
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
            alert=_alert_row(row),
        )
        for row in conn.execute(statement)
    ]


def count_deliveries(conn: Connection) -> dict[DeliveryState, int]:
    """How many deliveries are in each state; states without any are left out."""
    statement = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    return {DeliveryState(state): n for state, n in conn.execute(statement)}


def next_delivery_at(conn: Connection) -> datetime | None:
    """When the earliest waiting delivery is due; None: nothing waits."""
    statement = select(func.min(deliveries.c.next_at)).where(deliveries.c.state.in_(_WAITING))
    return conn.execute(statement).scalar()


def list_alerts(conn: Connection, limit: int = 0, incident_id: int | None = None) -> list[AlertRow]:
    """Alerts, the newest first; `limit` 0 means all."""
    statement = select(*_ALERT_COLUMNS).join(incidents, incidents.c.id == alerts.c.incident_id)
    if incident_id is not None:
        statement = statement.where(alerts.c.incident_id == incident_id)
    statement = statement.order_by(alerts.c.at.desc(), alerts.c.id.desc())
    if limit:
        statement = statement.limit(limit)
    return [_alert_row(row) for row in conn.execute(statement)]


def attempts_of(conn: Connection, delivery_id: str) -> list[AttemptRow]:
    """Every attempt of a delivery, the first one first."""
    names = AttemptRow.__dataclass_fields__
    statement = select(*(attempts.c[n] for n in names)).where(attempts.c.delivery_id == delivery_id)
    return [AttemptRow(*tuple(row)) for row in conn.execute(statement.order_by(attempts.c.n))]


def recent_attempts(conn: Connection, channel: str, since: datetime) -> list[datetime]:
    """When attempts of a channel began, by all processes, from `since` on: what its pace counts."""
    statement = (
        select(attempts.c.started_at)
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(deliveries.c.channel == channel, attempts.c.started_at >= since)
    )
    return list(conn.execute(statement).scalars())


def last_alert(conn: Connection, incident_id: int) -> AlertRow | None:
    """What people last heard of an incident."""
    return next(iter(list_alerts(conn, 1, incident_id)), None)


def delivered_causes(conn: Connection) -> list[tuple[str, datetime]]:
    """(cause of the alert's event, when it was confirmed) of every confirmed delivery."""
    statement = (
        select(incident_events.c.cause, deliveries.c.delivered_at)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .join(incident_events, incident_events.c.id == alerts.c.event_id)
        .where(deliveries.c.state == DeliveryState.DELIVERED.value)
    )
    return [(row.cause, row.delivered_at) for row in conn.execute(statement)]


def has_untried(conn: Connection, channels: Collection[str], now: datetime) -> bool:
    """Whether a delivery on one of `channels` is due whose first attempt was not made yet."""
    statement = select(
        exists().where(
            deliveries.c.state == DeliveryState.NEW.value,
            deliveries.c.channel.in_(channels),
            deliveries.c.next_at <= now,
        )
    )
    return bool(conn.execute(statement).scalar())


def hold_channel(conn: Connection, name: str, until: datetime | None, problem: str | None) -> None:
    """Hold an alert channel back until then (None: let it go), saying why."""
    values = {"blocked_until": until, "problem": problem}
    statement = insert_or(conn, channel_states).values(name=name, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def channel_state_rows(conn: Connection) -> list[ChannelState]:
    """Every alert channel that ever had a problem."""
    c = channel_states.c
    statement = select(c.name, c.blocked_until, c.problem).order_by(c.name)
    return [ChannelState(*tuple(row)) for row in conn.execute(statement)]


def _select_deliveries() -> Select[Any]:
    columns = [c for c in deliveries.c if c.name != "alert_id"]
    return (
        select(*columns, *_ALERT_COLUMNS)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .join(incidents, incidents.c.id == alerts.c.incident_id)
    )


def _alert_row(row: Any) -> AlertRow:
    return AlertRow(
        id=row.alert_key,
        incident_id=row.incident_id,
        incident_number=row.number,
        event_id=row.event_id,
        reason=row.reason,
        report_no=row.report_no,
        severity=Severity(row.severity),
        title=row.title,
        body=row.body,
        at=row.at,
    )
