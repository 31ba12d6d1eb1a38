"""What belongs to the calendar, by APScheduler: it only knocks, the task's own thread works.

APScheduler reckons the next time on the wall clock and then sleeps that long on the monotonic one:
a clock that was wrong for four seconds would cost the size of its jump. So it is told of each step.
Its defaults drop a job that is one second late; these do not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

log = logging.getLogger("gridvoice.scheduler")


class Calendar:
    """Knocks at given times of the day. `start` on a running event loop."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._scheduler = AsyncIOScheduler(
            timezone=zone,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._scheduler.add_listener(
            _heard, EVENT_JOB_MISSED | EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES
        )

    def daily(self, name: str, at: time, knock: Callable[[], None]) -> None:
        """Call `knock`, which returns at once, every day at that time of the zone."""

        async def call() -> None:  # on the loop: a plain function would start a thread
            knock()

        trigger = CronTrigger(hour=at.hour, minute=at.minute, timezone=self._zone)
        self._scheduler.add_job(call, trigger, id=name, name=name)

    def start(self) -> None:
        self._scheduler.start()

    def replan(self, step_s: float) -> None:
        """The clock was set by `step_s`: forward, and what was passed over is done now, once;
        back, and the next times are reckoned from the new present."""
        if step_s < 0:
            for job in self._scheduler.get_jobs():
                job.reschedule(job.trigger)
        self._scheduler.wakeup()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)


def _heard(event: Any) -> None:
    log.warning("calendar job=%s event=%s", event.job_id, event.code)
