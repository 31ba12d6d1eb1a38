"""Taking posts in: the one door by which whatever has found posts hands them to the store.

Pages are pulled: a poll holds a lease, and its posts enter with its cursor (`domain/polling.py`).
Rows are pushed: whoever has posts and no lease (a recording, a file, another system) hands them to
an `Intake`. Behind both stands the same promise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.posts import FoundPost

FirstSeen = Callable[[FoundPost], datetime]


@dataclass(frozen=True, slots=True)
class BadPost:
    """A post that could not be taken in for what it holds: by the key under which it was shown,
    with what a person finds it by and what went wrong (Chinese or a Python error)."""

    key: str
    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a batch of posts. The four add up to the batch."""

    new_posts: int = 0
    new_versions: int = 0
    unchanged: int = 0
    refused: tuple[BadPost, ...] = ()


class Intake(Protocol):
    """Where posts go that come without a lease."""

    def take_in(self, posts: Sequence[FoundPost], first_seen: FirstSeen | None = None) -> TakenIn:
        """Store them in one transaction; doing it again with the same posts stores nothing.

        They are first seen now, unless `first_seen` tells another time of each: a recording has a
        clock of its own. A post that cannot be stored is set aside by name, the others are stored.
        """
        ...
