"""The scheduler only knocks: each job asks the database what is due and works until nothing is.

APScheduler's defaults drop a job that is one second late; these do not, and what it does drop or
fail is counted and logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger("gridvoice.scheduler")


class Knocker:
    """Runs synchronous tasks in threads at intervals, never two of one kind at once."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._running: set[asyncio.Task[None]] = set()
        self.failures: Counter[str] = Counter()
        self.scheduler = AsyncIOScheduler(
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self.scheduler.add_listener(self._heard, EVENT_JOB_MISSED | EVENT_JOB_ERROR)

    def every(self, seconds: float, name: str, task: Callable[[], Any]) -> None:
        """Knock at `task` every `seconds`; a knock while it still works is not needed."""
        busy = asyncio.Lock()

        async def knock() -> None:
            if self._stop.is_set() or busy.locked():
                return
            async with busy:
                try:
                    await asyncio.to_thread(task)
                except Exception:
                    # The loop's edge: count, log, go on; the rows stay due and are taken again.
                    self.failures[name] += 1
                    log.exception("task failed name=%s failures=%d", name, self.failures[name])

        async def tracked() -> None:
            current = asyncio.current_task()
            assert current is not None
            self._running.add(current)
            try:
                await knock()
            finally:
                self._running.discard(current)

        self.scheduler.add_job(tracked, "interval", seconds=seconds, id=name, name=name)

    def _heard(self, event: Any) -> None:
        self.failures[str(event.job_id)] += 1
        log.warning("job %s event=%s", event.job_id, event.code)

    async def finish(self, within_s: float) -> bool:
        """No new knocks; wait for running tasks. False when some did not finish in time."""
        self.scheduler.pause()
        running = set(self._running)
        pending: set[asyncio.Task[None]] = set()
        if running:
            _, pending = await asyncio.wait(running, timeout=within_s)
        self.scheduler.shutdown(wait=False)
        return not pending
