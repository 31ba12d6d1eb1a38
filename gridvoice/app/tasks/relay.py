"""T3 lease a delivery and record the attempt, send, T4 record the outcome.

The attempt is written before the send and the outcome after: a process that dies in between leaves
an attempt without outcome, and the message goes out again, marked 重发. Each channel is a lane of
its own, so that a gateway that hangs delays no other.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from alerts.channel import Channel
from alerts.message import from_body
from alerts.pace import next_slot
from alerts.retry import next_attempt
from db import outbox
from db.engine import write
from db.rows import Leased
from domain.clock import utc_now
from domain.model import Outcome, SendError

log = logging.getLogger("gridvoice.relay")

LEASE_S = 90.0  # longer than any channel's own timeout
_BATCH = 8


def relay(
    engine: Engine,
    name: str,
    channel: Channel,
    owner: str,
    rng: random.Random,
    stopping: Callable[[], bool] = lambda: False,
) -> tuple[int, int]:
    """Send what is due on one channel until nothing is, its pace says wait, or we are `stopping`.

    (attempts made, delivered).
    """
    made = delivered = 0
    while not stopping():
        now = utc_now()
        with write(engine) as conn:
            room = _room(conn, name, channel, now)
            leased = room and outbox.lease_deliveries(conn, owner, now, LEASE_S, room, [name])
        if not leased:
            break
        for item in leased:
            if stopping():
                with write(engine) as conn:
                    outbox.give_back(conn, [item.delivery_id], owner)
                continue
            made += 1
            delivered += _deliver(engine, item, channel, owner, rng)
    return made, delivered


def _room(conn: Connection, name: str, channel: Channel, now: datetime) -> int:
    """How many deliveries may be leased now: a paced channel takes one at a time."""
    if not (channel.pace.gap or channel.pace.limit):
        return _BATCH
    recent = outbox.recent_attempts(conn, name, now - timedelta(minutes=2))
    return 1 if next_slot(recent, now, channel.pace) <= now else 0


def _deliver(
    engine: Engine, item: Leased, channel: Channel, owner: str, rng: random.Random
) -> bool:
    with write(engine) as conn:
        n = outbox.record_attempt(conn, item.delivery_id, utc_now(), owner)
    if n is None:  # taken over or settled meanwhile
        return False
    message = from_body(item.alert.body, item.delivery_id, item.resend)
    try:
        receipt = channel.send(message, item.recipient)
    except SendError as error:
        _record_failure(engine, item, n, error, rng)
        return False
    except Exception as error:
        # A channel's own mistake must not hold up the lane: unknown, to be tried again.
        log.exception("channel %s raised delivery=%s", item.channel, item.delivery_id)
        unknown = SendError(Outcome.UNKNOWN, "error", type(error).__name__)
        _record_failure(engine, item, n, unknown, rng)
        return False
    with write(engine) as conn:
        outbox.record_outcome(
            conn, item.delivery_id, n, utc_now(), Outcome.DELIVERED, receipt.code, receipt.text
        )
    log.info(
        "delivered incident=%s report=%d channel=%s attempt=%d",
        item.alert.incident_number, item.alert.report_no, item.channel, n,
    )  # fmt: skip
    return True


def _record_failure(
    engine: Engine, item: Leased, n: int, error: SendError, rng: random.Random
) -> None:
    now = utc_now()
    asked = None if error.retry_after_s is None else timedelta(seconds=error.retry_after_s)
    wait = next_attempt(n, error.outcome, asked, rng)
    with write(engine) as conn:
        outbox.record_outcome(
            conn, item.delivery_id, n, now, error.outcome, error.code, error.text,
            None if wait is None else now + wait,
        )  # fmt: skip
        if asked is not None:
            outbox.hold_channel(conn, item.channel, now + asked, error.text)
    log.warning(
        "not delivered incident=%s channel=%s attempt=%d outcome=%s code=%s retry_in_s=%s",
        item.alert.incident_number, item.channel, n, error.outcome, error.code,
        None if wait is None else round(wait.total_seconds(), 1),
    )  # fmt: skip
