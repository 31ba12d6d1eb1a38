"""Alerts on their way, and the steps of sending them, for the tests of the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta

from found_posts import NOW, opened
from sqlalchemy import Engine

from db import incidents, leases, outbox, sending
from db.engine import read, write
from db.leases import Leased
from db.outbox import DeliveryRow
from domain.alerts import AlertReason, Outcome
from domain.assessments import Severity
from domain.incidents.events import Cause

LATER = NOW + timedelta(minutes=5)


def alert(engine: Engine, cause: str = "post:1", **changes: object) -> int:
    severity = changes.pop("severity", Severity.YELLOW)
    at = changes.pop("at", NOW)
    assert isinstance(severity, Severity)
    assert isinstance(at, datetime)
    with write(engine) as conn:
        key = opened(conn, NOW)
        event = incidents.add_event(conn, key, "opened", Cause.read(cause), NOW)
        assert event is not None
        made = outbox.add_alert(
            conn, key, event, AlertReason.FIRST, 1, severity, "电压低", {"a": 1}, at
        )
        assert made is not None
        return made


def on_its_way(
    engine: Engine,
    channel: str = "wecom",
    recipient: str = "duty",
    next_at: datetime = NOW,
    **changes: object,
) -> str:
    key = alert(engine, **changes)  # type: ignore[arg-type]
    with write(engine) as conn:
        (name,) = outbox.add_deliveries(conn, key, [(channel, recipient, next_at)])
    return name


def lease(
    engine: Engine, now: datetime = NOW, owner: str = "a", limit: int = 10, **narrowed: list[str]
) -> list[Leased]:
    with write(engine) as conn:
        return leases.lease_deliveries(conn, owner, now, 60, limit, **narrowed)


def attempt(engine: Engine, name: str, now: datetime = NOW, owner: str | None = None) -> int | None:
    with write(engine) as conn:
        return sending.record_attempt(conn, name, now, owner)


def outcome(
    engine: Engine, name: str, n: int, came_to: Outcome, retry_at: datetime | None = None
) -> bool:
    with write(engine) as conn:
        return sending.record_outcome(conn, name, n, LATER, came_to, "0", "ok", retry_at)


def delivery(engine: Engine, name: str) -> DeliveryRow:
    with read(engine) as conn:
        return next(d for d in outbox.list_deliveries(conn) if d.id == name)
