"""The threads in which pages are made: a fixed number, all started at once.

Whoever starts a thread waits until it runs. Where memory is short that may be for ever, and on the
event loop it would be the end of the whole service; so none is started later.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A decorator that has a function run in one of them."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "console")
        all_here = threading.Barrier(count + 1)
        for _ in range(count):
            self._pool.submit(all_here.wait)
        all_here.wait()

    def __call__(self, work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
        @wraps(work)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, partial(work, *args, **kwargs))

        return call
