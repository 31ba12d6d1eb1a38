"""What is known of an alert channel is written with what it is known by."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.sending import outage
from db import sending
from db.channel_states import channel_state_rows, lock_channel, put_channel_state
from domain.alerts import SendError

log = logging.getLogger("gridvoice.channels")


def channel_works(conn: Connection, name: str, now: datetime) -> None:
    """A message was accepted: whatever the channel kept waiting may go at once."""
    before = lock_channel(conn, name)
    put_channel_state(conn, outage.worked(before, now))
    if before.down_since is not None:
        waiting = sending.make_due(conn, name) if outage.is_shut(before, now) else 0
        log.info("channel works again name=%s failures=%d waiting=%d",
                 name, before.failures, waiting)  # fmt: skip


def channel_fails(
    conn: Connection, name: str, error: SendError, now: datetime, took: timedelta
) -> None:
    """A send failed after `took`."""
    before = lock_channel(conn, name)
    after = outage.failed(before, error, now, took)
    if after != before:
        put_channel_state(conn, after)
    if outage.is_down(after) and not outage.is_down(before):
        log.error("channel is down name=%s since=%s code=%s", name, after.down_since, error.code)
    if outage.is_shut(before, now) and not outage.is_shut(after, now):
        sending.make_due(conn, name)  # it answers again, though not clearly


def release_channels(conn: Connection, names: Collection[str], now: datetime) -> None:
    """A person asked for another try: no hold stands, and what is down is probed at once."""
    for name in sorted(names):
        before = lock_channel(conn, name)
        after = outage.released(before)
        if after != before:
            put_channel_state(conn, after)
        if outage.is_held(before, now):
            sending.make_due(conn, name)


def shut_channels(conn: Connection, now: datetime) -> set[str]:
    """Names of the channels that are down or held: what waits for them does not wait for us."""
    return {state.name for state in channel_state_rows(conn) if outage.is_shut(state, now)}
