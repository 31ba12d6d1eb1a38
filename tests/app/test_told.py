"""The operator is told once, after a grace, and once when it is over; restarts repeat nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from domain.trouble import Trouble
from gridvoice.health.told import FLICKER_S, OVER_AFTER_S, News, Told

SOON = timedelta(minutes=1)
DISK = Trouble("disk", "磁盘快满。", "请清理。", alarm=True, tell_after=SOON)
SOURCES = [
    Trouble(f"source:{n}", "信息源读取失败", "请检查。", subject=f"板{n}", tell_after=SOON)
    for n in range(5)
]
CLOCK = Trouble("clock", "系统时钟被拨快。", "请检查。", tell_after=timedelta(0), lasts=False)


class Memory:
    """A `Told` on clocks that a test moves."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
        self.seconds = time.monotonic()
        self.told = Told(wall=lambda: self.wall)

    def restart(self, engine: Engine) -> None:
        self.told = Told(wall=lambda: self.wall)
        self.told.sync(engine)

    def run(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def look(self, *standing: Trouble) -> News:
        return self.told.look(standing, self.seconds)

    def tell(self, *standing: Trouble) -> News:
        news = self.look(*standing)
        self.told.tell(news)
        return news


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_it_is_told_after_its_grace_and_once(memory: Memory) -> None:
    assert not memory.look(DISK)
    memory.run(59)
    assert not memory.look(DISK)
    memory.run(2)
    assert memory.tell(DISK) == News(begun=("disk",))
    for _ in range(100):
        memory.run(3600)
        assert not memory.look(DISK)


def test_what_is_due_stays_due_until_somebody_has_heard_it(memory: Memory) -> None:
    memory.look(DISK)
    memory.run(61)
    assert memory.look(DISK)
    assert memory.look(DISK)


def test_a_flicker_is_no_beginning_and_no_end(memory: Memory) -> None:
    memory.look(DISK)
    memory.run(40)
    assert not memory.look()
    memory.run(FLICKER_S - 1)
    assert not memory.look(DISK)
    memory.run(10)
    assert memory.tell(DISK), "it stood all the time, but for a flicker"
    memory.run(10)
    assert not memory.look()
    memory.run(OVER_AFTER_S - 1)
    assert not memory.look()
    assert not memory.look(DISK)


def test_what_stands_for_a_moment_now_and_then_is_not_told(memory: Memory) -> None:
    for _ in range(50):
        assert not memory.look(DISK)
        memory.run(40)
        assert not memory.look(DISK)
        memory.run(1)
        memory.look()
        memory.run(FLICKER_S)
        assert not memory.look()


def test_the_end_is_told_once(memory: Memory) -> None:
    memory.look(DISK)
    memory.run(61)
    memory.tell(DISK)
    memory.run(1)
    assert not memory.look()
    memory.run(OVER_AFTER_S)
    assert memory.tell() == News(over=("disk",))
    memory.run(600)
    assert not memory.look()


def test_the_end_of_what_nobody_heard_of_is_no_news(memory: Memory) -> None:
    memory.look(DISK)
    memory.run(30)
    memory.look()
    memory.run(OVER_AFTER_S)
    assert not memory.look()


def test_what_comes_and_goes_is_told_at_most_twice_an_hour(memory: Memory) -> None:
    heard = 0
    for _ in range(2 * 3600 // 300):  # stands for 150 s, is away for 150 s, for two hours
        for standing in ((DISK,), ()):
            for _ in range(15):
                heard += len(memory.tell(*standing).begun)
                memory.run(10)
    assert 2 <= heard <= 4


def test_what_is_never_to_be_told_is_not(memory: Memory) -> None:
    quiet = Trouble("reload", "新配置有误。", "请改正。")
    memory.look(quiet)
    memory.run(10**6)
    assert not memory.look(quiet)


def test_what_only_happened_is_told_and_never_called_over(memory: Memory, engine: Engine) -> None:
    assert memory.tell(CLOCK) == News(begun=("clock",))
    for _ in range(60):
        memory.run(10)
        assert not memory.look(CLOCK)
    for _ in range(60):
        memory.run(10)
        assert not memory.look()
    memory.told.sync(engine)
    memory.restart(engine)
    memory.run(600)
    assert not memory.look()
    memory.run(7200)
    assert memory.tell(CLOCK), "another time it is news again"


@pytest.mark.parametrize("hours", [-1, 1, 24 * 400])
def test_a_clock_that_jumps_neither_hastens_nor_delays_it(memory: Memory, hours: int) -> None:
    memory.look(DISK)
    memory.wall += timedelta(hours=hours)
    memory.run(30)
    assert not memory.look(DISK)
    memory.run(31)
    assert memory.tell(DISK)
    memory.wall -= timedelta(hours=hours)
    memory.run(OVER_AFTER_S + 60)
    memory.look()
    memory.run(OVER_AFTER_S)
    assert memory.tell() == News(over=("disk",))
    memory.wall -= timedelta(hours=1000)
    memory.run(3600)
    memory.look(DISK)
    memory.run(61)
    assert memory.look(DISK), "what was told in the future holds nothing back"


def test_a_restart_repeats_nothing_and_still_tells_the_end(memory: Memory, engine: Engine) -> None:
    memory.told.sync(engine)
    memory.look(DISK)
    memory.run(61)
    memory.tell(DISK)
    memory.told.sync(engine)
    for _ in range(3):
        memory.run(3)
        memory.restart(engine)
        memory.run(3600)
        assert not memory.look(DISK)
        memory.told.sync(engine)
    memory.run(1)
    memory.look()
    memory.run(OVER_AFTER_S)
    assert memory.tell() == News(over=("disk",))
    memory.told.sync(engine)
    memory.restart(engine)
    memory.run(3600)
    assert not memory.look()


def test_the_grace_goes_on_over_a_restart(memory: Memory, engine: Engine) -> None:
    memory.look(DISK)
    memory.told.sync(engine)
    memory.run(45)
    memory.seconds = time.monotonic()
    memory.restart(engine)
    assert not memory.look(DISK)
    memory.run(20)
    assert memory.look(DISK)


def test_without_a_store_it_works_from_memory_and_catches_up(
    memory: Memory, sqlite_engine: Engine
) -> None:
    memory.look(DISK)
    memory.run(61)
    memory.tell(DISK)
    assert not memory.told.loaded
    memory.told.sync(sqlite_engine)
    memory.restart(sqlite_engine)
    memory.run(100)
    assert not memory.look(DISK)


def test_only_what_changed_is_written(memory: Memory, sqlite_engine: Engine) -> None:
    memory.look(DISK)
    memory.told.sync(sqlite_engine)
    with sqlite_engine.connect() as conn:
        version = conn.exec_driver_sql("PRAGMA data_version").scalar()
        for _ in range(3):
            memory.run(1)
            memory.look(DISK)
            memory.told.sync(sqlite_engine)
        assert conn.exec_driver_sql("PRAGMA data_version").scalar() == version


def test_many_alike_are_one_item_with_the_first_few_named(memory: Memory) -> None:
    memory.look(DISK, *SOURCES)
    memory.run(61)
    news = memory.look(DISK, *SOURCES)
    told = memory.told.troubles(news)
    assert len(news.begun) == 6
    assert [item.what for item in told.begun] == [
        "磁盘快满。", "信息源读取失败：板0、板1、板2 等 5 个。",
    ]  # fmt: skip
    assert told.over == ()
    assert memory.told.only_alarms(news) == News(begun=("disk",))
