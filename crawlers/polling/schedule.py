"""When a source is asked again, how far it is looked into, whether what it gave is odd. Pure."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

_SPREAD = 0.05  # ± share of an interval, so that sources do not march in step
_FAILURE_LIMIT = timedelta(hours=6)
_REFUSAL_LEAST = timedelta(minutes=30)
_LOG_IN_LEAST = timedelta(minutes=5)
_PENDING_LIMIT = timedelta(hours=6)
PENDING_TRIES = 8  # then a post is left with what its list showed
SHOWN_TRIES = 3  # then, three minutes on, it is taken in with that for now
_LEARNING_POLLS = 5  # polls before a yield can be called odd
_AVERAGE_WEIGHT = 0.1
_SOON = timedelta(seconds=30)  # until what a poll left unread is read on
LOOK_POLLS = 20  # every so many polls, or
LOOK_EVERY = timedelta(hours=6)  # after so long, a list is looked at past its known pages
_LOOK_PAGES = 40  # of all lists of a source together, where those are no deeper than that
_CLOCK_SKEW = timedelta(seconds=10)
OLD = timedelta(days=90)  # posts of a list's first reading that are no news any more


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
    slowest: timedelta | None = None,
    retry_after: timedelta | None = None,
) -> timedelta:
    """The wait after the `failures`-th failure in a row: doubling, at most six hours.

    The first failure keeps the rhythm. A refusal (403, 429, captcha) waits half an hour at least;
    where `slowest` is given, it is a log-in that only the operator can mend: then a quiet source's
    rhythm is kept, so that it is soon read once he has. What the site itself asks for (Retry-After,
    up to a day) is obeyed.
    """
    doublings: int = 2 ** min(max(failures - 1, 0), 10)
    wait = every * doublings
    wait = max(min(wait, _FAILURE_LIMIT), every)
    if slowest is not None:
        wait = max(slowest, _LOG_IN_LEAST)
    elif refused:
        wait = max(wait, _REFUSAL_LEAST)
    if retry_after is not None:
        wait = max(wait, min(retry_after, timedelta(days=1)))
    return wait


def soon(wait: timedelta, failures: int) -> timedelta:
    """The wait where posts are left unread, after so many failures in a row; never longer."""
    doublings: int = 2 ** min(failures, 10)
    return min(wait, _SOON * doublings)


def look_is_due(polls: int, looked_at: datetime | None, now: datetime) -> bool:
    """Whether a list is to be looked at whole: after 20 polls or six hours; also where the clock
    or the count of polls was set back since."""
    if looked_at is None or not 0 <= polls < LOOK_POLLS:
        return True
    return not timedelta(0) <= now + _CLOCK_SKEW - looked_at < LOOK_EVERY + _CLOCK_SKEW


def look_depth(pages: int, lists: int, *, deep: bool) -> int:
    """How many pages a look goes down. An archive without a known end is not read time and again;
    a source of many lists shares the pages among them."""
    return max(pages, _LOOK_PAGES // max(lists, 1)) if deep else pages


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
