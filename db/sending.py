"""Attempts: begun before the send, ended after it, and what they mean for their delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    case,
    exists,
    func,
    insert,
    select,
    update,
)

from db.statements import storable
from db.tables import alerts, attempts, deliveries
from domain.alerts import DeliveryState, Outcome

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
    code, text = storable(code), storable(text)
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


def counted_tries(conn: Connection, delivery_id: str) -> Tries:
    """The attempts since the delivery was written, or since `retry` let it begin anew."""
    statement = (
        select(
            func.count(),
            func.coalesce(func.sum(case((attempts.c.outcome.in_(_REFUSED), 1), else_=0)), 0),
            func.min(attempts.c.started_at),
        )
        .select_from(attempts.join(deliveries, deliveries.c.id == attempts.c.delivery_id))
        .where(attempts.c.delivery_id == delivery_id, attempts.c.n > deliveries.c.counted_from)
    )
    return Tries(*conn.execute(statement).one())


def recent_attempts(conn: Connection, channel: str, since: datetime) -> list[datetime]:
    """When attempts of a channel began, by all processes, from `since` on: what its pace counts."""
    statement = (
        select(attempts.c.started_at)
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(deliveries.c.channel == channel, attempts.c.started_at >= since)
    )
    return list(conn.execute(statement).scalars())


def retry(conn: Connection, delivery_id: str) -> bool:
    """Send a dead letter again, at once and with all its tries before it. False: it is not dead."""
    done = conn.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.DEAD.value)
        .values(
            state=DeliveryState.RETRY.value,
            next_at=_time_of_alert(),
            counted_from=deliveries.c.attempts,
        )
    )
    return done.rowcount == 1


def make_due(conn: Connection, channel: str) -> int:
    """The channel works again: all that it kept waiting may go at once; how many.

    What was refused for itself waits for its own time, as what quiet hours hold does.
    """
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.channel == channel,
            deliveries.c.state == DeliveryState.RETRY.value,
            ~was_refused(),
        )
        .values(next_at=_time_of_alert())
    )
    return done.rowcount


def was_refused() -> ColumnElement[bool]:
    """Whether the last attempt was refused for the message's own sake."""
    return exists().where(
        attempts.c.delivery_id == deliveries.c.id,
        attempts.c.n == deliveries.c.attempts,
        attempts.c.outcome.in_(_REFUSED),
    )


def _time_of_alert() -> ScalarSelect[datetime]:
    """As a delivery's `next_at`: due, whatever the clock says now or later."""
    return select(alerts.c.at).where(alerts.c.id == deliveries.c.alert_id).scalar_subquery()
