"""When a source is asked again: pure functions."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawlers.polling import schedule

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
minutes = st.integers(1, 600).map(lambda n: timedelta(minutes=n))


@given(minutes, minutes, minutes, st.booleans())
def test_an_interval_stays_within_its_bounds(
    now: timedelta, one: timedelta, other: timedelta, found_new: bool
) -> None:
    fastest, slowest = sorted((one, other))
    wait = schedule.next_interval(now, fastest, slowest, found_new=found_new)
    assert fastest <= wait <= slowest


def test_a_busy_source_is_asked_more_and_a_quiet_one_less() -> None:
    bounds = timedelta(minutes=2), timedelta(minutes=60)
    ten = timedelta(minutes=10)
    assert schedule.next_interval(ten, *bounds, found_new=True) == timedelta(minutes=5)
    assert schedule.next_interval(ten, *bounds, found_new=False) == timedelta(minutes=12)


@given(minutes, st.integers(1, 100))
def test_a_failing_source_waits_longer_each_time_up_to_a_limit(
    every: timedelta, failures: int
) -> None:
    wait = schedule.after_failure(every, failures)
    assert every <= wait <= max(every, timedelta(hours=6))
    assert schedule.after_failure(every, failures + 1) >= wait


def test_a_refusal_waits_half_an_hour_and_the_site_may_ask_for_more() -> None:
    every = timedelta(minutes=5)
    assert schedule.after_failure(every, 1) == every
    assert schedule.after_failure(every, 1, refused=True) == timedelta(minutes=30)
    asked = timedelta(hours=9)
    assert schedule.after_failure(every, 1, retry_after=asked) == asked
    absurd = timedelta(days=400)
    assert schedule.after_failure(every, 1, retry_after=absurd) == timedelta(days=1)


def test_a_log_in_that_is_missing_keeps_the_slowest_rhythm_however_often_it_fails() -> None:
    every, slowest = timedelta(minutes=1), timedelta(minutes=10)
    for failures in (1, 5, 50):
        wait = schedule.after_failure(every, failures, refused=True, slowest=slowest)
        assert wait == slowest
    assert schedule.after_failure(every, 9, refused=True, slowest=every) == timedelta(minutes=5)
    asked = timedelta(hours=2)
    assert schedule.after_failure(every, 1, slowest=slowest, retry_after=asked) == asked


def test_a_put_off_page_is_tried_over_some_hours() -> None:
    waits = [schedule.pending_wait(n) for n in range(1, schedule.PENDING_TRIES)]
    assert waits[0] == timedelta(minutes=1)
    assert timedelta(hours=1) < sum(waits, timedelta()) < timedelta(days=1)


@given(minutes, st.integers())
def test_the_spread_is_small(interval: timedelta, seed: int) -> None:
    wait = schedule.spread(interval, random.Random(seed))
    assert interval * 0.94 < wait < interval * 1.06


def test_only_a_source_with_a_history_can_be_odd() -> None:
    assert schedule.odd_yield(None, 50, 0) is None
    assert schedule.odd_yield(20.0, 2, 1) is None
    assert schedule.odd_yield(3.0, 50, 0) is None
    assert schedule.odd_yield(20.0, 50, 6) is None
    assert "平时约 20 条" in (schedule.odd_yield(20.0, 50, 4) or "")


def test_the_average_follows_slowly() -> None:
    average: float | None = None
    for matched in [20] * 5 + [2]:
        average = schedule.new_average(average, matched)
    assert average == 18.2


def test_what_was_left_unread_is_read_on_soon_but_a_failing_page_is_not_hammered() -> None:
    ten = timedelta(minutes=10)
    waits = [schedule.soon(ten, failures) for failures in range(8)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert waits[5:] == [ten] * 3
    assert schedule.soon(timedelta(seconds=2), 0) == timedelta(seconds=2)


def test_a_full_look_is_due_by_polls_or_time_and_after_a_step_of_the_clock() -> None:
    hour = timedelta(hours=1)
    assert not schedule.look_is_due(19, NOW - 5 * hour, NOW)
    assert schedule.look_is_due(20, NOW - hour, NOW)
    assert schedule.look_is_due(3, NOW - 6 * hour, NOW)
    assert schedule.look_is_due(3, NOW + hour, NOW), "looked in the future"
    assert not schedule.look_is_due(3, NOW + timedelta(seconds=5), NOW), "another machine's clock"
    assert schedule.look_is_due(-1, NOW, NOW), "the count began anew"
    assert schedule.look_is_due(0, None, NOW)


def test_many_lists_share_the_pages_of_a_look() -> None:
    assert schedule.look_depth(5, 1, deep=True) == 40
    assert schedule.look_depth(5, 4, deep=True) == 10
    assert schedule.look_depth(5, 400, deep=True) == 5
    assert schedule.look_depth(5, 1, deep=False) == 5
