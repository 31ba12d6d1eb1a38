"""When a source is asked again, and whether what it gave is odd. Pure."""

from __future__ import annotations

import random
from datetime import timedelta

_SPREAD = 0.05  # ± share of an interval, so that sources do not march in step
_FAILURE_LIMIT = timedelta(hours=6)
_REFUSAL_LEAST = timedelta(minutes=30)
_PENDING_LIMIT = timedelta(hours=6)
PENDING_TRIES = 8  # then a post is taken in with what its list showed
_LEARNING_POLLS = 5  # polls before a yield can be called odd
_AVERAGE_WEIGHT = 0.1


def next_interval(
    interval: timedelta, fastest: timedelta, slowest: timedelta, *, found_new: bool
) -> timedelta:
    """Halves when something new came, grows by a fifth when nothing did; within the bounds."""
    wanted = interval / 2 if found_new else interval * 1.2
    return min(max(wanted, fastest), slowest)


def after_failure(
    every: timedelta,
    failures: int,
    *,
    refused: bool = False,
    retry_after: timedelta | None = None,
) -> timedelta:
    """The wait after the `failures`-th failure in a row: doubling, at most six hours.

    The first failure keeps the rhythm. A refusal (403, 429, log-in, captcha) waits half an hour
    at least; what the site itself asks for (Retry-After, up to a day) is obeyed.
    """
    doublings: int = 2 ** min(max(failures - 1, 0), 10)
    wait = every * doublings
    wait = max(min(wait, _FAILURE_LIMIT), every)
    if refused:
        wait = max(wait, _REFUSAL_LEAST)
    if retry_after is not None:
        wait = max(wait, min(retry_after, timedelta(days=1)))
    return wait


def pending_wait(attempts: int) -> timedelta:
    """The wait before a failed detail page is tried for the (attempts + 1)-th time."""
    doublings: int = 2 ** min(max(attempts - 1, 0), 10)
    return min(timedelta(minutes=1) * doublings, _PENDING_LIMIT)


def spread(interval: timedelta, rng: random.Random) -> timedelta:
    """`interval`, a little more or less."""
    return interval * (1 + rng.uniform(-_SPREAD, _SPREAD))


def new_average(average: float | None, matched: int) -> float:
    """The running average of entries a poll shows."""
    if average is None:
        return float(matched)
    return round(average + _AVERAGE_WEIGHT * (matched - average), 2)


def odd_yield(average: float | None, polls: int, matched: int) -> str | None:
    """A sentence for the operator when a page shows far less than it always did, else None."""
    if average is None or polls < _LEARNING_POLLS or average < 5 or matched >= average / 4:
        return None
    return f"列表这次只有 {matched} 条，平时约 {average:.0f} 条：网页可能局部改版，请核对选择器"
