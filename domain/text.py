"""Folding: one spelling for matching and search, with the way back to the original text.

Folded = NFKC, traditional → simplified (character by character), lower case, without what nobody
sees: a word with a zero-width space inside is that word to whoever reads it. Spans found in folded
text are translated back to code points of the original by `Folded.span`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

# Blocks outside the basic plane whose characters NFKC changes (mathematical letters, enclosed
# letters, compatibility ideographs) and the ideograph planes that hold traditional forms.
_EXTRA_BLOCKS = ((0x1D400, 0x1D800), (0x1F100, 0x1F300), (0x20000, 0x2A6E0), (0x2F800, 0x2FA20))
# What takes no room and shows nothing: Unicode's Default_Ignorable_Code_Point (joiners, directions,
# soft hyphens, variation selectors, fillers, tags), marks of annotations, controls but for white
# space. NUL stays: the store has U+FFFD for it.
_UNSEEN_RANGES = (
    (0x01, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F),
    (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
# As the inside of a regular expression's class: their many characters one by one are slow.
UNSEEN_CLASS = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSEEN_RANGES)
UNSEEN = frozenset(chr(point) for first, last in _UNSEEN_RANGES for point in range(first, last + 1))
_BRAILLE_BLANK = 0x2800  # shows as a blank and is none to Unicode


@cache
def fold_table() -> dict[int, str]:
    """Code point → folded spelling, for those that change. Built once a process (~50 ms)."""
    import opencc  # here: commands that fold nothing need not load it

    points = [p for p in range(0x80, 0x10000) if not 0xD800 <= p < 0xE000]
    for low, high in _EXTRA_BLOCKS:
        points.extend(range(low, high))
    normal = [unicodedata.normalize("NFKC", chr(p)) for p in points]
    # One conversion, a line each: no line can join into a phrase with its neighbour.
    simplified = opencc.OpenCC("t2s").convert("\x00".join(normal)).split("\x00")
    table = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    for point, folded in zip(points, simplified, strict=True):
        folded = folded.lower()
        if folded != chr(point):
            table[point] = folded
    table[_BRAILLE_BLANK] = " "
    return table | {ord(c): "" for c in UNSEEN}


def fold(text: str) -> str:
    """The folded spelling of `text`."""
    folded = text.translate(fold_table())
    if unicodedata.is_normalized("NFKC", folded):
        return folded
    return "".join(piece for _, piece in _clusters(text))


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """(where it starts, its folded spelling) of each base character with its combining marks and
    with what is unseen among them and behind."""
    table = fold_table()
    position = 0
    while position < len(text):
        end = position + 1
        while end < len(text) and (text[end] in UNSEEN or unicodedata.combining(text[end])):
            end += 1
        piece = text[position:end].translate(table)
        if not unicodedata.is_normalized("NFKC", piece):
            piece = unicodedata.normalize("NFKC", piece).translate(table)
        yield position, piece
        position = end


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text that knows, for each of its characters, where it came from."""

    original: str
    text: str
    _starts: tuple[int, ...] | None  # None: the same length, character for character

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text → code points of the original (end exclusive)."""
        if self._starts is None or end <= start:
            return start, end
        starts = self._starts
        # Several folded characters of one original: the span takes that original whole.
        while end < len(starts) and starts[end] == starts[end - 1]:
            end += 1
        return starts[start], starts[end] if end < len(starts) else len(self.original)


def fold_with_offsets(text: str) -> Folded:
    """`fold`, keeping the way back to the original."""
    folded = fold(text)
    table = fold_table()
    if len(folded) == len(text) and all(len(table.get(ord(c), c)) == 1 for c in set(text)):
        return Folded(text, folded, None)
    parts: list[str] = []
    starts: list[int] = []
    for position, piece in _clusters(text):
        parts.append(piece)
        starts.extend([position] * len(piece))
    return Folded(text, "".join(parts), tuple(starts))


def content_hash(title: str, text: str) -> str:
    """The identity of a version: folded title and text with white space taken out."""
    return folded_hash(fold(title), fold(text))


def folded_hash(folded_title: str, folded_text: str) -> str:
    """`content_hash` for a caller that has folded already."""
    joined = "".join(folded_title.split()) + "\n" + "".join(folded_text.split())
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
