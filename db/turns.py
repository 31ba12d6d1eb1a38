"""Writers of one process take turns, in the order in which they came.

SQLite lets one write at a time, and who waits there asks again and again, with longer and longer
pauses: whoever has just let go gets in before. A person who acknowledges an incident would wait as
long as complaints are assessed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A queue of writers."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[bool]:
        """Wait for one's turn, and hand it on at the end. False: it did not come in this time; the
        database itself then says who holds it."""
        came = self._take(patience_s)
        try:
            yield came
        finally:
            if came:
                self._hand_on()

    def _take(self, patience_s: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(patience_s):
            return True
        with self._guard:
            if mine.is_set():  # at the last moment
                return True
            self._waiting.remove(mine)
            return False

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
