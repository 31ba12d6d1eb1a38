"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta

from alerts.sending.outage import ABOUT_THE_MESSAGE
from domain.alerts import Outcome

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
GIVE_UP_AFTER = timedelta(hours=72)
# After an answer that says neither yes nor no: most likely each is a message more to somebody.
UNCLEAR_SCHEDULE: tuple[timedelta, ...] = (
    timedelta(minutes=2),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
UNCLEAR_GIVE_UP_AFTER = timedelta(hours=4)
SOON = timedelta(seconds=90)
REFUSED_ATTEMPTS = 3


def next_attempt(
    attempts: int,
    age: timedelta,
    refused: int,
    outcome: Outcome,
    retry_after: timedelta | None,
    rng: random.Random,
    soon: bool = False,
) -> timedelta | None:
    """How long to wait after `attempts` attempts (1 or more), the last of which ended in `outcome`.

    `age`: since the first of them; `refused`: how many were refused for the message's own sake.
    None: give up, the delivery is dead: refused three times, or tried for three days (for hours,
    where its answers say neither yes nor no). The wait
    goes by the age as well as the count: the many probes of an outage must not lead to waits of a
    day. Never earlier than `retry_after`; at most SOON where `soon` says so.
    Raises ValueError for a delivered outcome or no attempt.
    """
    if outcome is Outcome.DELIVERED or attempts < 1:
        raise ValueError(f"nothing to retry after {attempts} attempts ending in {outcome}")
    if outcome in ABOUT_THE_MESSAGE and refused >= REFUSED_ATTEMPTS:
        return None
    # Both, so that neither many probes nor a clock that jumps ahead gives anything up.
    is_unclear = outcome is Outcome.UNCLEAR
    schedule = UNCLEAR_SCHEDULE if is_unclear else SCHEDULE
    give_up_after = UNCLEAR_GIVE_UP_AFTER if is_unclear else GIVE_UP_AFTER
    if attempts > len(schedule) and age >= give_up_after:
        return None
    by_age = sum(reached <= age for reached in itertools.accumulate(schedule))
    planned = schedule[min(attempts - 1, by_age, len(schedule) - 1)]
    if soon and not is_unclear and outcome not in ABOUT_THE_MESSAGE:
        planned = min(planned, SOON)
    wait = planned * rng.uniform(0.8, 1.2)
    if retry_after is not None:
        # Jitter only adds here: all that were refused together must not return together.
        wait = max(wait, retry_after + min(retry_after * 0.1, timedelta(seconds=30)) * rng.random())
    return wait
