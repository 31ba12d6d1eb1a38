"""A text as the encoder reads it: the likeliest way to put it together from known pieces.

Every piece has a log-probability; the best segmentation is found in one pass (Viterbi). What no
piece covers is one unknown piece, however long.
"""

from __future__ import annotations

from collections.abc import Sequence

START, END, UNKNOWN = 0, 1, 2  # the numbers of the first three pieces, which no text holds
_SPACE = "\u2581"  # how pieces spell a blank
_INTRODUCTION = "query: "  # what the encoder was trained to see before a text
_PENALTY = 10.0  # how much less likely than any piece an unknown character is


class Pieces:
    """The vocabulary. Not changed by reading."""

    def __init__(self, pieces: Sequence[str], scores: Sequence[float]) -> None:
        known = list(enumerate(zip(pieces, scores, strict=True)))[UNKNOWN + 1 :]
        self._known = {piece: (number, score) for number, (piece, score) in known}
        self._unknown = min(scores) - _PENALTY
        self._longest: dict[str, int] = {}
        for piece in self._known:
            first = piece[0]
            self._longest[first] = max(self._longest.get(first, 0), len(piece))

    def numbers(self, text: str, most: int) -> list[int]:
        """The numbers of a text's pieces between START and END: `most` at the most, cut at its
        end. Any text at all; its cost grows with the text's length, so hand in little."""
        found = self._best(_SPACE + (_INTRODUCTION + text).replace(" ", _SPACE))
        return [START, *found[: most - 2], END]

    def _best(self, text: str) -> list[int]:
        size = len(text)
        best = [float("-inf")] * (size + 1)
        best[0] = 0.0
        begins = [0] * (size + 1)
        chosen = [UNKNOWN] * (size + 1)
        known = self._known
        for start in range(size):
            so_far = best[start]
            longest = self._longest.get(text[start], 0)
            for end in range(start + 1, min(start + longest, size) + 1):
                piece = known.get(text[start:end])
                if piece is not None and so_far + piece[1] > best[end]:
                    best[end] = so_far + piece[1]
                    begins[end], chosen[end] = start, piece[0]
            if so_far + self._unknown > best[start + 1]:
                best[start + 1] = so_far + self._unknown
                begins[start + 1], chosen[start + 1] = start, UNKNOWN
        backwards: list[int] = []
        at = size
        while at:
            if chosen[at] != UNKNOWN or backwards[-1:] != [UNKNOWN]:
                backwards.append(chosen[at])
            at = begins[at]
        return backwards[::-1]
