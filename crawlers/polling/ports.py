"""What a poll reaches the world by: the fetcher, the store, the clock, chance."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from crawlers.reading.pages import Ask, Conditions, Page
from crawlers.source import Source
from domain.polling import PollStore

T = TypeVar("T")


class Fetch(Protocol):
    def __call__(
        self, source: Source, ask: Ask, conditions: Conditions | None = None
    ) -> Awaitable[Page]: ...


class InThread(Protocol):
    """Runs a blocking call (the store's) off the loop."""

    def __call__(self, call: Callable[..., T], *args: object) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What a poll reaches the world by."""

    fetch: Fetch
    polls: PollStore
    in_thread: InThread
    now: Callable[[], datetime]
    rng: random.Random
