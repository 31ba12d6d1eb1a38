"""Attempts: begun before the send, ended after it, and what they mean for their delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
    update,
)

from db.outbox import AlertRow
from db.statements import storable
from db.tables import alerts, attempts, deliveries
from domain.alerts import MAY_BE_SEEN, DeliveryState, Outcome

_REFUSED = (Outcome.BAD_RECEIVER.value, Outcome.TOO_LONG.value)  # this message, whatever the time


@dataclass(frozen=True, slots=True)
class Tries:
    """Attempts of a delivery that count: how many, how many of them were refused for the message's
    own sake, and when the first began."""

    count: int
    refused: int
    first_at: datetime | None


def record_attempt(
    conn: Connection, delivery_id: str, now: datetime, owner: str | None = None
) -> int | None:
    """Write that an attempt begins; commit before sending. Its number, from 1.

    None: the delivery is not being sent any more (or, where `owner` is given, is leased by
    another): do not send.
    """
    which = {"delivery": delivery_id}
    if owner is None:
        n = conn.execute(_BEGIN, which).scalar_one_or_none()
    else:
        n = conn.execute(_BEGIN_OWN, {**which, "owner": owner}).scalar_one_or_none()
    if n is not None:
        conn.execute(_ATTEMPT, {"delivery_id": delivery_id, "n": n, "started_at": now})
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
    code, text = storable(code), storable(text)
    ended = {"finished_at": now, "outcome": outcome.value, "code": code, "text": text}
    conn.execute(_END_ATTEMPT, {**ended, "delivery": delivery_id, "nth": n})
    values: dict[str, Any] = {"lease_until": None, "lease_owner": None}
    values |= {"last_code": code, "last_text": text, "delivery": delivery_id}
    if outcome == Outcome.DELIVERED:
        values |= {"state": DeliveryState.DELIVERED.value, "delivered_at": now}
        return conn.execute(_DELIVERED, values).rowcount == 1
    if outcome in MAY_BE_SEEN:
        values["resend"] = True
    if retry_at is None:
        values["state"] = DeliveryState.DEAD.value
    else:
        values |= {"state": DeliveryState.RETRY.value, "next_at": retry_at}
    return conn.execute(_FAILED, {**values, "nth": n}).rowcount == 1


def counted_tries(conn: Connection, delivery_id: str) -> Tries:
    """The attempts since the delivery was written, or since `retry` let it begin anew."""
    return Tries(*conn.execute(_TRIES, {"delivery": delivery_id}).one())


def recent_attempts(conn: Connection, channel: str, since: datetime) -> list[datetime]:
    """When attempts of a channel began, by all processes, from `since` on: what its pace counts."""
    return list(conn.execute(_RECENT, {"on_channel": channel, "since": since}).scalars())


def newer_report(conn: Connection, alert: AlertRow, channel: str, recipient: str) -> int | None:
    """The last report of the alert's incident that has come through already, before the alert
    itself; None: there is none."""
    which = {"incident": alert.incident_id, "report": alert.report_no}
    newest = conn.scalar(_NEWER, {**which, "on_channel": channel, "to": recipient})
    return None if newest is None else int(newest)


def withdraw_held(
    conn: Connection, incident_id: int, report_no: int, to: tuple[str, str] | None = None
) -> int:
    """A report makes those before it needless that quiet hours hold and nobody was told yet (`to`
    that channel and recipient, else to anybody): they are withdrawn for it; how many."""
    which: dict[str, Any] = {"incident": incident_id, "report": report_no}
    which |= {"state": DeliveryState.WITHDRAWN.value, "withdrawn_for": report_no}
    if to is None:
        return conn.execute(_WITHDRAW, which).rowcount
    return conn.execute(_WITHDRAW_TO, {**which, "on_channel": to[0], "to": to[1]}).rowcount


def retry(conn: Connection, delivery_id: str) -> bool:
    """Send a dead letter again, at once and with all its tries before it. False: it is not dead."""
    return conn.execute(_RETRY, {"delivery": delivery_id}).rowcount == 1


def make_due(conn: Connection, channel: str) -> int:
    """The channel works again: all that it kept waiting may go at once; how many.

    What was refused for itself waits for its own time, as what quiet hours hold does.
    """
    return conn.execute(_MAKE_DUE, {"on_channel": channel}).rowcount


def was_refused() -> ColumnElement[bool]:
    """Whether the last attempt was refused for the message's own sake."""
    return exists().where(
        attempts.c.delivery_id == deliveries.c.id,
        attempts.c.n == deliveries.c.attempts,
        attempts.c.outcome.in_(_REFUSED),
    )


# Made once: to build a statement costs more than to run it. What a parameter is called must not be
# the name of a column that is set.
_THIS = update(deliveries).where(deliveries.c.id == bindparam("delivery"))
# As a delivery's `next_at`: due, whatever the clock says now or later.
_TIME_OF_ALERT = select(alerts.c.at).where(alerts.c.id == deliveries.c.alert_id).scalar_subquery()

_BEGIN = (
    _THIS.where(deliveries.c.state == DeliveryState.SENDING.value)
    .values(attempts=deliveries.c.attempts + 1)
    .returning(deliveries.c.attempts)
)
_BEGIN_OWN = _BEGIN.where(deliveries.c.lease_owner == bindparam("owner"))
_ATTEMPT = insert(attempts)
_END_ATTEMPT = update(attempts).where(
    attempts.c.delivery_id == bindparam("delivery"), attempts.c.n == bindparam("nth")
)
_DELIVERED = _THIS.where(deliveries.c.state != DeliveryState.DELIVERED.value)
_FAILED = _THIS.where(
    deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.attempts == bindparam("nth")
)
_TRIES = (
    select(
        func.count(),
        func.coalesce(func.sum(case((attempts.c.outcome.in_(_REFUSED), 1), else_=0)), 0),
        func.min(attempts.c.started_at),
    )
    .select_from(attempts.join(deliveries, deliveries.c.id == attempts.c.delivery_id))
    .where(
        attempts.c.delivery_id == bindparam("delivery"), attempts.c.n > deliveries.c.counted_from
    )
)
_RECENT = (
    select(attempts.c.started_at)
    .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
    .where(
        deliveries.c.channel == bindparam("on_channel"),
        attempts.c.started_at >= bindparam("since"),
    )
)
_EARLIER = select(alerts.c.id).where(
    alerts.c.incident_id == bindparam("incident"), alerts.c.report_no < bindparam("report")
)
_SAME_WAY = and_(
    deliveries.c.channel == bindparam("on_channel"), deliveries.c.recipient == bindparam("to")
)
_NEWER = (
    select(func.max(alerts.c.report_no))
    .join(deliveries, deliveries.c.alert_id == alerts.c.id)
    .where(
        alerts.c.incident_id == bindparam("incident"),
        alerts.c.report_no > bindparam("report"),
        deliveries.c.state == DeliveryState.DELIVERED.value,
        _SAME_WAY,
    )
)
# What quiet hours hold is due later than its alert was written, and was never tried.
_WITHDRAW = update(deliveries).where(
    deliveries.c.alert_id.in_(_EARLIER),
    deliveries.c.state == DeliveryState.NEW.value,
    deliveries.c.attempts == 0,
    deliveries.c.next_at > _TIME_OF_ALERT,
)
_WITHDRAW_TO = _WITHDRAW.where(_SAME_WAY)
_RETRY = _THIS.where(deliveries.c.state == DeliveryState.DEAD.value).values(
    state=DeliveryState.RETRY.value,
    next_at=_TIME_OF_ALERT,
    counted_from=deliveries.c.attempts,
)
_MAKE_DUE = (
    update(deliveries)
    .where(
        deliveries.c.channel == bindparam("on_channel"),
        deliveries.c.state == DeliveryState.RETRY.value,
        ~was_refused(),
    )
    .values(next_at=_TIME_OF_ALERT)
)
