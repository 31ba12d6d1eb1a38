"""What belongs to the calendar happens at its time, whatever the clock was for a moment."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta

import apscheduler.schedulers.base
import pytest

from domain.clock import SHANGHAI
from gridvoice.app.scheduler import Calendar


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


def soon(seconds: float) -> tuple[time, timedelta]:
    """A time of the day on a whole minute, and the shift that makes it be in `seconds`."""
    now = datetime.now(SHANGHAI)
    at = (now + timedelta(hours=2)).replace(second=0, microsecond=0)
    return at.time(), at - now - timedelta(seconds=seconds)


async def rung(bell: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(bell.wait(), seconds)
    except TimeoutError:
        return False
    return True


def test_a_job_is_done_at_its_time(clock: type[SetClock]) -> None:
    async def day() -> None:
        at, shift = soon(0.3)
        clock.shift = shift
        bell, calendar = asyncio.Event(), Calendar(SHANGHAI)
        calendar.daily("check", at, bell.set)
        calendar.start()
        assert await rung(bell, 20)
        calendar.stop()

    asyncio.run(day())


def test_what_a_step_forward_passed_over_is_done_once_and_now(clock: type[SetClock]) -> None:
    async def day() -> None:
        at, shift = soon(-600)
        bells: list[int] = []
        calendar = Calendar(SHANGHAI)
        calendar.daily("check", at, lambda: bells.append(1))
        calendar.start()
        await asyncio.sleep(0.05)
        assert bells == []
        clock.shift = shift
        calendar.replan(shift.total_seconds())
        await asyncio.sleep(0.2)
        assert bells == [1]
        calendar.stop()

    asyncio.run(day())


def test_a_clock_that_was_wrong_for_a_moment_costs_no_job(clock: type[SetClock]) -> None:
    """An hour back and right again: without `replan` the job would sleep for the hour."""

    async def day() -> None:
        at, shift = soon(0.5)
        clock.shift = shift - timedelta(hours=1)
        bell, calendar = asyncio.Event(), Calendar(SHANGHAI)
        calendar.daily("check", at, bell.set)
        calendar.start()
        await asyncio.sleep(0.1)
        clock.shift = shift
        calendar.replan(3600)
        assert await rung(bell, 20)
        calendar.stop()

    asyncio.run(day())


def test_a_clock_that_was_days_ahead_costs_no_job(clock: type[SetClock]) -> None:
    async def day() -> None:
        at, shift = soon(0.5)
        clock.shift = shift + timedelta(days=3)
        bells: list[int] = []
        calendar = Calendar(SHANGHAI)
        calendar.daily("check", at, lambda: bells.append(1))
        calendar.start()
        await asyncio.sleep(0.1)
        clock.shift = shift
        calendar.replan(-3 * 86400)
        for _ in range(200):
            await asyncio.sleep(0.05)
            if bells:
                break
        assert bells
        calendar.stop()

    asyncio.run(day())
