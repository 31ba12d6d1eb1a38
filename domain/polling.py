"""How polls hand in what they find: the protocol between the crawler and the store.

The crawler knows only this file; the app fills `PollStore` from the database. Every method is
synchronous and is called from a worker thread, never from the reactor's thread, several threads
at once: an implementation opens a transaction of its own for each call.

A poll in full:

1. `due` leases sources whose `next_at` has come. Each comes with its cursor, its fencing number
   and the detail pages that failed earlier and are to be tried again.
2. While a poll lasts longer, `renew` keeps its lease.
3. `known` tells which keys of a list page need no detail page.
4. `store` takes what was found. A large crawl calls it several times with `outcome=None`; the
   last call carries the outcome, writes cursor, counters and `next_at`, and ends the lease.
   Everything in one call is one transaction (T1): posts, versions, evidence, pending pages,
   cursor, outcome; all of it or nothing. Every cursor says what the poll so far has left unread.
5. `release` gives a poll back that was broken off (stop of the process): due again at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from domain.intake import BadPost, TakenIn
from domain.posts import FoundPost


class PollResult(StrEnum):
    """How a poll ended. Failure is not emptiness: only `nothing_new` is silent."""

    NEW = "new"  # posts were handed in
    NOTHING_NEW = "nothing_new"  # the page proved valid and held nothing that we lacked
    FAILED = "failed"  # `PollOutcome.problem` says what, where, and what to do


class LostLease(Exception):
    """The fencing number is no longer the source's own: somebody else polls it. Nothing was
    written; the poll is dropped without a further call."""


@dataclass(frozen=True, slots=True)
class PendingPage:
    """A detail page that could not be read: a row to retry, so that the cursor may move on.

    `fields` is JSON-able and the crawler's own: what asks for the page again, what the list showed
    of the post, and when it was tried last (`tried`). `attempts` counts the failures so far;
    `problem` is the last one, in Chinese, for the console.
    """

    key: str
    url: str
    fields: dict[str, Any]
    attempts: int
    next_at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class DueSource:
    """A source leased to this process for one poll.

    `cursor` is the crawler's own, opaque to the store ({} before the first poll). `failures`
    counts failed polls in a row, `polls` all that ended; `avg_yield` is what a `PollOutcome` last
    wrote.
    `pending` holds the pending pages whose `next_at` has come (at most some tens, oldest first).
    """

    name: str
    fence: int
    due_at: datetime
    cursor: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    polls: int = 0
    avg_yield: float | None = None
    last_success_at: datetime | None = None
    pending: tuple[PendingPage, ...] = ()


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What a poll came to, for the source's row.

    A store keeps: last_attempt_at = at; on success last_success_at = at and failures = 0; on NEW
    last_new_at = at; on FAILED failures + 1 and last_problem = problem (cleared on success);
    polls + 1; posts_found + posts; avg_yield; next_at; last_notice = notice (a failed poll that
    has none keeps the last one).
    """

    result: PollResult
    at: datetime
    next_at: datetime
    problem: str | None = None  # Chinese, names URL, status, selector; set exactly when FAILED
    notice: str | None = None  # Chinese: succeeded, but an operator should look (odd yield, ...)
    matched: int = 0  # entries that the list pages showed, new or not
    posts: int = 0  # posts handed in over the whole poll that were new to it or edited
    requests: int = 0
    took_s: float = 0.0
    avg_yield: float | None = None  # the new running average of what first pages show


@dataclass(frozen=True, slots=True)
class PollBatch:
    """What a poll hands in at a time.

    `cursor` None leaves the stored one, and so does FAILED: a poll that fails hands its cursor in
    before. `pending` rows are written or overwritten by (source, key); `settled` keys lose theirs
    (read at last, or given up). A key may be pending before its post exists; a post handed in
    settles nothing by itself. `set_aside` names what could not be made a post.
    """

    posts: Sequence[FoundPost] = ()
    cursor: dict[str, Any] | None = None
    pending: Sequence[PendingPage] = ()
    settled: Sequence[str] = ()
    outcome: PollOutcome | None = None  # None: the poll goes on, the lease stays
    set_aside: Sequence[BadPost] = ()


class PollStore(Protocol):
    """What leases polls and takes what they find. See the module for the order of calls."""

    def due(self, limit: int, now: datetime) -> list[DueSource]:
        """Lease up to `limit` sources that are due and free, the longest overdue first."""
        ...

    def known(self, source: str, keys: Collection[str]) -> set[str]:
        """Those of `keys` that need no detail page: stored as a post, or pending."""
        ...

    def store(self, lease: DueSource, batch: PollBatch) -> TakenIn:
        """Take in one batch, in one transaction. Raises LostLease when the fence is old.

        A post whose values the store cannot take is set aside by name; the rest is stored.
        """
        ...

    def renew(self, leases: Sequence[DueSource], now: datetime) -> None:
        """Keep these leases from running out. Lost ones are skipped in silence: `store` tells."""
        ...

    def release(self, leases: Sequence[DueSource]) -> None:
        """Give unfinished polls back, due at once; cursor and counters stay. Lost ones skipped."""
        ...
