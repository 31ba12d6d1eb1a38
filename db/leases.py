"""Which delivery goes next, and the leases under which one worker alone may send it.

No moment that lies further ahead than it can be holds anything: the clock has been put back since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Executable,
    Select,
    and_,
    bindparam,
    exists,
    false,
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
    given = {**_moments(now, lease_s), "limit": limit}
    if channels is not None:
        given["on_channels"] = list(channels)
    return _lease(conn, _due(channels is not None), given, owner, now, lease_s)


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
    given = {**_moments(now, lease_s), "on_channel": channel}
    if not may_probe or conn.scalar(_IS_TRYING, given):
        return None
    probe = _probe(frozenset(may_probe), by_turns)
    return next(iter(_lease(conn, probe, given, owner, now, lease_s)), None)


def may_lease(
    conn: Connection,
    owner: str,
    now: datetime,
    lease_s: float,
    channel: str,
    may_probe: Collection[tuple[bool, bool]] | None = None,
) -> bool:
    """Whether `owner` has anything to do on the channel, for who only looks: something that
    `lease_deliveries` would lease (where `may_probe` is given, `lease_probe`), or a lease of its
    own to end, and nobody else tries the channel already. It may still come to nothing."""
    given = {**_moments(now, lease_s), "on_channel": channel, "owner": owner}
    kinds = None if may_probe is None else frozenset(may_probe)
    return conn.execute(_anything(kinds), given).first() is not None


def has_untried(conn: Connection, channels: Collection[str], now: datetime) -> bool:
    """Whether a delivery on one of `channels` is due whose first attempt was not made yet."""
    given = {**_moments(now, 0), "on_channels": list(channels)}
    return conn.execute(_UNTRIED, given).first() is not None


def lease_owners(conn: Connection) -> set[str]:
    """Who holds leased deliveries now."""
    return set(conn.execute(_OWNERS).scalars()) - {None}


def end_leases(conn: Connection, owner: str, now: datetime, channel: str | None = None) -> int:
    """The owner is known to send nothing (by that channel) now: what it held may be leased at once;
    how many."""
    given = {"owner": owner, "now": now, "lease_until": now}
    if channel is None:
        return conn.execute(_END, given).rowcount
    return conn.execute(_END_ON, {**given, "on_channel": channel}).rowcount


def _lease(
    conn: Connection,
    which: Executable,
    given: dict[str, Any],
    owner: str,
    now: datetime,
    lease_s: float,
) -> list[Leased]:
    rows = conn.execute(which, given).all()
    if not rows:
        return []
    names = [row.id for row in rows]
    _close_lost_attempts(
        conn, [row.id for row in rows if row.state == DeliveryState.SENDING.value], now
    )
    lease = {
        "names": names,
        "state": DeliveryState.SENDING.value,
        "lease_until": now + timedelta(seconds=lease_s),
        "lease_owner": owner,
    }
    conn.execute(_THESE, lease)
    leased = {
        row.id: Leased(row.id, row.channel, row.recipient, row.attempts, row.resend, alert_row(row))
        for row in conn.execute(_READ, {"names": names})
    }
    return [leased[name] for name in names]


def _close_lost_attempts(conn: Connection, names: list[str], now: datetime) -> None:
    """Attempts that were begun and whose outcome nobody wrote: unknown, so resend and say so."""
    if not names:
        return
    conn.execute(_MARK_RESENT, {"names": names, "resend": True})
    lost = {
        "finished_at": now,
        "outcome": Outcome.UNKNOWN.value,
        "text": "发送的程序中途停了，没有记下结果",
    }
    conn.execute(_CLOSE, {**lost, "names": names})


def _moments(now: datetime, lease_s: float) -> dict[str, Any]:
    """Now, and the moments behind which nothing can lie that is true."""
    return {
        "now": now,
        "soon": now + _SKEW,
        "longest_wait": now + _LONGEST_WAIT,
        "longest_lease": now + timedelta(seconds=lease_s) + _SKEW,
    }


# Made once: to build a statement costs more than to run it, and every channel is knocked at every
# second. What a parameter is called must not be the name of a column that is set.
_THIS_CHANNEL = deliveries.c.channel == bindparam("on_channel")
_OF_CHANNELS = deliveries.c.channel.in_(bindparam("on_channels", expanding=True))
_NAMED = deliveries.c.id.in_(bindparam("names", expanding=True))
_IS_SENDING = deliveries.c.state == DeliveryState.SENDING.value
_NOW: BindParameter[datetime] = bindparam("now")
_HELD = and_(
    _IS_SENDING, deliveries.c.lease_owner == bindparam("owner"), deliveries.c.lease_until > _NOW
)

# Waiting, and its time has come, or cannot be as far ahead as it is written.
_IS_DUE = and_(
    deliveries.c.state.in_(_WAITING),
    or_(
        deliveries.c.next_at <= _NOW,
        deliveries.c.next_at <= alerts.c.at,
        deliveries.c.next_at > bindparam("longest_wait"),
        and_(
            deliveries.c.state == DeliveryState.RETRY.value,
            exists().where(
                attempts.c.delivery_id == deliveries.c.id,
                attempts.c.n == deliveries.c.attempts,
                attempts.c.started_at > bindparam("soon"),
            ),
        ),
    ),
)
# Leased, and the lease ran out, or lies further ahead than one may last.
_IS_LOST = and_(
    _IS_SENDING,
    or_(deliveries.c.lease_until <= _NOW, deliveries.c.lease_until > bindparam("longest_lease")),
)
_AT_ANY_TIME = and_(deliveries.c.state == DeliveryState.RETRY.value, ~was_refused())
_IS_RED = alerts.c.severity_rank >= Severity.RED.rank

# The states are named once more, so that what was delivered long ago is not read to be left out.
_ON_ITS_WAY = deliveries.c.state.in_((*_WAITING, DeliveryState.SENDING.value))
_CANDIDATES = (
    select(deliveries.c.id, deliveries.c.state)
    .join(alerts, alerts.c.id == deliveries.c.alert_id)
    .where(_ON_ITS_WAY)
)

_UNTRIED = _CANDIDATES.where(
    _OF_CHANNELS, deliveries.c.state == DeliveryState.NEW.value, _IS_DUE
).limit(1)
_IS_TRYING = select(exists().where(_THIS_CHANNEL, _IS_SENDING, ~_IS_LOST))
_OTHERS = deliveries.alias("others")
_ANOTHER_IS_TRYING = exists().where(
    _OTHERS.c.channel == bindparam("on_channel"),
    _OTHERS.c.state == DeliveryState.SENDING.value,
    _OTHERS.c.lease_owner != bindparam("owner"),
    _OTHERS.c.lease_until > _NOW,
    _OTHERS.c.lease_until <= bindparam("longest_lease"),
)
_OWNERS = select(deliveries.c.lease_owner).where(_IS_SENDING).distinct()
_END = update(deliveries).where(_HELD)
_END_ON = _END.where(_THIS_CHANNEL)
_THESE = update(deliveries).where(_NAMED)
_READ = select_deliveries().where(_NAMED)

_IS_OPEN = and_(
    attempts.c.delivery_id.in_(bindparam("names", expanding=True)), attempts.c.finished_at.is_(None)
)
_MARK_RESENT = update(deliveries).where(
    deliveries.c.id.in_(select(attempts.c.delivery_id).where(_IS_OPEN))
)
_CLOSE = update(attempts).where(_IS_OPEN)


@cache
def _due(of_channels: bool) -> Select[Any]:
    which = _CANDIDATES.where(_OF_CHANNELS) if of_channels else _CANDIDATES
    return (
        which.where(or_(_IS_DUE, _IS_LOST))
        .order_by(alerts.c.severity_rank.desc(), alerts.c.at, alerts.c.id, deliveries.c.id)
        .limit(bindparam("limit"))
        .with_for_update(of=deliveries, skip_locked=True)
    )


@cache
def _probe(may_probe: frozenset[tuple[bool, bool]], by_turns: bool) -> Select[Any]:
    gravest, least = alerts.c.severity_rank.desc(), deliveries.c.attempts
    return (
        _CANDIDATES.where(_THIS_CHANNEL, _is_of(may_probe))
        .where(or_(_IS_DUE, _IS_LOST, _AT_ANY_TIME))
        .order_by(*((least, gravest) if by_turns else (gravest, least)))
        .order_by(alerts.c.at.desc(), alerts.c.id.desc(), deliveries.c.id)
        .limit(1)
        .with_for_update(of=deliveries, skip_locked=True)
    )


@cache
def _anything(may_probe: frozenset[tuple[bool, bool]] | None) -> Select[Any]:
    leasable = or_(_IS_DUE, _IS_LOST)
    if may_probe is not None:
        leasable = and_(_is_of(may_probe), or_(leasable, _AT_ANY_TIME), ~_ANOTHER_IS_TRYING)
    # A lease that is over is nothing to end: its delivery goes like any other, or waits.
    return _CANDIDATES.where(_THIS_CHANNEL, or_(leasable, _HELD)).limit(1)


def _is_of(kinds: Collection[tuple[bool, bool]]) -> ColumnElement[bool]:
    """Whether a delivery's (red, resend) is one of `kinds`."""
    return or_(
        false(),
        *(
            and_(_IS_RED if is_red else ~_IS_RED, deliveries.c.resend.is_(resend))
            for is_red, resend in sorted(kinds)
        ),
    )
