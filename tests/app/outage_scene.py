"""Alerts that wait for a receiver, and a clock that a test turns: hours of outage in seconds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import stored
from sqlalchemy import Engine, Row

from alerts.notice.body import to_body
from alerts.notice.notice import Action, Fact, Notice
from db import incidents, outbox
from db.channel_states import channel_state_rows
from db.engine import read, write
from db.outbox import DeliveryRow
from domain.alerts import AlertReason, ChannelState, DeliveryState
from domain.assessments import Area, Category, Severity
from domain.clock import utc_now
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.relay import relay

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ME = "relay@test:1"
_number = itertools.count(1)


class Clock:
    """A wall clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


def put_alert(
    engine: Engine,
    at: datetime,
    severity: Severity = Severity.RED,
    channels: Sequence[str] = ("centre",),
) -> str:
    """An alert written at that time, at once on its way; its title."""
    title = f"{severity.value}-{next(_number)}"
    incident = Incident(
        number="",
        title=title,
        category=Category.SUPPLY_QUALITY,
        severity=severity,
        state=IncidentState.DISCOVERED,
        area=Area.INSIDE,
        place_code=None,
        place=None,
        station=None,
        first_event_at=at,
        last_event_at=at,
        opened_at=at,
        post_count=1,
        channels=("weibo",),
    )
    body = to_body(
        Notice(title, "编号", at, Action("查看"), incident, AlertReason.FIRST, (Fact("", "停电"),))
    )
    with write(engine) as conn:
        incident = replace(incident, number=incidents.next_number(conn, at))
        key = incidents.open_incident(conn, incident, {}, at)
        event = incidents.add_event(conn, key, "opened", Cause.read(f"post:{title}"), at)
        assert event is not None
        made = outbox.add_alert(conn, key, event, AlertReason.FIRST, 1, severity, title, body, at)
        assert made is not None
        outbox.add_deliveries(conn, made, [(channel, "", at) for channel in channels])
    return title


def knock(
    engine: Engine,
    config: Configuration,
    clock: Clock,
    name: str = "centre",
    owner: str = ME,
) -> tuple[int, int]:
    """One pass of a channel's lane."""
    channel = config.channels[name].channel
    assert channel is not None
    return relay(engine, name, channel, owner, random.Random(7), clock=clock)


def knock_for(
    engine: Engine,
    config: Configuration,
    clock: Clock,
    how_long: timedelta,
    name: str = "centre",
    every: timedelta = 5 * SECOND,
) -> tuple[int, int]:
    """Knock again and again while the clock goes on; attempts made and delivered."""
    ends, made, delivered = clock.now + how_long, 0, 0
    while clock.now < ends:
        tried, arrived = knock(engine, config, clock, name)
        made, delivered = made + tried, delivered + arrived
        clock.move(every)
    return made, delivered


def of(engine: Engine, title: str, channel: str = "centre") -> DeliveryRow:
    """The delivery of an alert by its title."""
    with read(engine) as conn:
        rows = outbox.list_deliveries(conn)
    (row,) = (row for row in rows if (row.alert.title, row.channel) == (title, channel))
    return row


def attempts_of(engine: Engine, title: str, channel: str = "centre") -> Sequence[Row[Any]]:
    with read(engine) as conn:
        return stored.attempts_of(conn, of(engine, title, channel).id)


def counts(engine: Engine) -> dict[DeliveryState, int]:
    with read(engine) as conn:
        return outbox.count_deliveries(conn)


def state_of(engine: Engine, name: str = "centre") -> ChannelState:
    with read(engine) as conn:
        return {s.name: s for s in channel_state_rows(conn)}[name]
