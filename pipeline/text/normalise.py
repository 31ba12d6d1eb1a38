"""Normalise 归一: one spelling for matching (folded, no white space), and the way back.

The same post written with spaces, full-width or traditional characters reads the same here, so
no rule has to think of it. Each character becomes one or none: where folding gives several
(… → ...), the first stands for it, which is enough for matching and keeps the way back simple.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from domain.text import fold_table

_BREAK = ord("\n")


@cache
def _squeeze_table() -> NDArray[np.uint32]:
    """Code point → the one that stands for it, 0 where it is dropped. 4.4 MB, built once."""
    table = np.arange(0x110000, dtype=np.uint32)
    for point, folded in fold_table().items():
        table[point] = ord(folded.strip()[0]) if folded.strip() else 0
    for point in (*range(0x30000), *range(0xE0000, 0xE0200)):
        char = chr(point)
        if char.isprintable() and char != " ":
            continue
        # White space and the unseen: controls, joiners, variation selectors.
        if char.isspace() or unicodedata.category(char) in ("Cc", "Cf"):
            table[point] = 0
    table[0xFE00:0xFE10] = 0
    table[0xE0100:0xE01F0] = 0
    return table


class Squeezed:
    """A post as rules read it: title, a line break, text; folded and without white space.

    No phrase holds a line break, so none crosses from the title into the text. `boundary` is
    where the break stands. Costs about 4 µs for 100 characters.
    """

    __slots__ = ("_mapped", "_origins", "boundary", "hashes", "original", "text")

    def __init__(self, title: str, text: str) -> None:
        self.original = title, text
        units = _units(f"{title}\n{text}")
        self._mapped = _squeeze_table().take(units)
        self._mapped[len(title)] = _BREAK
        kept = self._mapped[self._mapped != 0]
        self.boundary = int(np.count_nonzero(self._mapped[: len(title)])) if title else 0
        self.text: str = kept.tobytes().decode("utf-32-le", "surrogatepass")
        self.hashes = _hashes(kept)
        self._origins: NDArray[np.intp] | None = None

    def field(self, start: int) -> str:
        """Which field a position of `text` lies in: "title" or "text"."""
        return "title" if start < self.boundary else "text"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span (end exclusive, start < end, in one field) → code points of that field."""
        if self._origins is None:
            self._origins = self._mapped.nonzero()[0]
        shift = 0 if start < self.boundary else len(self.original[0]) + 1
        return int(self._origins[start]) - shift, int(self._origins[end - 1]) + 1 - shift


def _units(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


PAIR_HASHES = 1 << 18  # 256 kB for a book's table; a book of 35,000 names lets 1 pair of 40 pass
_LAST_HASH = np.uint32(PAIR_HASHES - 1)
_SPREAD = np.uint32(40503)  # odd, so that no two first characters of one block fall together


def _hashes(units: NDArray[np.uint32]) -> NDArray[np.intp]:
    """A number below PAIR_HASHES for each pair of neighbouring characters, of the type that an
    index has: several tables are asked with it, and each would turn it anew."""
    return (((units[:-1] * _SPREAD) ^ units[1:]) & _LAST_HASH).astype(np.intp)


def pair_hashes(pairs: Iterable[str]) -> NDArray[np.intp]:
    """The numbers of pairs of squeezed characters."""
    return _hashes(_units("".join(pairs)))[::2]


def squeeze(title: str, text: str = "") -> Squeezed:
    """A post's fields ready for matching."""
    return Squeezed(title, text)


@cache
def _spelling_table() -> dict[int, str | None]:
    """The same table for `str.translate`, which is ten times as quick for a word: what changes."""
    table = _squeeze_table()
    differs = (table != np.arange(len(table), dtype=np.uint32)) | (table == 0)
    return {p: chr(table[p]) if table[p] else None for p in differs.nonzero()[0].tolist()}


def squeezed_spelling(phrase: str) -> str:
    """How a phrase of the settings is spelt in squeezed text. Costs about 0.5 µs for a name."""
    return phrase.translate(_spelling_table())
