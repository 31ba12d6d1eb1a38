"""What the answers of a channel's receiver say about the channel, and who may try it meanwhile.

A failure that concerns one message says nothing about its channel. A few others in a row mean that
the channel is down: deliveries then no longer wait each for its own time; one at a time probes, the
gravest first, and the first success lets all go. What a receiver asks for (`Retry-After`, a quota)
holds the channel for minutes at most, and the gravest probe all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.alerts import ChannelState, Outcome, SendError

DOWN_AFTER = 3  # failures in a row
HOLD_AT_MOST = timedelta(minutes=5)  # whatever a receiver asks for, and in whatever unit
HELD_RED_EVERY = timedelta(seconds=60)
RED_EVERY = timedelta(seconds=30)
RED_EVERY_LATER = timedelta(seconds=60)
OTHERS_AT_MOST = timedelta(minutes=3)
# What may have been accepted is a second message to people where the receiver tells no twins.
REPEATED_RED_EVERY = timedelta(minutes=2)
REPEATED_EVERY = timedelta(minutes=5)

STOPPED = "stopped"  # the code of a send that our own stop cut short
ABOUT_THE_MESSAGE = frozenset({Outcome.BAD_RECEIVER, Outcome.TOO_LONG})

_LATER_FROM = 20  # failures in a row: some ten minutes
_BREATH = timedelta(seconds=5)  # after a probe that took as long as its rhythm
_SKEW = timedelta(seconds=10)
_TURN_EVERY = 3  # probes


@dataclass(frozen=True, slots=True)
class Turn:
    """Who may be sent now. Open: whatever is due. Else one delivery whose (red, repeated) is in
    `may_probe`: the gravest, or, `by_turns`, the one that was tried least."""

    is_open: bool
    may_probe: frozenset[tuple[bool, bool]] = frozenset()
    by_turns: bool = False


def concerns_channel(error: SendError) -> bool:
    """Whether a failure says something about the channel, not about the message or about us."""
    return error.outcome not in ABOUT_THE_MESSAGE and error.code != STOPPED


def asked_wait(retry_after_s: float | None) -> timedelta | None:
    """The rest that a receiver asked for, as far as we grant it; None: it asked for none."""
    if retry_after_s is None or math.isnan(retry_after_s):
        return None
    return timedelta(seconds=min(max(retry_after_s, 0.0), HOLD_AT_MOST.total_seconds()))


def is_down(state: ChannelState) -> bool:
    """Whether its last few sends all failed."""
    return state.failures >= DOWN_AFTER


def is_held(state: ChannelState, now: datetime) -> bool:
    """Whether it rests at its receiver's request. An end further ahead than any hold may last was
    written by a clock that has been put back since: no hold."""
    until = state.blocked_until
    return until is not None and now < until <= now + HOLD_AT_MOST + _SKEW


def is_shut(state: ChannelState, now: datetime) -> bool:
    """Whether deliveries wait for the channel and not for their own time."""
    return is_down(state) or is_held(state, now)


def failing_since(state: ChannelState) -> datetime | None:
    """Since when a channel that is down has let nothing through; None: it is not down."""
    return state.down_since if is_down(state) else None


def unclear_since(state: ChannelState) -> datetime | None:
    """Since when its answers say neither yes nor no; None: they say something, or it is down."""
    return None if state.failures else state.down_since


def failed(state: ChannelState, error: SendError, now: datetime, took: timedelta) -> ChannelState:
    """The channel after a send that failed and took that long."""
    if error.outcome is Outcome.UNCLEAR:
        # It answers, and may take what it is sent: nothing waits for it, and each is told so.
        return replace(
            state, problem=_problem(error), down_since=state.down_since or now, failures=0,
            probe_at=None,
        )  # fmt: skip
    if concerns_channel(error):
        asked = asked_wait(error.retry_after_s)
        state = replace(
            state,
            problem=_problem(error),
            down_since=state.down_since or now,
            failures=state.failures + 1,
            blocked_until=state.blocked_until if asked is None else now + asked,
        )
    if is_held(state, now):
        return replace(state, probe_at=now + HELD_RED_EVERY)
    # Also after a message that was refused for itself: probes keep their rhythm whatever they meet.
    every = RED_EVERY_LATER if state.failures > _LATER_FROM else RED_EVERY
    return replace(state, probe_at=now + max(every - took, _BREATH) if is_down(state) else None)


def _problem(error: SendError) -> str:
    return f"{error.code} {error.text}".strip()


def worked(state: ChannelState, now: datetime) -> ChannelState:
    """The channel after a message was accepted."""
    return ChannelState(state.name, succeeded_at=now)


def released(state: ChannelState) -> ChannelState:
    """The channel after a person asked for another try: no hold, and a probe at once."""
    return replace(state, blocked_until=None, probe_at=None)


def turn(state: ChannelState, now: datetime, drops_repeats: bool) -> Turn:
    """Who may be sent through the channel now. `drops_repeats`: its receiver tells twins."""
    if not is_shut(state, now):
        return Turn(True)
    waited = timedelta.max
    if state.probe_at is not None and state.probe_at <= now + RED_EVERY_LATER + _SKEW:
        waited = now - state.probe_at
    by_turns = state.failures % _TURN_EVERY == _TURN_EVERY - 1
    may_probe = {
        (red, repeated)
        for red in (True, False)
        for repeated in (True, False)
        if waited >= _more_than_red(state, red or by_turns, repeated and not drops_repeats)
        and (red or not is_held(state, now))
    }
    return Turn(False, frozenset(may_probe), by_turns)


def _more_than_red(state: ChannelState, red: bool, twin: bool) -> timedelta:
    """How much longer than a red message that nobody can have seen yet."""
    if red:
        return REPEATED_RED_EVERY - RED_EVERY if twin else timedelta(0)
    doubled = RED_EVERY * 2 ** min(max(state.failures - DOWN_AFTER, 0), 8)
    every = REPEATED_EVERY if twin else min(doubled, OTHERS_AT_MOST)
    return every - RED_EVERY
