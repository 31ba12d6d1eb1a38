"""What belongs to the calendar happens at its time, whatever the clock was for a moment."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import apscheduler.schedulers.base
import pytest

from domain.clock import SHANGHAI
from gridvoice.processes.scheduler import Calendar


class SetClock(datetime):
    """APScheduler's `datetime`, shifted."""

    shift = timedelta(0)

    @classmethod
    def now(cls, tz=None):  # type: ignore[no-untyped-def]
        return datetime.now(tz) + cls.shift


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[SetClock]:
    monkeypatch.setattr(SetClock, "shift", timedelta(0))
    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", SetClock)
    return SetClock


AT = (datetime.now(SHANGHAI) + timedelta(hours=2)).replace(second=0, microsecond=0)


def set_to(clock: type[SetClock], seconds: float, days: int = 0) -> None:
    """`seconds` before the time of the job, that day or some days later."""
    clock.shift = AT + timedelta(days=days, seconds=-seconds) - datetime.now(SHANGHAI)


async def rung(bell: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(bell.wait(), seconds)
    except TimeoutError:
        return False
    return True


def test_a_job_is_done_at_its_time(clock: type[SetClock]) -> None:
    async def day() -> None:
        bell, calendar = asyncio.Event(), Calendar(SHANGHAI)
        calendar.daily("check", AT.time(), bell.set)
        set_to(clock, 2.0)
        calendar.start()
        assert await rung(bell, 30)
        calendar.stop()

    asyncio.run(day())


def test_what_a_step_forward_passed_over_is_done_once_and_now(clock: type[SetClock]) -> None:
    async def day() -> None:
        bells: list[int] = []
        calendar = Calendar(SHANGHAI)
        calendar.daily("check", AT.time(), lambda: bells.append(1))
        set_to(clock, 7200)
        calendar.start()
        await asyncio.sleep(0.05)
        assert bells == []
        set_to(clock, -600)
        calendar.replan(7800)
        await asyncio.sleep(0.5)
        assert bells == [1]
        calendar.stop()

    asyncio.run(day())


def test_a_clock_that_was_an_hour_back_for_a_moment_costs_no_job(clock: type[SetClock]) -> None:
    """Without `replan` the job would sleep for the hour."""

    async def day() -> None:
        bell, calendar = asyncio.Event(), Calendar(SHANGHAI)
        calendar.daily("check", AT.time(), bell.set)
        set_to(clock, 3600)
        calendar.start()
        await asyncio.sleep(0.1)
        set_to(clock, 0.5)
        calendar.replan(3600)
        assert await rung(bell, 30)
        calendar.stop()

    asyncio.run(day())


def test_a_clock_that_was_days_ahead_costs_no_job(clock: type[SetClock]) -> None:
    async def day() -> None:
        bell, calendar = asyncio.Event(), Calendar(SHANGHAI)
        calendar.daily("check", AT.time(), bell.set)
        set_to(clock, 3600, days=3)
        calendar.start()
        await asyncio.sleep(0.1)
        bell.clear()
        set_to(clock, 1.0)
        calendar.replan(-3 * 86400)
        assert await rung(bell, 30)
        calendar.stop()

    asyncio.run(day())
