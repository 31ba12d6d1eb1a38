"""The one spelling that the scorers match on: folded, white space and invisible marks taken out.

`compact` is `domain.text.fold` with white space, zero-width marks and control characters removed,
so that "停 电", "停電" and "停电" are one. `origins` leads back to the original text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from domain.text import fold, fold_table, fold_with_offsets


def _is_gap(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp")


@cache
def gaps() -> dict[int, None]:
    """Code points that are taken out: white space, invisible marks, control characters."""
    points = [*range(0x0, 0x21), *range(0x7F, 0xA1), 0xAD, 0x61C, 0x180E, 0x3000, 0xFEFF]
    points += [*range(0x1680, 0x1681), *range(0x2000, 0x2010), *range(0x2028, 0x2030)]
    points += [*range(0x205F, 0x2070)]
    return {p: None for p in points if _is_gap(chr(p))}


@cache
def _table() -> list[str | None]:
    """Code point → folded spelling for the basic plane. A list: five times a dict's speed."""
    table: list[str | None] = [chr(p) for p in range(0x10000)]
    taken_out = gaps()
    for point, folded in fold_table().items():
        if point < 0x10000:
            table[point] = folded.translate(taken_out)
    for point in taken_out:
        table[point] = None
    return table


def compact(text: str) -> str:
    """The folded spelling of `text` without white space. Cost linear, about 25 ns a character."""
    folded = text.translate(_table())
    if unicodedata.is_normalized("NFKC", folded) and not _needs_care(text):
        return folded
    return fold(text).translate(gaps())


@cache
def _beyond() -> re.Pattern[str]:
    return re.compile("[\U00010000-\U0010ffff]")


def _needs_care(text: str) -> bool:
    """Whether `text` holds characters beyond the table."""
    return _beyond().search(text) is not None


@cache
def _uneven() -> re.Pattern[str]:
    """Characters whose folded spelling is not one character, or is not in the table."""
    points = [
        p for p, c in enumerate(_table()) if (c is None or len(c) != 1) and p not in _SURROGATES
    ]
    return re.compile("[" + "".join(re.escape(chr(p)) for p in points) + "\U00010000-\U0010ffff]")


_SURROGATES = range(0xD800, 0xE000)


def origins(text: str, folded_size: int) -> tuple[list[int], list[int]] | None:
    """For each character of `compact(text)` (of that size): where it starts and ends in `text`.

    None when the two run character for character.
    """
    if folded_size == len(text) and _uneven().search(text) is None:
        return None
    if not _needs_care(text):
        table = _table()
        starts = [i for i, char in enumerate(text) for _ in table[ord(char)] or ""]
        if len(starts) == folded_size:
            return starts, [i + 1 for i in starts]
    folded = fold_with_offsets(text)
    taken_out = gaps()
    kept = [i for i, char in enumerate(folded.text) if ord(char) not in taken_out]
    starts = []
    ends: list[int] = []
    for i in kept:
        start, end = folded.span(i, i + 1)
        starts.append(start)
        ends.append(max(end, start + 1))
    return starts, ends
