"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta

from domain.model import Outcome

# Waits after the 1st, 2nd … attempt: dense while someone may still act on the news, 75 h in all
# (the reach that Standard Webhooks recommends).
SCHEDULE: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(hours=23),
    timedelta(hours=24),
)
_HOPELESS = frozenset({Outcome.BAD_CONFIG, Outcome.BAD_RECEIVER, Outcome.TOO_LONG})
HOPELESS_ATTEMPTS = 3
_LONGEST = timedelta(hours=24)


def next_attempt(
    attempts: int,
    outcome: Outcome,
    retry_after: timedelta | None,
    rng: random.Random,
) -> timedelta | None:
    """How long to wait after `attempts` attempts (1 or more), the last of which ended in `outcome`.

    None: give up, the delivery is dead. Never earlier than `retry_after` (believed up to 24 h);
    the schedule still counts, so that "come back in a second" cannot use the attempts up.
    Raises ValueError for a delivered outcome or no attempt.
    """
    if outcome is Outcome.DELIVERED or attempts < 1:
        raise ValueError(f"nothing to retry after {attempts} attempts ending in {outcome}")
    if outcome in _HOPELESS and attempts >= HOPELESS_ATTEMPTS:
        return None
    if attempts > len(SCHEDULE):
        return None
    planned = SCHEDULE[attempts - 1]
    wait = planned * rng.uniform(0.8, 1.2)
    if retry_after is not None:
        asked = min(max(retry_after, timedelta(0)), _LONGEST)
        # Jitter only adds here: all that were refused together must not return together.
        wait = max(wait, asked + min(asked * 0.1, timedelta(seconds=30)) * rng.random())
    return wait
