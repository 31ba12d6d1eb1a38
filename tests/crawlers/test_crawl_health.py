"""When a source is asked again: pure functions."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawlers import health

minutes = st.integers(1, 600).map(lambda n: timedelta(minutes=n))


@given(minutes, minutes, minutes, st.booleans())
def test_an_interval_stays_within_its_bounds(
    now: timedelta, one: timedelta, other: timedelta, found_new: bool
) -> None:
    fastest, slowest = sorted((one, other))
    wait = health.next_interval(now, fastest, slowest, found_new=found_new)
    assert fastest <= wait <= slowest


def test_a_busy_source_is_asked_more_and_a_quiet_one_less() -> None:
    bounds = timedelta(minutes=2), timedelta(minutes=60)
    ten = timedelta(minutes=10)
    assert health.next_interval(ten, *bounds, found_new=True) == timedelta(minutes=5)
    assert health.next_interval(ten, *bounds, found_new=False) == timedelta(minutes=12)


@given(minutes, st.integers(1, 100))
def test_a_failing_source_waits_longer_each_time_up_to_a_limit(
    every: timedelta, failures: int
) -> None:
    wait = health.after_failure(every, failures)
    assert every <= wait <= max(every, timedelta(hours=6))
    assert health.after_failure(every, failures + 1) >= wait


def test_a_refusal_waits_half_an_hour_and_the_site_may_ask_for_more() -> None:
    every = timedelta(minutes=5)
    assert health.after_failure(every, 1) == every
    assert health.after_failure(every, 1, refused=True) == timedelta(minutes=30)
    asked = timedelta(hours=9)
    assert health.after_failure(every, 1, retry_after=asked) == asked
    absurd = timedelta(days=400)
    assert health.after_failure(every, 1, retry_after=absurd) == timedelta(days=1)


def test_a_put_off_page_is_tried_over_some_hours() -> None:
    waits = [health.pending_wait(n) for n in range(1, health.PENDING_TRIES)]
    assert waits[0] == timedelta(minutes=1)
    assert timedelta(hours=1) < sum(waits, timedelta()) < timedelta(days=1)


@given(minutes, st.integers())
def test_the_spread_is_small(interval: timedelta, seed: int) -> None:
    wait = health.spread(interval, random.Random(seed))
    assert interval * 0.94 < wait < interval * 1.06


def test_only_a_source_with_a_history_can_be_odd() -> None:
    assert health.odd_yield(None, 50, 0) is None
    assert health.odd_yield(20.0, 2, 1) is None
    assert health.odd_yield(3.0, 50, 0) is None
    assert health.odd_yield(20.0, 50, 6) is None
    assert "平时约 20 条" in (health.odd_yield(20.0, 50, 4) or "")


def test_the_average_follows_slowly() -> None:
    average: float | None = None
    for matched in [20] * 5 + [2]:
        average = health.new_average(average, matched)
    assert average == 18.2
