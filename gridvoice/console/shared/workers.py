"""The threads in which pages are made: a fixed number, all started at once.

Whoever starts a thread waits until it runs. Where memory is short that may be for ever, and on the
event loop it would be the end of the whole service; so none is started later.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Workers:
    """So many of them."""

    def __init__(self, count: int = 8) -> None:
        self._pool = ThreadPoolExecutor(count, "console")
        all_here = threading.Barrier(count + 1)
        for _ in range(count):
            self._pool.submit(all_here.wait)
        all_here.wait()

    async def run(self, work: Callable[[], T]) -> T:
        """Its result, from one of them."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
