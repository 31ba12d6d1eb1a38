"""Phrase books: find any of tens of thousands of phrases in a post in a few microseconds.

Pairs of neighbouring characters are hashed once a post; a book keeps the hashes of its phrases'
first two characters, so one table look-up leaves the few places where a phrase can begin.
Measured per 100 characters with 35,000 names: 3 µs; an Aho-Corasick automaton (pyahocorasick) takes
26 µs there, because its nodes search their children one by one and Chinese has many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

import numpy as np

from pipeline.text.normalise import PAIR_HASHES, Squeezed, pair_hashes

V = TypeVar("V")


class PhraseBook(Generic[V]):
    """Phrases (squeezed spelling, two characters or more) and what each stands for."""

    __slots__ = ("_lengths", "_table", "phrases")

    def __init__(self, phrases: Mapping[str, V]) -> None:
        short = [phrase for phrase in phrases if len(phrase) < 2]
        if short:
            raise ValueError(f"phrases need two characters or more: {', '.join(map(repr, short))}")
        self.phrases = dict(phrases)
        self._table = np.zeros(PAIR_HASHES, dtype=np.bool_)
        lengths: dict[str, set[int]] = {}
        for phrase in self.phrases:
            lengths.setdefault(phrase[:2], set()).add(len(phrase))
        if lengths:
            self._table[pair_hashes(lengths)] = True
        # Longest first: the first that fits is the longest.
        self._lengths = {p: tuple(sorted(found, reverse=True)) for p, found in lengths.items()}

    def find(self, squeezed: Squeezed) -> list[tuple[int, int, V]]:
        """(start, end, value), leftmost and longest first, none over another."""
        found: list[tuple[int, int, V]] = []
        text, phrases, lengths = squeezed.text, self.phrases, self._lengths
        free = 0
        for start in self._table.take(squeezed.hashes).nonzero()[0].tolist():
            if start < free:
                continue
            for length in lengths.get(text[start : start + 2], ()):
                piece = text[start : start + length]  # shorter at the end of the text
                value = phrases.get(piece)
                if value is not None:
                    free = start + len(piece)
                    found.append((start, free, value))
                    break
        return found

    def find_all(self, squeezed: Squeezed) -> Iterator[tuple[int, int, V]]:
        """The longest phrase at each place where one begins, though they overlap."""
        text, phrases, lengths = squeezed.text, self.phrases, self._lengths
        for start in self._table.take(squeezed.hashes).nonzero()[0].tolist():
            for length in lengths.get(text[start : start + 2], ()):
                piece = text[start : start + length]  # shorter at the end of the text
                value = phrases.get(piece)
                if value is not None:
                    yield start, start + len(piece), value
                    break
