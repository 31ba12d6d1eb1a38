"""Highlights on masked text: the whole text is masked, then cut into pieces.

Masking covers character for character, so that spans of the original hold for what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from domain.masking.mask import mask

_MOST_SHOWN = 20_000
_MARGIN = 200  # more than any number that masking covers is long
_WHOLE = 1_000  # characters of a text that is masked once for all phrases quoted of it
_NUMBER = "*0123456789"
_AROUND = 80  # characters about a phrase that masking must see for the same reason


_mask_again = lru_cache(maxsize=16)(mask)


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """Something to point at in an original text: `kind` is a CSS class, `why` a tooltip."""

    start: int
    end: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of masked text, highlighted when `kind` is not empty."""

    text: str
    kind: str = ""
    why: str = ""


def marked(text: str, spans: Sequence[MarkedSpan]) -> list[Piece]:
    """`mask(text)` in pieces. Where spans overlap the later one of the sequence wins."""
    owners: list[int | None] = [None] * len(text)
    for number, span in enumerate(spans):
        start, end = max(0, span.start), min(len(text), span.end)
        if start < end:
            owners[start:end] = [number] * (end - start)
    pieces: list[Piece] = []
    run: list[str] = []
    current: int | None = None
    for character, owner in zip(mask(text), owners, strict=True):
        if owner != current and run:
            pieces.append(_piece(run, current, spans))
            run = []
        current = owner
        run.append(character)
    if run:
        pieces.append(_piece(run, current, spans))
    return pieces


def quoted(text: str, start: int, end: int) -> str:
    """The phrase of that span as the masked text shows it; of a covered number, all of it."""
    first = 0
    if len(text) > _WHOLE:
        first = max(0, start - _AROUND)
        text = text[first : end + _AROUND]
    shown = _mask_again(text)
    start, end = start - first, end - first
    if "*" in shown[start:end]:
        while start and shown[start - 1] in _NUMBER:
            start -= 1
        while end < len(shown) and shown[end] in _NUMBER:
            end += 1
    return shown[start:end]


def readable(text: str, spans: Sequence[MarkedSpan]) -> list[Piece]:
    """`marked`, of a length that a page bears. The masked text is cut, never the original: half a
    number would go unmasked.
    """
    if len(text) <= _MOST_SHOWN:
        return marked(text, spans)
    pieces = marked(text[: _MOST_SHOWN + _MARGIN], spans)
    shown = min(_MOST_SHOWN, len(text) - _MARGIN)
    return [*split(pieces, shown)[0], Piece("……（原文过长，未全部显示）")]


def _piece(run: list[str], owner: int | None, spans: Sequence[MarkedSpan]) -> Piece:
    text = "".join(run)
    return Piece(text) if owner is None else Piece(text, spans[owner].kind, spans[owner].why)


def split(pieces: Sequence[Piece], at: int) -> tuple[list[Piece], list[Piece]]:
    """The first `at` characters and the rest, cut inside a piece where it must be."""
    head: list[Piece] = []
    left = at
    for number, piece in enumerate(pieces):
        if len(piece.text) > left:
            first, rest = piece.text[:left], piece.text[left:]
            if first:
                head.append(Piece(first, piece.kind, piece.why))
            return head, [Piece(rest, piece.kind, piece.why), *pieces[number + 1 :]]
        head.append(piece)
        left -= len(piece.text)
    return head, []
