"""Which delivery goes next, and the leases under which one worker alone may send it.

No moment that lies further ahead than it can be holds anything: the clock has been put back since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    or_,
    select,
    update,
)

from db.outbox import AlertRow, alert_row, select_deliveries
from db.sending import was_refused
from db.tables import alerts, attempts, deliveries
from domain.alerts import DeliveryState, Outcome
from domain.assessments import Severity

_WAITING = (DeliveryState.NEW.value, DeliveryState.RETRY.value)
_LONGEST_WAIT = timedelta(hours=30)  # of a retry, and of quiet hours
_SKEW = timedelta(seconds=10)  # between the clocks of two machines


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this worker alone may send until the lease runs out.

    `attempts` counts those begun so far. `resend`: one of them may have been accepted, so the
    message is marked 重发.
    """

    delivery_id: str
    channel: str
    recipient: str
    attempts: int
    resend: bool
    alert: AlertRow


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
    marked `resend`, since the receiver may hold the message.
    """
    due = (
        _leasable(or_(_is_due(now), _is_lost(now, lease_s)))
        .order_by(alerts.c.severity_rank.desc(), alerts.c.at, alerts.c.id, deliveries.c.id)
        .limit(limit)
    )
    if channels is not None:
        due = due.where(deliveries.c.channel.in_(channels))
    return _lease(conn, due, owner, now, lease_s)


def lease_probe(
    conn: Connection,
    owner: str,
    now: datetime,
    lease_s: float,
    channel: str,
    may_probe: Collection[tuple[bool, bool]],
    by_turns: bool = False,
) -> Leased | None:
    """Lease the one delivery that tries a channel which is down, if none is trying it already.

    Only one whose (red, resend) is in `may_probe`; one that was refused for itself, or that quiet
    hours hold, in its own time, the others at any time. The gravest first, then those tried
    less, then the newest; `by_turns`: first those tried less. The caller has locked the channel.
    """
    trying = exists().where(
        deliveries.c.channel == channel,
        deliveries.c.state == DeliveryState.SENDING.value,
        ~_is_lost(now, lease_s),
    )
    if not may_probe or conn.scalar(select(trying)):
        return None
    red = alerts.c.severity_rank >= Severity.RED.rank
    kinds = [
        and_(red if is_red else ~red, deliveries.c.resend.is_(resend))
        for is_red, resend in may_probe
    ]
    at_any_time = and_(deliveries.c.state == DeliveryState.RETRY.value, ~was_refused())
    gravest, least = alerts.c.severity_rank.desc(), deliveries.c.attempts
    probe = (
        _leasable(or_(_is_due(now), _is_lost(now, lease_s), at_any_time))
        .where(deliveries.c.channel == channel, or_(*kinds))
        .order_by(*((least, gravest) if by_turns else (gravest, least)))
        .order_by(alerts.c.at.desc(), alerts.c.id.desc(), deliveries.c.id)
        .limit(1)
    )
    return next(iter(_lease(conn, probe, owner, now, lease_s)), None)


def has_untried(conn: Connection, channels: Collection[str], now: datetime) -> bool:
    """Whether a delivery on one of `channels` is due whose first attempt was not made yet."""
    statement = (
        select(deliveries.c.id)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .where(
            deliveries.c.state == DeliveryState.NEW.value,
            deliveries.c.channel.in_(channels),
            _is_due(now),
        )
    )
    return conn.execute(statement.limit(1)).first() is not None


def lease_owners(conn: Connection) -> set[str]:
    """Who holds leased deliveries now."""
    statement = select(deliveries.c.lease_owner).distinct()
    return set(
        conn.execute(statement.where(deliveries.c.state == DeliveryState.SENDING.value)).scalars()
    ) - {None}


def end_leases(conn: Connection, owner: str, now: datetime, channel: str | None = None) -> int:
    """The owner is known to send nothing (by that channel) now: what it held may be leased at once;
    how many."""
    statement = update(deliveries).where(
        deliveries.c.lease_owner == owner,
        deliveries.c.state == DeliveryState.SENDING.value,
        deliveries.c.lease_until > now,
    )
    if channel is not None:
        statement = statement.where(deliveries.c.channel == channel)
    return conn.execute(statement.values(lease_until=now)).rowcount


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting, and its time has come, or cannot be as far ahead as it is written."""
    last_try_ahead = exists().where(
        attempts.c.delivery_id == deliveries.c.id,
        attempts.c.n == deliveries.c.attempts,
        attempts.c.started_at > now + _SKEW,
    )
    return deliveries.c.state.in_(_WAITING) & or_(
        deliveries.c.next_at <= now,
        deliveries.c.next_at <= alerts.c.at,
        deliveries.c.next_at > now + _LONGEST_WAIT,
        and_(deliveries.c.state == DeliveryState.RETRY.value, last_try_ahead),
    )


def _is_lost(now: datetime, lease_s: float) -> ColumnElement[bool]:
    """Leased, and the lease ran out, or lies further ahead than one may last."""
    longest = now + timedelta(seconds=lease_s) + _SKEW
    return and_(
        deliveries.c.state == DeliveryState.SENDING.value,
        or_(deliveries.c.lease_until <= now, deliveries.c.lease_until > longest),
    )


def _leasable(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(deliveries.c.id, deliveries.c.state)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .where(condition)
        .with_for_update(of=deliveries, skip_locked=True)
    )


def _lease(
    conn: Connection, which: Select[Any], owner: str, now: datetime, lease_s: float
) -> list[Leased]:
    rows = conn.execute(which).all()
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
        row.id: Leased(row.id, row.channel, row.recipient, row.attempts, row.resend, alert_row(row))
        for row in conn.execute(select_deliveries().where(deliveries.c.id.in_(names)))
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
