"""When a delivery is tried again, and how fast a channel may be used."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel import UNLIMITED, RateLimit
from alerts.channels.wecom import WeComChannel
from alerts.sending.rate_limit import next_slot
from alerts.sending.retry import (
    GIVE_UP_AFTER,
    REFUSED_ATTEMPTS,
    SCHEDULE,
    UNCLEAR_SCHEDULE,
    next_attempt,
)
from domain.alerts import Outcome

T0 = datetime(2026, 11, 24, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def waited_until(attempts: int) -> timedelta:
    """The age of a delivery at that attempt, had it kept to the schedule."""
    return sum(SCHEDULE[: attempts - 1], timedelta())


def test_the_schedule_reaches_about_75_hours() -> None:
    assert timedelta(hours=72) < sum(SCHEDULE, timedelta()) < timedelta(hours=78)


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.UNKNOWN, Outcome.BAD_CONFIG])
def test_the_first_retries_come_within_seconds_and_rise(outcome: Outcome) -> None:
    rng = random.Random(1)
    assert list(SCHEDULE) == sorted(SCHEDULE)
    for attempts, planned in enumerate(SCHEDULE, 1):
        wait = next_attempt(attempts, waited_until(attempts), 0, outcome, None, rng)
        assert wait is not None
        assert 0.8 * planned <= wait <= 1.2 * planned
    assert SCHEDULE[0] < 10 * SECOND
    last = len(SCHEDULE) + 1
    assert next_attempt(last, waited_until(last), 0, outcome, None, rng) is None


@pytest.mark.parametrize("outcome", [Outcome.BAD_RECEIVER, Outcome.TOO_LONG])
def test_a_message_that_is_refused_for_itself_is_dead_after_three(outcome: Outcome) -> None:
    rng = random.Random(2)
    age = timedelta(minutes=1)
    assert next_attempt(9, age, REFUSED_ATTEMPTS - 1, outcome, None, rng) is not None
    assert next_attempt(9, age, REFUSED_ATTEMPTS, outcome, None, rng) is None
    assert next_attempt(9, age, REFUSED_ATTEMPTS, Outcome.UNKNOWN, None, rng) is not None


def test_an_answer_that_says_neither_yes_nor_no_is_tried_a_few_times_over_hours() -> None:
    for seed in range(20):
        rng, age, tries = random.Random(seed), timedelta(0), 1
        while wait := next_attempt(tries, age, 0, Outcome.UNCLEAR, None, rng, soon=True):
            assert wait >= 0.8 * UNCLEAR_SCHEDULE[0], "also the gravest: it is likely seen"
            age, tries = age + wait, tries + 1
        assert len(UNCLEAR_SCHEDULE) < tries <= len(UNCLEAR_SCHEDULE) + 3
        assert timedelta(hours=4) <= age <= timedelta(hours=10)


def test_neither_many_probes_nor_a_clock_that_leaps_gives_a_delivery_up() -> None:
    rng = random.Random(4)
    ten_minutes = timedelta(minutes=10)
    wait = next_attempt(200, ten_minutes, 0, Outcome.RETRY, None, rng)
    assert wait is not None
    assert wait <= 1.2 * ten_minutes, "probes of an outage lead to no wait of a day"
    assert next_attempt(3, timedelta(days=400), 0, Outcome.RETRY, None, rng) is not None
    assert next_attempt(200, GIVE_UP_AFTER, 0, Outcome.RETRY, None, rng) is None


def test_the_gravest_wait_two_minutes_at_most_however_long_it_lasts() -> None:
    rng = random.Random(5)
    for attempts in range(1, 40):
        wait = next_attempt(
            attempts, timedelta(hours=attempts), 0, Outcome.RETRY, None, rng, soon=True
        )
        assert wait is not None
        assert wait <= timedelta(minutes=2)


@given(
    attempts=st.integers(1, 5000),
    age=st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    refused=st.integers(0, 5),
    asked=st.one_of(st.none(), st.floats(0, 300)),
    seed=st.integers(0, 999),
    outcome=st.sampled_from([o for o in Outcome if o is not Outcome.DELIVERED]),
    soon=st.booleans(),
)
def test_never_earlier_than_asked_and_never_negative(
    attempts: int,
    age: timedelta,
    refused: int,
    asked: float | None,
    seed: int,
    outcome: Outcome,
    soon: bool,
) -> None:
    wanted = None if asked is None else timedelta(seconds=asked)
    rng = random.Random(seed)
    wait = next_attempt(attempts, age, refused, outcome, wanted, rng, soon)
    if wait is None:
        return
    assert timedelta(0) < wait <= timedelta(hours=29)
    if wanted is not None:
        assert wait >= wanted


def test_retries_of_many_do_not_fall_together() -> None:
    rng = random.Random(3)
    age, asked = timedelta(seconds=5), timedelta(seconds=60)
    waits = {next_attempt(2, age, 0, Outcome.RETRY, asked, rng) for _ in range(50)}
    assert len(waits) > 40


def test_a_delivered_message_has_no_next_attempt() -> None:
    with pytest.raises(ValueError, match="nothing to retry"):
        next_attempt(1, timedelta(0), 0, Outcome.DELIVERED, None, random.Random(0))


@given(
    arrivals=st.lists(st.floats(0, 5), min_size=1, max_size=120),
    limit=st.integers(1, 20),
    gap=st.floats(0, 4),
)
def test_no_window_ever_holds_more_than_the_quota(
    arrivals: list[float], limit: int, gap: float
) -> None:
    rate = RateLimit(timedelta(seconds=gap), limit, timedelta(seconds=60))
    now, sends = T0, []
    for wait in arrivals:
        now += timedelta(seconds=wait)
        slot = next_slot(sends, now, rate)
        assert slot >= now
        sends.append(now := slot)
    for start in sends:
        assert sum(start <= s < start + rate.window for s in sends) <= limit
    ordered = sorted(sends)
    assert all(b - a >= rate.gap for a, b in itertools.pairwise(ordered))


def test_a_hundred_at_once_are_spread_over_the_robots_quota() -> None:
    sends: list[datetime] = []
    now = T0
    for _ in range(100):
        now = next_slot(sends, now, WeComChannel.rate)
        sends.append(now)
    assert sends[0] == T0
    assert sends[1] == T0 + 3 * SECOND
    assert sends[20] == T0 + 62 * SECOND
    assert sends[-1] - sends[0] < timedelta(minutes=5, seconds=10)


@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta(hours=1), timedelta(days=400)])
def test_sends_that_a_clock_wrote_down_ahead_of_time_take_no_slot(step: timedelta) -> None:
    ahead = [T0 + step + n * SECOND for n in range(30)]
    assert next_slot(ahead, T0, WeComChannel.rate) == T0
    just_now = [*ahead, T0 - SECOND]
    assert next_slot(just_now, T0, WeComChannel.rate) == T0 + 2 * SECOND
    other_machine = [T0 + SECOND]  # its clock is a second ahead: its slot is taken
    assert next_slot(other_machine, T0, WeComChannel.rate) == T0 + 4 * SECOND


def test_an_unlimited_channel_is_free_at_once() -> None:
    assert next_slot([T0] * 500, T0, UNLIMITED) == T0
