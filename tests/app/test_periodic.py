"""Each task fails, waits and hangs for itself alone, whatever the wall clock says."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from gridvoice.processes import periodic
from gridvoice.processes.periodic import GoOn, PeriodicTasks


def eventually(true: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def tasks() -> Iterator[PeriodicTasks]:
    tasks = PeriodicTasks()
    yield tasks
    asyncio.run(tasks.finish(5.0))


def test_a_task_runs_again_and_again(tasks: PeriodicTasks) -> None:
    runs: list[float] = []
    tasks.add("a", "甲", 0.01, lambda _: runs.append(time.monotonic()))
    tasks.start()
    eventually(lambda: len(runs) >= 5)
    assert all(later - sooner >= 0.009 for sooner, later in pairwise(runs))


def test_one_that_hangs_and_one_that_fails_do_not_hold_up_the_third(tasks: PeriodicTasks) -> None:
    runs: list[int] = []
    let_go = threading.Event()

    def fails(_: GoOn) -> None:
        raise MemoryError

    tasks.add("hangs", "甲", 0.01, lambda _: let_go.wait(60))
    tasks.add("fails", "乙", 0.01, fails)
    tasks.add("works", "丙", 0.01, lambda _: runs.append(1))
    tasks.start()
    eventually(lambda: len(runs) >= 20)
    eventually(lambda: tasks.tasks["fails"].failures >= 2)
    let_go.set()


def test_all_threads_are_there_from_the_beginning(tasks: PeriodicTasks) -> None:
    seen: set[str] = set()

    def work(_: GoOn) -> None:
        seen.add(threading.current_thread().name)

    for name in ("a", "b"):
        tasks.add(name, name, 0.01, work)
    tasks.add("asked", "丙", None, work)
    before = threading.active_count()
    tasks.start()
    there = threading.active_count()
    assert there == before + 3
    tasks.knock("asked")
    eventually(lambda: len(seen) == 3)
    assert threading.active_count() == there


def test_a_task_without_a_rhythm_waits_for_a_knock(tasks: PeriodicTasks) -> None:
    runs: list[int] = []
    tasks.add("asked", "甲", None, lambda _: runs.append(1))
    tasks.add("other", "乙", 0.01, lambda _: None)
    tasks.start()
    seen = tasks.tasks["other"].finished_at
    eventually(lambda: tasks.tasks["other"].finished_at > seen + 0.05)
    assert runs == []
    tasks.knock("asked")
    eventually(lambda: runs == [1])


def test_a_failing_task_backs_off_but_not_for_long_and_recovers(
    tasks: PeriodicTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periodic, "_LONGEST_WAIT_S", 0.05)
    runs: list[float] = []

    def fails_at_first(_: GoOn) -> None:
        runs.append(time.monotonic())
        if len(runs) < 12:
            raise ValueError("not yet")

    tasks.add("a", "甲", 0.001, fails_at_first)
    tasks.start()
    eventually(lambda: len(runs) >= 14)
    waits = [later - sooner for sooner, later in pairwise(runs)]
    assert min(waits[6:10]) >= 0.049
    assert tasks.tasks["a"].failures == 0


def test_a_failure_is_told_with_one_traceback_and_then_in_a_line(
    tasks: PeriodicTasks, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periodic, "_LONGEST_WAIT_S", 0.01)
    said = "the same"

    def fails(_: GoOn) -> None:
        raise RuntimeError(said)

    with caplog.at_level(logging.INFO, "gridvoice.periodic"):
        tasks.add("a", "甲", 0.001, fails)
        tasks.start()
        eventually(lambda: tasks.tasks["a"].failures >= 5)
        said = "another"
        failures = tasks.tasks["a"].failures
        eventually(lambda: tasks.tasks["a"].failures >= failures + 3)
    told = [r for r in caplog.records if "task failed" in r.message]
    assert len(told) >= 8
    assert [r.exc_info is not None for r in told].count(True) == 2


def test_a_task_that_gets_nothing_done_is_known_from_outside(
    tasks: PeriodicTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periodic, "_STALE_LEAST_S", 0.2)
    monkeypatch.setattr(periodic, "_LONGEST_WAIT_S", 0.01)
    let_go = threading.Event()

    def fails(_: GoOn) -> None:
        raise OSError("no")

    def is_slow_but_alive(go_on: GoOn) -> None:
        while go_on():
            time.sleep(0.01)

    tasks.add("hangs", "甲", 0.001, lambda _: let_go.wait(60))
    tasks.add("fails", "乙", 0.001, fails)
    tasks.add("idles", "丙", 0.001, lambda _: None)
    tasks.add("long", "丁", 0.001, is_slow_but_alive)
    tasks.add("asked", "戊", None, lambda _: None)
    tasks.start()
    eventually(lambda: {t.name for t in tasks.failing()} == {"hangs", "fails"})
    assert {t.name for t in tasks.hanging(0.2)} == {"hangs"}
    let_go.set()
    eventually(lambda: {t.name for t in tasks.failing()} == {"fails"})


def test_what_has_got_nothing_done_yet_is_known(tasks: PeriodicTasks) -> None:
    let_go = threading.Event()

    def fails(_: GoOn) -> None:
        raise OSError("no")

    def goes_on_for_long(go_on: GoOn) -> None:
        while go_on():
            time.sleep(0.01)

    tasks.add("works", "甲", 0.01, lambda _: None)
    tasks.add("long", "乙", 0.01, goes_on_for_long)
    tasks.add("fails", "丙", 0.01, fails)
    tasks.add("hangs", "丁", 0.01, lambda _: let_go.wait(60))
    tasks.add("asked", "戊", None, lambda _: None)
    assert {task.name for task in tasks.starting()} == {"works", "long", "fails", "hangs"}
    tasks.start()
    eventually(lambda: {task.name for task in tasks.starting()} == {"fails", "hangs"})
    let_go.set()
    eventually(lambda: {task.name for task in tasks.starting()} == {"fails"})


def test_a_slow_task_is_said_once_in_chinese(
    tasks: PeriodicTasks, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periodic, "SLOW_AFTER_S", 0.02)
    let_go = threading.Event()
    with caplog.at_level(logging.INFO, "gridvoice.periodic"):
        tasks.add("a", "推送（舆情中心）", 0.01, lambda _: let_go.wait(60))
        tasks.start()
        eventually(lambda: tasks.tasks["a"].silence(time.monotonic()) > 0.05)
        for _ in range(3):
            tasks.say_what_is_slow()
        let_go.set()
        eventually(lambda: "已完成" in caplog.text)
    assert caplog.text.count("任务 推送（舆情中心） 已运行") == 1


def test_the_end_waits_for_what_works_and_names_what_hangs() -> None:
    tasks, let_go, ended = PeriodicTasks(), threading.Event(), []

    def works(go_on: GoOn) -> None:
        while go_on():
            time.sleep(0.01)
        ended.append(1)

    tasks.add("works", "甲", 0.01, works)
    tasks.add("hangs", "乙", 0.01, lambda _: let_go.wait(60))
    tasks.start()
    eventually(lambda: all(t.working_since for t in tasks.tasks.values()))
    started = time.monotonic()
    assert asyncio.run(tasks.finish(0.5)) == ["hangs"]
    assert ended == [1]
    assert time.monotonic() - started < 10
    let_go.set()
    assert asyncio.run(tasks.finish(5.0)) == []
