"""What the answers of a receiver say about its channel, and who may try it meanwhile."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.sending.outage import (
    DOWN_AFTER,
    HOLD_AT_MOST,
    STOPPED,
    asked_wait,
    failed,
    failing_since,
    is_down,
    is_held,
    is_shut,
    released,
    turn,
    unclear_since,
    worked,
)
from domain.alerts import ChannelState, Outcome, SendError

T0 = datetime(2026, 11, 24, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
RED, OTHER = (True, False), (False, False)
RED_AGAIN, OTHER_AGAIN = (True, True), (False, True)
ANYBODY = {RED, OTHER, RED_AGAIN, OTHER_AGAIN}

HUNG = SendError(Outcome.UNKNOWN, "timeout", "no answer in time")
SHUT_OUT = SendError(Outcome.BAD_CONFIG, "403", "forbidden")


def after(*errors: SendError, took: timedelta = SECOND, every: timedelta = MINUTE) -> ChannelState:
    """The channel after these failures, the first at T0, one each `every`."""
    state = ChannelState("centre")
    for n, error in enumerate(errors):
        state = failed(state, error, T0 + n * every, took)
    return state


def down(failures: int = DOWN_AFTER, now: datetime = T0, took: timedelta = SECOND) -> ChannelState:
    """The channel at the last of so many failures, which was at `now`."""
    return failed(ChannelState("centre", failures=failures - 1), HUNG, now, took)


def may_probe(state: ChannelState, waited: timedelta, drops_repeats: bool = True) -> set[object]:
    found = turn(state, T0 + waited, drops_repeats)
    assert not found.is_open
    return set(found.may_probe)


@pytest.mark.parametrize(
    "error",
    [
        HUNG,
        SHUT_OUT,
        SendError(Outcome.RETRY, "connect", "no connection"),
        SendError(Outcome.RETRY, "500", ""),
        SendError(Outcome.UNKNOWN, "502", ""),
        SendError(Outcome.RETRY, "200", "success=false in a 2xx answer"),
        SendError(Outcome.BAD_CONFIG, "401", ""),
        SendError(Outcome.BAD_CONFIG, "404", ""),
    ],
)
def test_a_few_failures_in_a_row_are_an_outage_since_the_first_and_a_success_ends_it(
    error: SendError,
) -> None:
    state = after(*[error] * (DOWN_AFTER - 1))
    assert not is_down(state)
    assert failing_since(state) is None
    assert turn(state, T0 + MINUTE, True).is_open
    state = after(*[error] * DOWN_AFTER)
    assert failing_since(state) == T0
    assert state.problem == f"{error.code} {error.text}".strip()
    later = T0 + timedelta(hours=1)
    assert worked(state, later) == ChannelState("centre", succeeded_at=later)
    assert not is_shut(worked(state, later), later)


@pytest.mark.parametrize(
    "error",
    [
        SendError(Outcome.BAD_RECEIVER, "400", "this message was refused"),
        SendError(Outcome.TOO_LONG, "413", ""),
        SendError(Outcome.UNKNOWN, STOPPED, "our own stop"),
    ],
)
def test_what_concerns_one_message_is_no_outage(error: SendError) -> None:
    assert after(*[error] * 20) == ChannelState("centre")
    # Nor does it end one; but the probes keep their rhythm.
    now = T0 + timedelta(hours=1)
    assert failed(down(), error, now, SECOND) == replace(down(), probe_at=down(now=now).probe_at)


def test_answers_that_say_neither_yes_nor_no_are_told_of_and_shut_nothing() -> None:
    unclear = SendError(Outcome.UNCLEAR, "200", "code=7 in a 2xx answer")
    state = after(*[unclear] * 20)
    assert unclear_since(state) == T0
    assert state.problem == "200 code=7 in a 2xx answer"
    assert not is_shut(state, T0 + MINUTE)
    assert not is_shut(failed(down(), unclear, T0 + MINUTE, SECOND), T0 + MINUTE)
    assert unclear_since(down()) is None
    assert unclear_since(worked(state, T0)) is None


def test_red_probes_every_half_minute_and_others_ever_less_often() -> None:
    state = down()
    assert may_probe(state, 28 * SECOND) == set()
    assert may_probe(state, 29 * SECOND) == ANYBODY
    later = down(failures=6)
    assert may_probe(later, 29 * SECOND) == {RED, RED_AGAIN}
    assert may_probe(later, timedelta(minutes=3)) == ANYBODY
    days = down(failures=4000)
    assert may_probe(days, 58 * SECOND) == set()
    assert may_probe(days, 59 * SECOND) >= {RED, RED_AGAIN}
    assert may_probe(days, timedelta(minutes=3, seconds=30)) == ANYBODY


def test_the_rhythm_counts_from_the_beginning_of_a_probe_that_hung() -> None:
    assert RED in may_probe(down(took=15 * SECOND), 15 * SECOND)
    assert may_probe(down(took=60 * SECOND), 4 * SECOND) == set()
    assert RED in may_probe(down(took=60 * SECOND), 5 * SECOND)


def test_what_people_may_have_seen_is_repeated_less_often_where_twins_are_not_told() -> None:
    state = down(failures=4)
    assert may_probe(state, 29 * SECOND, drops_repeats=False) == {RED}
    assert RED_AGAIN in may_probe(state, 2 * MINUTE, drops_repeats=False)
    assert OTHER_AGAIN not in may_probe(state, 4 * MINUTE, drops_repeats=False)
    assert OTHER_AGAIN in may_probe(state, 5 * MINUTE, drops_repeats=False)
    assert RED_AGAIN in may_probe(state, 29 * SECOND, drops_repeats=True)


def test_every_third_probe_is_for_the_one_tried_least_at_the_pace_of_red() -> None:
    turns = [turn(down(failures), T0 + MINUTE, True) for failures in range(20, 29)]
    assert [one.by_turns for one in turns] == [True, False, False] * 3
    for one in turns:
        assert (OTHER in one.may_probe) == one.by_turns


@pytest.mark.parametrize("asked", [7.0, 300.0, 301.0, 86400.0, 999999999.0, 1e18, math.inf])
def test_a_receiver_holds_its_channel_for_minutes_at_most(asked: float) -> None:
    state = after(SendError(Outcome.RETRY, "429", "slow down", asked))
    granted = min(timedelta(seconds=min(asked, 1e6)), HOLD_AT_MOST)
    assert state.blocked_until == T0 + granted
    assert is_held(state, T0 + granted - SECOND)
    assert may_probe(state, granted - SECOND) <= {RED, RED_AGAIN}
    assert turn(state, T0 + granted, True).is_open


def test_red_probes_through_a_hold_once_a_minute() -> None:
    state = after(SendError(Outcome.RETRY, "429", "", 1e9))
    assert may_probe(state, 59 * SECOND) == set()
    assert may_probe(state, 60 * SECOND) == {RED, RED_AGAIN}
    again = failed(state, SendError(Outcome.RETRY, "429", "", 1e9), T0 + MINUTE, SECOND)
    assert may_probe(again, 119 * SECOND) == set()
    assert may_probe(again, 120 * SECOND) == {RED, RED_AGAIN}


@pytest.mark.parametrize("asked", [None, math.nan])
def test_no_readable_wait_is_no_hold(asked: float | None) -> None:
    assert asked_wait(asked) is None
    assert after(SendError(Outcome.RETRY, "503", "", asked)).blocked_until is None


def test_a_negative_wait_is_no_hold() -> None:
    state = after(SendError(Outcome.RETRY, "503", "", -math.inf))
    assert not is_held(state, T0)


def test_a_person_may_lift_a_hold_and_ask_for_a_probe() -> None:
    held = after(SendError(Outcome.RETRY, "429", "", 300))
    assert turn(released(held), T0, True).is_open
    assert may_probe(released(down()), timedelta(0)) == ANYBODY
    assert failing_since(released(after(HUNG, HUNG, HUNG))) == T0


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_is_put_back_neither_holds_a_channel_nor_stops_its_probes(
    step: timedelta,
) -> None:
    ahead = failed(ChannelState("c"), SendError(Outcome.RETRY, "429", "", 300), T0 + step, SECOND)
    assert turn(ahead, T0, True).is_open
    assert may_probe(down(now=T0 + step), timedelta(0)) == ANYBODY


@given(
    failures=st.integers(0, 10_000),
    blocked=st.none() | st.timedeltas(timedelta(days=-9), timedelta(days=9)),
    probe=st.none() | st.timedeltas(timedelta(days=-9), timedelta(days=9)),
    drops_repeats=st.booleans(),
)
def test_whatever_is_stored_red_is_tried_within_a_minute_or_so_and_all_within_minutes(
    failures: int, blocked: timedelta | None, probe: timedelta | None, drops_repeats: bool
) -> None:
    state = ChannelState(
        "centre",
        None if blocked is None else T0 + blocked,
        None,
        None,
        failures,
        None if probe is None else T0 + probe,
    )

    def sent(kind: tuple[bool, bool], waited: timedelta) -> bool:
        found = turn(state, T0 + waited, drops_repeats)
        return found.is_open or kind in found.may_probe

    assert any(sent(RED, seconds * SECOND) for seconds in range(0, 72, 2))
    for kind in (OTHER, RED_AGAIN, OTHER_AGAIN):
        assert any(sent(kind, seconds * SECOND) for seconds in range(0, 12 * 60, 5)), kind
