"""推送: what people do about alerts that did not come through."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from db import outbox, sending
from db.channel_states import channel_state_rows
from db.engine import write
from gridvoice.tasks.channels import channel_works, release_channels


def retry(engine: Engine, delivery: str | None, now: datetime) -> list[str]:
    """Send a dead letter again, or all of them (None); which. Their channels are tried at once, and
    for all of them every channel is."""
    with write(engine) as conn:
        dead = {row.id: row.channel for row in outbox.dead_letters(conn)}
        channels = {state.name for state in channel_state_rows(conn)}
        if delivery is not None:
            dead = {name: channel for name, channel in dead.items() if name == delivery}
            channels = set(dead.values())
        release_channels(conn, channels, now)
        return [name for name in dead if sending.retry(conn, name)]


def came_through(engine: Engine, channel: str, now: datetime) -> None:
    """A test message was accepted: what waited for the channel may go."""
    with write(engine) as conn:
        channel_works(conn, channel, now)
