"""The crawl process is started anew when it ends or hangs, and no process is left behind."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from gridvoice.processes.children import CrawlChild, child_command

ALIVE = (
    "import os, sys, time\nfd = int(sys.argv[4])\nwhile True: os.write(fd, b'.'); time.sleep(0.02)"
)
SILENT = "import time\ntime.sleep(600)"
ENDS = "import sys\nsys.exit(7)"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ALIVE


def tended(child: CrawlChild, until: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "it did not happen"
        child.tend()
        time.sleep(0.02)


Make = Callable[..., CrawlChild]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setattr("gridvoice.processes.children._BACK_OFF_S", (0.05,))
    monkeypatch.setattr("gridvoice.processes.children._WELL_AFTER_S", 0.5)
    children: list[CrawlChild] = []

    def child(script: str, **more: float) -> CrawlChild:
        children.append(CrawlChild([sys.executable, "-c", script], **more))  # type: ignore[arg-type]
        return children[-1]

    yield child
    for one in children:
        asyncio.run(one.end(0.2))


def test_one_that_ends_is_started_anew_and_said(make: Make) -> None:
    child = make(ENDS)
    tended(child, lambda: child.restarts >= 2)
    (trouble,) = child.troubles()
    assert "采集进程意外结束(退出码 7)" in trouble.what
    assert trouble.alarm


def test_one_that_hangs_is_ended_and_started_anew(make: Make) -> None:
    child = make(SILENT, silent_after_s=0.3)
    tended(child, lambda: child.restarts >= 2)
    assert "信号 9" in child.troubles()[0].what


def test_one_that_lives_is_left_alone_and_no_trouble(make: Make) -> None:
    child = make(ALIVE, silent_after_s=5.0)
    child.problem = "采集进程意外结束(信号 9), 0.5 秒后重启。"
    tended(child, lambda: child.pid is not None)
    first = child.pid
    tended(child, lambda: not child.troubles())
    assert (child.pid, child.restarts) == (first, 0)


def test_one_that_cannot_be_started_is_tried_again(make: Make) -> None:
    child = make(ALIVE, silent_after_s=5.0)
    right, child.command = child.command, ["/nowhere/python"]
    tended(child, lambda: child.problem)
    assert "采集进程无法启动" in child.troubles()[0].what
    child.command = right
    tended(child, lambda: child.pid is not None)


def test_one_that_does_not_listen_is_killed_at_the_end(make: Make) -> None:
    child = make(DEAF)
    tended(child, lambda: child.pid is not None)
    pid = child.pid
    assert pid is not None
    time.sleep(0.5)
    asyncio.run(child.end(0.3))
    assert child.pid is None


def test_its_command_takes_no_module_from_the_working_directory() -> None:
    command = child_command("/etc/gridvoice")
    assert command[:3] == [sys.executable, "-P", "-m"]
    assert not any("sqlite" in word or "postgres" in word for word in command)
