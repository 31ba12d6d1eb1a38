"""Signs 险情词: which grave words stand in a post, and whether they are denied or only feared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.severity.losses import Loss
from pipeline.severity.settings import SeveritySettings
from pipeline.text.normalise import Squeezed, squeezed_spelling
from pipeline.text.phrases import PhraseBook

_LAST_CLAUSE = re.compile(r"[^，。！？；,!?;:：\n]*$")
_MOST_OF_A_SIGN = 16  # a text that says 停电 a thousand times is no graver, only longer


class SignHit(NamedTuple):
    """A sign met in the text; `share` is 1, or less where it is feared or an aside."""

    sign: str
    start: int
    end: int
    share: float


class Signs:
    """The signs of config/severity.yaml, ready for matching."""

    def __init__(self, settings: SeveritySettings) -> None:
        self._settings = settings
        self._losses = [Loss(sign, losses) for sign, losses in settings.losses.items()]
        signs: dict[str, list[str]] = {}
        for name, sign in settings.signs.items():
            for phrase in sign.phrases:
                signs.setdefault(squeezed_spelling(phrase), []).append(name)
        self._book = PhraseBook({phrase: tuple(names) for phrase, names in signs.items()})
        negations = tuple(map(squeezed_spelling, settings.negations))
        suppositions = tuple(map(squeezed_spelling, settings.suppositions))
        self._denied = re.compile("|".join(map(re.escape, negations)) or "(?!)")
        self._supposed = re.compile("|".join(map(re.escape, suppositions)) or "(?!)")
        self._supposed_after = tuple(map(squeezed_spelling, settings.supposed_after))
        # Where none of these characters stands before a sign, nothing denies or supposes it.
        self._doubts = frozenset(w[0] for w in (*negations, *suppositions))

    def find(self, post: Squeezed) -> dict[str, list[SignHit]]:
        """Sign → where it is met, in order; what the text denies is left out."""
        text, late = post.text, self._settings.late
        found: dict[str, list[SignHit]] = {}
        for start, end, signs in self._book.find_all(post):
            share = self._share(text, start, end)
            if not share:
                continue
            if start - post.boundary > late.after:
                share *= late.share
            for told in signs:
                sign = self._meant(told, text, start, end)
                hits = found.setdefault(sign, [])
                if len(hits) < _MOST_OF_A_SIGN:
                    hits.append(SignHit(sign, start, end, share))
        return found

    def _meant(self, sign: str, text: str, start: int, end: int) -> str:
        """The sign that a hit is of: the death of hens is no death of a person."""
        for loss in self._losses:
            if sign in loss.of and loss.takes(text, start, end):
                return loss.sign
        return sign

    def _share(self, text: str, start: int, end: int) -> float:
        """0 where the text denies it, a part where it is feared, else 1."""
        before = text[max(0, start - 7) : start]
        if not self._doubts.isdisjoint(before):
            clause = _LAST_CLAUSE.search(before)
            before = clause[0] if clause else ""
            if self._denied.search(before):
                return 0.0
            if self._supposed.search(before):
                return self._settings.supposed_share
        if text.startswith(self._supposed_after, end):
            return self._settings.supposed_share
        return 1.0


def surest(hits: Sequence[SignHit]) -> SignHit:
    """The first of those with the largest share."""
    return max(hits, key=lambda hit: hit.share)


def near(found: dict[str, list[SignHit]], signs: Sequence[str], within: int) -> SignHit | None:
    """The hit of the first sign that has all other signs within reach, with the least share.

    Of several the one with the largest share; None where there is none.
    """
    best: SignHit | None = None
    for anchor in found.get(signs[0], ()):
        share = anchor.share
        for sign in signs[1:]:
            shares = [h.share for h in found[sign] if abs(h.start - anchor.start) <= within]
            share = min(share, max(shares, default=0.0))
        if share > (best.share if best else 0.0):
            best = anchor._replace(share=share)
    return best
