"""Replay: a recorded stream through the whole pipeline, on the stream's own clock."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from app_scene import (
    FIRST,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    TALK,
    all_alerts,
    all_deliveries,
    all_incidents,
    members,
    reasons,
    the_incident,
    timeline,
)
from machine import SOON_S
from sqlalchemy import Engine
from stored import post_by_key

from db.engine import read
from domain.alerts import DeliveryState
from domain.clock import SHANGHAI
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM
from gridvoice.service.replay import Replayed, replay, summary
from gridvoice.settings.configuration import Configuration

HERE = "许昌市建安区"


def lines(*rows: dict[str, Any] | str) -> list[str]:
    return [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]


def row(key: str, text: str, at: str | None = "2026-03-02 08:00:00", **more: Any) -> dict[str, Any]:
    when = {} if at is None else {"published_at": at}
    return {"id": key, "text": text, "region": HERE, **when, **more}


def run(engine: Engine, config: Configuration, stream: list[str], **how: Any) -> dict[str, Any]:
    done = Replayed()
    for step in replay(engine, config, stream, **how):
        done = step
    return summary(engine, done) | {"named": done.bad}


def moments(engine: Engine, *keys: str) -> list[tuple[datetime, datetime]]:
    """(event_at, first_seen) of posts."""
    with read(engine) as conn:
        rows = [post_by_key(conn, "replay", key) for key in keys]
    return [(r.event_at, r.first_seen) for r in rows if r is not None]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_a_stream_is_stored_grouped_told_and_delivered(
    engine: Engine, to_gateway: Callable[[Gateway], Configuration], gateway: Gateway
) -> None:
    stream = lines(
        row("1", OUTAGE), row("2", TALK, "2026-03-02 08:01"), row("3", OUTAGE_AGAIN, None),
        row("4", OVERCHARGED, "2026/3/2 9:05:07"),
    )  # fmt: skip
    said = run(engine, to_gateway(gateway), stream)
    assert (said["posts"], said["stored"], said["bad"]) == (4, 4, 0)
    assert (said["incidents"], said["alerts"]) == (2, 2)
    assert said["type"] == "summary"
    assert said["posts_per_s"] > 0
    latency = said["latency_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] < 30_000
    assert len(gateway.accepted_at(CENTRE)) == 2
    assert len(gateway.accepted_at(WECOM)) == 2
    assert {d.state for d in all_deliveries(engine)} == {DeliveryState.DELIVERED}
    assert [r.incident.number for r in all_incidents(engine)] == ["20260302-001", "20260302-002"]
    assert [p.source for p in members(engine, all_incidents(engine)[0])] == ["replay", "replay"]


def test_running_it_again_stores_and_tells_nothing(
    engine: Engine, to_gateway: Callable[[Gateway], Configuration], gateway: Gateway
) -> None:
    config = to_gateway(gateway)
    stream = lines(row("1", OUTAGE), row("2", TALK), row("3", OVERCHARGED))
    run(engine, config, stream)
    said = run(engine, config, stream)
    assert (said["posts"], said["stored"], said["incidents"], said["alerts"]) == (3, 0, 0, 0)
    assert said["latency_ms"] == {"p50": None, "p95": None, "p99": None}
    assert len(gateway.accepted_at(CENTRE)) == 2
    assert gateway.duplicates == 0


def test_the_clock_is_the_streams_and_never_runs_backwards(
    sqlite_engine: Engine, config: Configuration
) -> None:
    stream = lines(
        row("1", TALK, "2026-03-02 08:00:00"),
        row("2", TALK + "。", "2026-03-02 07:00:00"),
        row("3", OUTAGE, "2026-03-02T08:30:00+08:00"),
        row("4", TALK + "！", None),
    )
    run(sqlite_engine, config, stream)
    seen = moments(sqlite_engine, "1", "2", "3", "4")
    eight, half = local("2026-03-02 08:00"), local("2026-03-02 08:30")
    assert [first_seen for _, first_seen in seen] == [eight, eight, half, half]
    assert [event_at for event_at, _ in seen] == [
        eight, local("2026-03-02 07:00"), half, half,
    ]  # fmt: skip
    incident = the_incident(sqlite_engine)
    assert incident.incident.opened_at == half
    assert timeline(sqlite_engine, incident)[0].at == half
    assert all_alerts(sqlite_engine)[0].at == half
    assert reasons(sqlite_engine) == [FIRST], "years old, and yet fresh on its own clock"


def test_a_first_row_without_a_time_happens_now(
    sqlite_engine: Engine, config: Configuration
) -> None:
    run(sqlite_engine, config, lines(row("1", TALK, None)))
    ((event_at, first_seen),) = moments(sqlite_engine, "1")
    assert event_at == first_seen
    assert datetime.now(UTC) - first_seen < timedelta(minutes=1)


def test_times_that_nobody_can_believe_do_not_push_the_clock(
    sqlite_engine: Engine, config: Configuration
) -> None:
    stream = lines(
        row("1", TALK, "2026-03-02 08:00:00"),
        row("2", TALK + "。", "2199-01-01 00:00:00"),
        row("3", OUTAGE, "2026-03-02 08:10:00"),
    )
    run(sqlite_engine, config, stream)
    third = moments(sqlite_engine, "3")[0]
    assert third[0] == local("2026-03-02 08:10")
    assert third[1] == local("2026-03-02 08:10"), "one wrong time must not make the rest old"


def test_a_late_row_more_than_three_days_behind_its_stream_is_told_to_nobody(
    sqlite_engine: Engine, config: Configuration
) -> None:
    stream = lines(row("1", TALK, "2026-03-10 08:00:00"), row("2", OUTAGE, "2026-03-02 08:00:00"))
    said = run(sqlite_engine, config, stream)
    assert (said["incidents"], said["alerts"]) == (1, 0)


def test_cool_down_runs_on_the_streams_clock(sqlite_engine: Engine, config: Configuration) -> None:
    stream = lines(
        row("1", OUTAGE, "2026-03-02 08:00:00"),
        row("2", OUTAGE, "2026-03-02 08:02:00", channel="weibo"),
        row("3", OUTAGE_AGAIN, "2026-03-02 11:00:00", channel="weibo"),
    )
    said = run(sqlite_engine, config, stream)
    assert said["incidents"] == 1
    assert said["alerts"] == 2
    assert [a.at for a in all_alerts(sqlite_engine)][1] == local("2026-03-02 11:00")


def test_lines_that_are_no_posts_are_named_and_the_rest_is_done(
    sqlite_engine: Engine, config: Configuration
) -> None:
    stream = lines(
        row("1", OUTAGE), "{not json", "", '["a list"]', '{"id": "x"}', '{"text": "停电"}',
        row("2", TALK, "yesterday"), '{"id": true, "text": "停电"}', row("3", OVERCHARGED),
        '{"id": "4", "text": "停电", "title": 7}',
    )  # fmt: skip
    said = run(sqlite_engine, config, stream)
    assert (said["posts"], said["stored"], said["bad"]) == (2, 2, 7)
    assert [number for number, _ in said["named"]] == [2, 4, 5, 6, 7, 8, 10]
    words = dict(said["named"])
    assert "不是 JSON" in words[2]
    assert "'text'" in words[5]
    assert "'id'" in words[6]
    assert "yesterday" in words[7]
    assert "'title'" in words[10]


def test_the_same_id_under_another_source_is_another_post(
    sqlite_engine: Engine, config: Configuration
) -> None:
    assert run(sqlite_engine, config, lines(row("1", TALK)))["stored"] == 1
    assert run(sqlite_engine, config, lines(row("1", TALK)), source="hotline")["stored"] == 1


def test_what_an_interrupted_run_left_behind_is_finished_by_the_next(
    sqlite_engine: Engine, to_gateway: Callable[[Gateway], Configuration], gateway: Gateway
) -> None:
    config = to_gateway(gateway)
    stream = lines(*(row(str(n), f"{TALK}{n}") for n in range(250)), row("x", OUTAGE))
    steps = replay(sqlite_engine, config, stream)
    next(steps)
    steps.close()  # after the first batch
    said = run(sqlite_engine, config, stream)
    assert (said["posts"], said["stored"], said["alerts"]) == (251, 51, 1)
    assert len(gateway.accepted_at(CENTRE)) == 1


def test_it_returns_when_a_delivery_waits_for_its_retry(
    sqlite_engine: Engine, to_gateway: Callable[[Gateway], Configuration], gateway: Gateway
) -> None:
    gateway.script(CENTRE, ["500"])
    said = run(sqlite_engine, to_gateway(gateway), lines(row("1", OUTAGE)))
    assert said["deliveries"] == {"delivered": 2, "retry": 1}, "it would have been taken then"


def test_at_a_chosen_speed_it_keeps_the_streams_pace(
    sqlite_engine: Engine, config: Configuration
) -> None:
    stream = lines(
        row("1", TALK, "2026-03-02 08:00:00"), row("2", TALK + "。", "2026-03-02 08:00:50")
    )
    started = time.monotonic()
    assert run(sqlite_engine, config, stream, speed=100.0)["stored"] == 2
    assert 0.5 <= time.monotonic() - started < SOON_S


@pytest.mark.parametrize("channel", ["weibo", "hotline_12345"])
def test_channel_title_and_engagement_of_a_row_are_kept(
    sqlite_engine: Engine, config: Configuration, channel: str
) -> None:
    extra = {"channel": channel, "title": "求助", "likes": 3, "engagement": {"reposts": 7}}
    run(sqlite_engine, config, lines(row("1", OUTAGE, **extra)))
    with read(sqlite_engine) as conn:
        post = post_by_key(conn, "replay", "1")
    assert post is not None
    assert (post.channel, post.title) == (channel, "求助")
    assert post.engagement == {"reposts": 7, "likes": 3}


def test_a_stream_that_lies_ahead_of_this_machines_clock_keeps_its_own_times(
    sqlite_engine: Engine, config: Configuration
) -> None:
    soon = (datetime.now(UTC) + timedelta(days=40)).replace(microsecond=0)
    times = [soon, soon + timedelta(hours=5)]
    stream = lines(*(row(str(n), TALK + str(n), at.isoformat()) for n, at in enumerate(times)))
    run(sqlite_engine, config, stream)
    assert moments(sqlite_engine, "0", "1") == [(at, at) for at in times]
