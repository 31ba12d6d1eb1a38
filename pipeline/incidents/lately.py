"""What was read lately and need not be read again."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """Values by name, at most twice `most`; those that nobody has asked for longest are let go.

    No lock: two threads at worst read one value twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._new: dict[str, T] = {}
        self._old: dict[str, T] = {}

    def get(self, name: str) -> T | None:
        """The value of this name, if it is still there."""
        found = self._new.get(name)
        if found is None:
            found = self._old.get(name)
            if found is not None:
                self.put(name, found)
        return found

    def put(self, name: str, value: T) -> None:
        """Keep a value."""
        if len(self._new) >= self._most:
            self._old, self._new = self._new, {}
        self._new[name] = value
