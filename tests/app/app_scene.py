"""What the application's tests put in and look at: unmistakable posts, and the store's answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from db import incidents, outbox, posts
from db.channel_states import put_channel_state
from db.engine import read, write
from db.incidents import IncidentRow
from db.outbox import AlertRow, DeliveryRow
from db.posts import PostRow
from db.tables import alerts, assessments, deliveries, incident_events, incident_posts
from db.tables import incidents as incidents_table
from db.take_in import take_in
from db.timeline import EventRow, events_of
from domain.alerts import AlertReason, ChannelState
from domain.clock import utc_now
from domain.posts import FoundPost
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.assess import AssessedBatch, assess

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 13:30 in Shanghai
HERE = "许昌市建安区"

OUTAGE = "小召乡北寨村停电三天没人管，请供电所尽快解决"
OUTAGE_AGAIN = "小召乡北寨村又停电了，已经一天了，什么时候来电，没有人管我们吗"
SHOCK = "小召乡北寨村有人触电了，电线掉在地上一直没人处理，供电所赶紧来"
OVERCHARGED = "陈曹乡供电所乱收电费，电费翻倍，打95598没人管，要求退还多收的电费"
MILD = "陈曹乡收电费收多了，希望供电所解释"
ELSEWHERE = "郑州市金水区停电两天了没人来修，请供电公司尽快解决"
NOWHERE = "停电三天没人管，供电局的人到底管不管"
TALK = "今天小召乡的集市很热闹，买了两斤桃子"


def found(
    key: str,
    text: str,
    *,
    title: str = "",
    at: datetime = NOW,
    source: str = "board",
    channel: str = "gov_board",
    region: str | None = HERE,
) -> FoundPost:
    return FoundPost(
        source=source,
        key=key,
        title=title,
        text=text,
        channel=channel,
        region=region,
        published_at=at,
    )


def take(engine: Engine, *found_posts: FoundPost, now: datetime = NOW) -> None:
    with write(engine) as conn:
        take_in(conn, found_posts, now, b"key")


def assess_at(engine: Engine, config: Configuration, now: datetime = NOW) -> AssessedBatch:
    return assess(engine, config, lambda _: now)


def told(
    engine: Engine, config: Configuration, *found_posts: FoundPost, now: datetime = NOW
) -> AssessedBatch:
    """Taken in and assessed at `now`."""
    take(engine, *found_posts, now=now)
    return assess_at(engine, config, now)


def told_now(engine: Engine, config: Configuration, *found_posts: FoundPost) -> AssessedBatch:
    """Just published, taken in and assessed by the wall clock, which the relay reads."""
    now = utc_now()
    return told(
        engine,
        config,
        *(dataclasses.replace(post, published_at=now) for post in found_posts),
        now=now,
    )


def all_incidents(engine: Engine) -> list[IncidentRow]:
    """The first opened first."""
    with read(engine) as conn:
        return sorted(incidents.list_incidents(conn), key=lambda row: row.id)


def the_incident(engine: Engine) -> IncidentRow:
    (row,) = all_incidents(engine)
    return row


def all_alerts(engine: Engine) -> list[AlertRow]:
    """The first first."""
    with read(engine) as conn:
        return outbox.list_alerts(conn)[::-1]


def reasons(engine: Engine) -> list[str]:
    return [alert.reason for alert in all_alerts(engine)]


def all_deliveries(engine: Engine) -> list[DeliveryRow]:
    with read(engine) as conn:
        return outbox.list_deliveries(conn)[::-1]


def timeline(engine: Engine, row: IncidentRow) -> list[EventRow]:
    with read(engine) as conn:
        return events_of(conn, row.id)


def members(engine: Engine, row: IncidentRow) -> list[PostRow]:
    with read(engine) as conn:
        return posts.posts_of_incident(conn, row.id)


def counts(engine: Engine) -> dict[str, int]:
    """How many rows T2 has written, by table."""
    tables = (assessments, incidents_table, incident_posts, incident_events, alerts, deliveries)
    with read(engine) as conn:
        return {
            t.name: conn.execute(select(func.count()).select_from(t)).scalar_one() for t in tables
        }


def make_due(engine: Engine, channels: Sequence[str] = ()) -> None:
    """As if the waits of the retries had passed."""
    statement = deliveries.update().values(next_at=utc_now() - timedelta(seconds=1))
    if channels:
        statement = statement.where(deliveries.c.channel.in_(channels))
    with write(engine) as conn:
        conn.execute(statement)
        for name in channels or ("centre", "duty_group", "file"):
            put_channel_state(conn, ChannelState(name))


FIRST = AlertReason.FIRST.value
