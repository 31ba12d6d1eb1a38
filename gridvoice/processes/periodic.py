"""What is done every few seconds: each task in a thread of its own, on the monotonic clock.

The wall clock may jump by an hour, one task may hang: the others go on. All threads are started at
the beginning; none later, because a thread that cannot be started for want of memory holds up
whoever starts it for ever. The database says what is due: a task only looks and works until nothing
is.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger("gridvoice.periodic")

GoOn = Callable[[], bool]
"""A task asks before each piece of its work whether to go on; asking is its sign of life."""

SLOW_AFTER_S = 30.0
HANGS_AFTER_S = 180.0
_LONGEST_WAIT_S = 8.0  # after failures in a row
_STALE_PASSES = 6
_STALE_LEAST_S = 60.0


@dataclass
class Task:
    """One task and how it fares. Written by its own thread, read by others."""

    name: str
    title: str
    every_s: float | None  # None: only when somebody knocks
    work: Callable[[GoOn], Any]
    wake: threading.Event = field(default_factory=threading.Event)
    working_since: float | None = None  # this and all moments below: monotonic
    alive_at: float = 0.0  # the last sign of life
    finished_at: float = 0.0  # the last pass that ended well
    failures: int = 0  # in a row
    problem: str = ""  # of the last failure
    slow: bool = False  # said so already
    moved: bool = False  # it has done a pass, or a piece of one, since the start

    def is_stale(self, now: float) -> bool:
        """Whether it has got nothing done for longer than anybody should wait."""
        if self.every_s is None:
            return False
        patience = max(_STALE_LEAST_S, _STALE_PASSES * self.every_s)
        return now - max(self.finished_at, 0.0 if self.failures else self.alive_at) > patience

    def silence(self, now: float) -> float:
        """How long it has worked on one piece without a sign of life."""
        return 0.0 if self.working_since is None else now - max(self.alive_at, self.working_since)


class PeriodicTasks:
    """Runs tasks at intervals, each failing, waiting and hanging for itself alone."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._stop = threading.Event()

    def add(
        self, name: str, title: str, every_s: float | None, work: Callable[[GoOn], Any]
    ) -> None:
        """Before `start`. A pass begins `every_s` after the last one ended, later after failures;
        None: only on `knock`."""
        self.tasks[name] = Task(name, title, every_s, work)

    def start(self) -> None:
        """Begin all of them."""
        now = time.monotonic()
        for task in self.tasks.values():
            task.alive_at = task.finished_at = now
            # Daemons: a task that hangs must not keep a process from ending.
            thread = threading.Thread(
                target=self._live, args=(task,), name=f"task {task.name}", daemon=True
            )
            self._threads[task.name] = thread
            thread.start()

    def knock(self, name: str) -> None:
        """Begin a pass now; one that runs already is followed by another."""
        self.tasks[name].wake.set()

    def failing(self) -> list[Task]:
        """Tasks that have finished no pass for too long."""
        now = time.monotonic()
        return [task for task in self.tasks.values() if task.is_stale(now)]

    def starting(self) -> list[Task]:
        """Tasks that have got nothing done yet."""
        return [task for task in self.tasks.values() if task.every_s and not task.moved]

    def hanging(self, after_s: float = HANGS_AFTER_S) -> list[Task]:
        """Tasks that have given no sign of life for `after_s` while working."""
        now = time.monotonic()
        return [t for t in self.tasks.values() if t.every_s and t.silence(now) > after_s]

    def say_what_is_slow(self) -> None:
        """One line in the log for each task that works unusually long on one piece."""
        now = time.monotonic()
        for task in self.tasks.values():
            if task.silence(now) > SLOW_AFTER_S and not task.slow:
                task.slow = True
                log.warning("任务 %s 已运行 %.0f 秒，尚未完成", task.title, task.silence(now))

    async def finish(self, within_s: float) -> list[str]:
        """No new passes; wait for those that run. Names of the tasks that did not end in time."""
        self._stop.set()
        for task in self.tasks.values():
            task.wake.set()
        deadline = time.monotonic() + within_s
        while (left := self._alive()) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return left

    def _alive(self) -> list[str]:
        return [name for name, thread in self._threads.items() if thread.is_alive()]

    def _live(self, task: Task) -> None:
        if task.every_s is None:
            task.wake.wait()
        while not self._stop.is_set():
            task.wake.clear()
            try:
                wait = self._pass(task)
            except Exception:
                wait = _LONGEST_WAIT_S  # not even a record of the failure could be made
            task.wake.wait(wait)

    def _pass(self, task: Task) -> float | None:
        """One pass; how long to wait for the next."""
        task.working_since = task.alive_at = time.monotonic()
        asked = False

        def go_on() -> bool:
            nonlocal asked
            task.alive_at = time.monotonic()
            task.slow = False
            task.moved, asked = task.moved or asked, True
            return not self._stop.is_set()

        try:
            task.work(go_on)
        except Exception as error:
            # The task's edge: say it, go on; the rows stay due and are taken again.
            self._failed(task, error)
            return min(_LONGEST_WAIT_S, (task.every_s or 1.0) * float(2 ** min(task.failures, 8)))
        finally:
            if task.slow:
                log.warning("任务 %s 已完成", task.title)
            task.slow, task.working_since = False, None
        if task.failures:
            log.info("task works again name=%s failures=%d", task.name, task.failures)
        task.failures, task.problem, task.moved = 0, "", True
        task.finished_at = task.alive_at = time.monotonic()
        return task.every_s

    def _failed(self, task: Task, error: Exception) -> None:
        """One traceback, then a line each while it fails in the same way."""
        task.failures += 1
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        same, task.problem = task.problem == problem, problem
        log.error(
            "task failed name=%s failures=%d error=%s", task.name, task.failures, problem,
            exc_info=None if same else error,
        )  # fmt: skip
