"""How each alert channel fares: one row a channel, read and written whole."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import Connection, select

from db.statements import insert_or, storable
from db.tables import channel_states
from domain.alerts import ChannelState

_COLUMNS = [channel_states.c[field.name] for field in fields(ChannelState)]


def channel_state_rows(conn: Connection) -> list[ChannelState]:
    """Every alert channel that was ever sent through, also those no longer configured."""
    statement = select(*_COLUMNS).order_by(channel_states.c.name)
    return [ChannelState(*tuple(row)) for row in conn.execute(statement)]


def lock_channel(conn: Connection, name: str) -> ChannelState:
    """One channel as it stands, for a transaction that goes on to write it or to send through it.

    Until that ends, other such transactions wait: lock the channel before its deliveries.
    """
    statement = select(*_COLUMNS).where(channel_states.c.name == name).with_for_update()
    row = conn.execute(statement).one_or_none()
    return ChannelState(name) if row is None else ChannelState(*tuple(row))


def put_channel_state(conn: Connection, state: ChannelState) -> None:
    """Write what is now known of a channel."""
    values = asdict(state)
    values["problem"] = None if state.problem is None else storable(state.problem)
    statement = insert_or(conn, channel_states).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
