"""T3 lease a delivery and record the attempt, send, T4 record the outcome.

The attempt is written before the send and the outcome after: a process that dies in between leaves
an attempt without outcome, and the message goes out again, marked 重发. One is leased at a time, so
that its lease runs from its own send and a graver one that comes meanwhile goes next. Each channel
is a lane of its own: a gateway that hangs delays no other.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from alerts.channel import Channel
from alerts.notice.body import from_body
from alerts.notice.late import as_sent
from alerts.notice.notice import Notice
from alerts.sending import outage
from alerts.sending.rate_limit import next_slot
from alerts.sending.retry import next_attempt
from db import leases, sending
from db.channel_states import channel_state, lock_channel
from db.engine import read, write
from db.leases import Leased
from domain.alerts import MAY_BE_SEEN, Outcome, SendError
from domain.assessments import Severity
from domain.clock import SHANGHAI, utc_now
from gridvoice.tasks.channels import channel_fails, channel_works

log = logging.getLogger("gridvoice.relay")
T = TypeVar("T")

LEASE_S = 120.0  # longer than any channel's own timeout and the look-up of its name
WRITE_WITHIN_S = 20.0
PASS_S = 20.0  # then the lane comes back to whoever knocks, to be knocked at again


@dataclass(frozen=True, slots=True)
class _Lane:
    engine: Engine
    name: str
    channel: Channel
    owner: str
    rng: random.Random
    stopping: Callable[[], bool]
    clock: Callable[[], datetime]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class _Begun:
    """A delivery whose `n`th attempt is on record. `newer`: a later report that went before it."""

    item: Leased
    n: int
    newer: int | None


def relay(
    engine: Engine,
    name: str,
    channel: Channel,
    owner: str,
    rng: random.Random,
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], datetime] = utc_now,
    zone: ZoneInfo = SHANGHAI,
) -> tuple[int, int]:
    """Send what is due on one channel until nothing is, its rate or its receiver's state says wait,
    20 s have gone by, or we are `stopping`.

    (attempts made, delivered).
    """
    lane = _Lane(engine, name, channel, owner, rng, stopping, clock, zone)
    made = delivered = 0
    began = monotonic()
    while not stopping() and monotonic() - began < PASS_S:
        begun = _begin(lane)
        if begun is None:
            break
        made += 1
        delivered += _deliver(lane, begun)
    return made, delivered


def _begin(lane: _Lane) -> _Begun | None:
    """The delivery that goes next, its attempt on record; None: nothing may go now."""
    now = lane.clock()
    # Most knocks find nothing. To look first spares them a write; what is found here the write
    # decides anew, and what comes after the look is met by the next knock.
    with read(lane.engine) as conn:
        if not (_has_slot(conn, lane, now) and _may_begin(conn, lane, now)):
            return None
    with write(lane.engine) as conn:
        if not _has_slot(conn, lane, now):
            return None
        # A lane sends one at a time: what it still holds here it could not write the end of.
        leases.end_leases(conn, lane.owner, now, lane.name)
        turn = outage.turn(lock_channel(conn, lane.name), now, lane.channel.drops_repeats)
        if turn.is_open:
            found = leases.lease_deliveries(conn, lane.owner, now, LEASE_S, 1, [lane.name])
            item = found[0] if found else None
        else:
            item = leases.lease_probe(
                conn, lane.owner, now, LEASE_S, lane.name, turn.may_probe, turn.by_turns
            )
        n = item and sending.record_attempt(conn, item.delivery_id, now, lane.owner)
        if not (item and n):
            return None
        newer = sending.newer_report(conn, item.alert, item.channel, item.recipient)
        return _Begun(item, n, newer)


def _may_begin(conn: Connection, lane: _Lane, now: datetime) -> bool:
    turn = outage.turn(channel_state(conn, lane.name), now, lane.channel.drops_repeats)
    may_probe = None if turn.is_open else turn.may_probe
    return leases.may_lease(conn, lane.owner, now, LEASE_S, lane.name, may_probe)


def _has_slot(conn: Connection, lane: _Lane, now: datetime) -> bool:
    rate = lane.channel.rate
    if not (rate.gap or rate.limit):
        return True
    recent = sending.recent_attempts(conn, lane.name, now - timedelta(minutes=2))
    return next_slot(recent, now, rate) <= now


def _deliver(lane: _Lane, begun: _Begun) -> bool:
    item, n = begun.item, begun.n
    try:
        written = from_body(item.alert.body, item.resend)
        notice = as_sent(written, lane.clock(), begun.newer, lane.zone)
    except Exception as error:
        # Trying again cannot help; it is shown as dead, by name, and the lane goes on.
        log.exception("alert cannot be read delivery=%s", item.delivery_id)
        text = f"存下的预警内容读不出来：{type(error).__name__}"
        end = (lane.clock(), Outcome.BAD_RECEIVER, "body", text)
        _write_down(lane, lambda conn: sending.record_outcome(conn, item.delivery_id, n, *end))
        return False
    started = monotonic()
    sent = _send(lane.channel, notice, item)
    if isinstance(sent, SendError):
        _record_failure(lane, item, n, sent, timedelta(seconds=monotonic() - started))
        return False
    now = lane.clock()

    def accepted(conn: Connection) -> None:
        channel_works(conn, lane.name, now)
        sending.record_outcome(conn, item.delivery_id, n, now, Outcome.DELIVERED, *sent)

    _write_down(lane, accepted)
    log.info(
        "delivered incident=%s report=%d channel=%s attempt=%d",
        item.alert.incident_number, item.alert.report_no, item.channel, n,
    )  # fmt: skip
    return True


def _send(channel: Channel, notice: Notice, item: Leased) -> tuple[str, str] | SendError:
    """The receiver's code and words, or what went wrong."""
    try:
        receipt = channel.send(notice, item.recipient, item.delivery_id)
        return str(receipt.code), str(receipt.text)
    except SendError as error:
        return error
    except Exception as error:
        # A channel's own mistake must not hold up the lane: unknown, to be tried again.
        log.exception("channel %s raised delivery=%s", item.channel, item.delivery_id)
        return SendError(Outcome.UNKNOWN, "error", f"通道程序出错：{type(error).__name__}")


def _record_failure(lane: _Lane, item: Leased, n: int, error: SendError, took: timedelta) -> None:
    now = lane.clock()
    may_be_seen = item.resend or error.outcome in MAY_BE_SEEN
    is_red = item.alert.severity is Severity.RED
    soon = is_red and (lane.channel.drops_repeats or not may_be_seen)
    asked = outage.asked_wait(error.retry_after_s)

    def failed(conn: Connection) -> timedelta | None:
        channel_fails(conn, lane.name, error, now, took)
        tries = sending.counted_tries(conn, item.delivery_id)
        age = now - tries.first_at if tries.first_at else timedelta(0)
        refused = tries.refused + (error.outcome in outage.ABOUT_THE_MESSAGE)
        wait = next_attempt(tries.count, age, refused, error.outcome, asked, lane.rng, soon)
        sending.record_outcome(
            conn, item.delivery_id, n, now, error.outcome, error.code, error.text,
            None if wait is None else now + wait,
        )  # fmt: skip
        return wait

    wait = _write_down(lane, failed)
    log.warning(
        "not delivered incident=%s channel=%s attempt=%d outcome=%s code=%s retry_in_s=%s",
        item.alert.incident_number, item.channel, n, error.outcome, error.code,
        None if wait is None else round(wait.total_seconds(), 1),
    )  # fmt: skip


def _write_down(lane: _Lane, what: Callable[[Connection], T]) -> T:
    """What a send came to must not be lost with one moment of the store: it would go out again.

    Raises what the store raises, when that lasts or we are stopping.
    """
    until = monotonic() + WRITE_WITHIN_S
    while True:
        try:
            with write(lane.engine) as conn:
                return what(conn)
        except DBAPIError as error:
            if lane.stopping() or monotonic() >= until:
                raise
            log.warning("outcome not written yet channel=%s: %s", lane.name, error.orig)
            sleep(0.5)
