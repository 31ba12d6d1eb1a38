"""How each alert channel fares: one row a channel, read and written whole."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Select, bindparam, select

from db.statements import insert_for, storable
from db.tables import channel_states
from domain.alerts import ChannelState

_COLUMNS = [channel_states.c[field.name] for field in fields(ChannelState)]


def channel_state_rows(conn: Connection) -> list[ChannelState]:
    """Every alert channel that was ever sent through, also those no longer configured."""
    return [ChannelState(*tuple(row)) for row in conn.execute(_ALL)]


def channel_state(conn: Connection, name: str) -> ChannelState:
    """One channel as it stands, for who only looks."""
    return _state(conn, _ONE, name)


def lock_channel(conn: Connection, name: str) -> ChannelState:
    """One channel as it stands, for a transaction that goes on to write it or to send through it.

    Until that ends, other such transactions wait: lock the channel before its deliveries.
    """
    return _state(conn, _LOCKED, name)


def put_channel_state(conn: Connection, state: ChannelState) -> None:
    """Write what is now known of a channel."""
    values = asdict(state)
    values["problem"] = None if state.problem is None else storable(state.problem)
    conn.execute(_put(conn.dialect.name), values)


_ALL = select(*_COLUMNS).order_by(channel_states.c.name)
_ONE = select(*_COLUMNS).where(channel_states.c.name == bindparam("channel"))
_LOCKED = _ONE.with_for_update()


def _state(conn: Connection, statement: Select[Any], name: str) -> ChannelState:
    row = conn.execute(statement, {"channel": name}).one_or_none()
    return ChannelState(name) if row is None else ChannelState(*tuple(row))


@cache
def _put(dialect: str) -> Executable:
    statement = insert_for(dialect, channel_states)
    written = {column.name: statement.excluded[column.name] for column in _COLUMNS}
    return statement.on_conflict_do_update(index_elements=["name"], set_=written)
