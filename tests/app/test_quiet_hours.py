"""Quiet hours from the routes to the outbox: who waits for the morning, and who does not."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from app_scene import MILD, SHOCK, all_deliveries, found, the_incident, told
from own_config import SHIPPED
from sqlalchemy import Engine

from alerts.routing.route import Routes
from db import incidents
from db.engine import write
from domain.alerts import state_words
from domain.assessments import Severity
from domain.clock import SHANGHAI, utc_now
from domain.incidents.events import Cause
from domain.input.load import load_file
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM
from gridvoice.handling.acts import call_false_alarm
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.relay import relay
from gridvoice.telling.tell import tell_if_changed

MINUTE = timedelta(minutes=1)


@pytest.fixture
def config(to_gateway: Callable[[Gateway], Configuration], gateway: Gateway) -> Configuration:
    """With the shipped quiet hours, 22:00 to 07:00 for the duty group below 重大."""
    shipped = load_file(SHIPPED / "routes.yaml", Routes, "routes.yaml")
    config = to_gateway(gateway)
    routes = dataclasses.replace(config.routes, quiet=shipped.quiet)
    return dataclasses.replace(config, routes=routes)


def night() -> datetime:
    """03:10 in Shanghai, in two days: deliveries are due by the wall clock."""
    there = utc_now().astimezone(SHANGHAI) + timedelta(days=2)
    return there.replace(hour=3, minute=10, second=0, microsecond=0)


def due(engine: Engine) -> dict[str, datetime]:
    return {d.channel: d.next_at for d in all_deliveries(engine)}


def test_the_lesser_ones_wait_for_the_morning_on_the_duty_group_alone(
    engine: Engine, config: Configuration
) -> None:
    at = night()
    told(engine, config, found("1", MILD, at=at), now=at)
    waits = due(engine)
    assert waits.pop("duty_group") == at.replace(hour=7, minute=0)
    assert waits
    assert max(waits.values()) < utc_now() + timedelta(minutes=1)


def test_the_grave_ones_wait_for_nothing(sqlite_engine: Engine, config: Configuration) -> None:
    at = night()
    told(sqlite_engine, config, found("1", SHOCK, at=at), now=at)
    assert "duty_group" in due(sqlite_engine)
    assert max(due(sqlite_engine).values()) < utc_now() + timedelta(minutes=1)


def test_by_day_nobody_waits(sqlite_engine: Engine, config: Configuration) -> None:
    at = night().replace(hour=12)
    told(sqlite_engine, config, found("1", MILD, at=at), now=at)
    assert max(due(sqlite_engine).values()) < utc_now() + timedelta(minutes=1)


def send_at(engine: Engine, config: Configuration, name: str, at: datetime) -> None:
    channel = config.channels[name].channel
    assert channel is not None
    relay(engine, name, channel, "relay@test:1", random.Random(7), clock=lambda: at)


def said_to(gateway: Gateway, path: str) -> list[str]:
    return [str(accepted.body) for accepted in gateway.accepted_at(path)]


def test_what_is_over_by_the_morning_is_told_once_and_with_its_date(
    engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    at = night()
    told(engine, config, found("1", MILD, at=at), now=at)
    call_false_alarm(engine, config, the_incident(engine).incident.number, "张三", "", at + MINUTE)
    send_at(engine, config, "centre", at + 2 * MINUTE)
    assert len(said_to(gateway, CENTRE)) == 2, "which hears of everything at once"
    send_at(engine, config, "duty_group", at + 2 * MINUTE)
    assert said_to(gateway, WECOM) == []
    send_at(engine, config, "duty_group", at.replace(hour=7))
    (told_once,) = said_to(gateway, WECOM)
    assert "误报" in told_once
    rows = [row for row in all_deliveries(engine) if row.channel == "duty_group"]
    assert [state_words(row.state, row.withdrawn_for) for row in rows] == [
        "已撤回（由第2报代替）", "已送达",
    ]  # fmt: skip
    assert f"〔写于{at.month}月{at.day}日03:11〕" in told_once


def test_what_grew_graver_in_the_night_is_told_at_once_and_alone(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    at = night()
    told(sqlite_engine, config, found("1", MILD, at=at), now=at)
    key = the_incident(sqlite_engine).id
    with write(sqlite_engine) as conn:
        before = incidents.incident(conn, key).incident
        event = incidents.add_event(conn, key, "post", Cause.read("post:9"), at + MINUTE)
        assert event is not None
        graver = dataclasses.replace(before, severity=Severity.RED)
        tell_if_changed(conn, config.telling, key, before, graver, event, at + MINUTE)
    send_at(sqlite_engine, config, "duty_group", at + 2 * MINUTE)
    send_at(sqlite_engine, config, "duty_group", at.replace(hour=7))
    (told_once,) = said_to(gateway, WECOM)
    assert "第2报" in told_once
    assert "写于" not in told_once
