"""A step of the wall clock is seen, said in words, and forgotten after a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gridvoice.processes.clock_watch import ClockWatch


class Clocks:
    """Two clocks that run together until the wall clock is set."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.wall = datetime(2026, 11, 24, 2, 3, tzinfo=UTC)  # 10:03 in Shanghai

    def run(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def watch(clocks: Clocks) -> ClockWatch:
    return ClockWatch(wall=lambda: clocks.wall, monotonic=lambda: clocks.seconds)


def test_clocks_that_run_together_are_no_step(clocks: Clocks, watch: ClockWatch) -> None:
    for _ in range(100):
        clocks.run(1.01)
        assert watch.look() is None
    clocks.run(3600)  # the loop was held up: both ran on
    assert watch.look() is None
    assert watch.troubles() == []


def test_small_corrections_are_no_step(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.wall += timedelta(seconds=4)
    assert watch.look() is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3600, "10:03 被拨快 60 分钟"), (-3600, "10:03 被拨慢 60 分钟"), (6, "被拨快 6 秒"),
     (5 * 3600, "被拨快 5 小时"), (56 * 365 * 86400, "被拨快 20440 天"), (-90, "被拨慢 90 秒")],
)  # fmt: skip
def test_a_step_is_seen_once_and_said(
    clocks: Clocks, watch: ClockWatch, seconds: float, words: str
) -> None:
    clocks.wall += timedelta(seconds=seconds)
    clocks.run(1)
    step = watch.look()
    assert step is not None
    assert abs(step - seconds) < 0.001
    clocks.run(1)
    assert watch.look() is None
    (trouble,) = watch.troubles()
    assert words in trouble.what
    assert not trouble.lasts
    clocks.run(1200)
    assert watch.troubles() == []


def test_there_and_back_is_one_trouble(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.wall += timedelta(hours=1)
    clocks.run(4)
    watch.look()
    clocks.wall -= timedelta(hours=1)
    clocks.run(1)
    watch.look()
    (trouble,) = watch.troubles()
    assert "被拨快 60 分钟，" in trouble.what
    assert "被拨慢 60 分钟" in trouble.what
