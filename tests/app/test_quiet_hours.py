"""Quiet hours from the routes to the outbox: who waits for the morning, and who does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from app_scene import MILD, SHOCK, all_deliveries, found, told
from own_config import SHIPPED
from sqlalchemy import Engine

from alerts.routing.route import Routes
from domain.clock import SHANGHAI, utc_now
from domain.input.load import load_file
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.settings.configuration import Configuration


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
