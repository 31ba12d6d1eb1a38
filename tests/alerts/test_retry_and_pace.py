"""When a delivery is tried again, and how fast a channel may be used."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.pace import UNLIMITED, WECOM_ROBOT, Pace, next_slot
from alerts.retry import HOPELESS_ATTEMPTS, SCHEDULE, next_attempt
from domain.model import Outcome

T0 = datetime(2026, 11, 24, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_schedule_reaches_about_75_hours() -> None:
    assert timedelta(hours=72) < sum(SCHEDULE, timedelta()) < timedelta(hours=78)


def test_the_first_retries_come_within_seconds_and_rise() -> None:
    rng = random.Random(1)
    assert list(SCHEDULE) == sorted(SCHEDULE)
    for attempts, planned in enumerate(SCHEDULE, 1):
        wait = next_attempt(attempts, Outcome.RETRY, None, rng)
        assert wait is not None
        assert 0.8 * planned <= wait <= 1.2 * planned
    assert SCHEDULE[0] < 10 * SECOND
    assert next_attempt(len(SCHEDULE) + 1, Outcome.RETRY, None, rng) is None


@pytest.mark.parametrize("outcome", [Outcome.BAD_CONFIG, Outcome.BAD_RECEIVER, Outcome.TOO_LONG])
def test_what_cannot_be_helped_is_dead_after_three(outcome: Outcome) -> None:
    rng = random.Random(2)
    assert next_attempt(HOPELESS_ATTEMPTS - 1, outcome, None, rng) is not None
    assert next_attempt(HOPELESS_ATTEMPTS, outcome, None, rng) is None
    assert next_attempt(HOPELESS_ATTEMPTS, Outcome.UNKNOWN, None, rng) is not None


@given(
    attempts=st.integers(1, 40),
    asked=st.one_of(st.none(), st.floats(0, 3e6)),
    seed=st.integers(0, 999),
    outcome=st.sampled_from([o for o in Outcome if o is not Outcome.DELIVERED]),
)
def test_never_earlier_than_asked_and_never_negative(
    attempts: int, asked: float | None, seed: int, outcome: Outcome
) -> None:
    wanted = None if asked is None else timedelta(seconds=asked)
    wait = next_attempt(attempts, outcome, wanted, random.Random(seed))
    if wait is None:
        return
    assert timedelta(0) < wait <= timedelta(hours=29)
    if wanted is not None:
        assert wait >= min(wanted, timedelta(hours=24))


def test_retries_of_many_do_not_fall_together() -> None:
    rng = random.Random(3)
    waits = {next_attempt(2, Outcome.RETRY, timedelta(seconds=60), rng) for _ in range(50)}
    assert len(waits) > 40


def test_a_delivered_message_has_no_next_attempt() -> None:
    with pytest.raises(ValueError, match="nothing to retry"):
        next_attempt(1, Outcome.DELIVERED, None, random.Random(0))


@given(
    arrivals=st.lists(st.floats(0, 5), min_size=1, max_size=120),
    limit=st.integers(1, 20),
    gap=st.floats(0, 4),
)
def test_no_window_ever_holds_more_than_the_quota(
    arrivals: list[float], limit: int, gap: float
) -> None:
    pace = Pace(timedelta(seconds=gap), limit, timedelta(seconds=60))
    now, sends = T0, []
    for wait in arrivals:
        now += timedelta(seconds=wait)
        slot = next_slot(sends, now, pace)
        assert slot >= now
        sends.append(slot)
    for start in sends:
        assert sum(start <= s < start + pace.window for s in sends) <= limit
    ordered = sorted(sends)
    assert all(b - a >= pace.gap for a, b in itertools.pairwise(ordered))


def test_a_thousand_at_once_are_spread_over_the_robots_quota() -> None:
    sends: list[datetime] = []
    for _ in range(100):
        sends.append(next_slot(sends, T0, WECOM_ROBOT))
    assert sends[0] == T0
    assert sends[1] == T0 + 3 * SECOND
    assert sends[20] == T0 + 62 * SECOND
    assert sends[-1] - sends[0] < timedelta(minutes=5, seconds=10)


def test_an_unlimited_channel_is_free_at_once() -> None:
    assert next_slot([T0] * 500, T0, UNLIMITED) == T0
