"""Losses 损失: what died, where a text says that something did: a person, hens or seedlings.

死亡 alone is a person's. It is an animal's or a plant's only where one stands right before it
(蛋鸡死亡, 三口塘的鱼都死了) or is counted right beside it (死亡三千斤), and no person is named in
that clause: whoever's death is told as a loss of hens would ring nobody at night.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.severity.settings import Losses
from pipeline.text.normalise import squeezed_spelling

_CLAUSE_BEFORE = re.compile(r"[^，。！？；,!?;:：\n]*$")
_CLAUSE_AFTER = re.compile(r"[^，。！？；,!?;:：\n]*")
_NUMBER = r"(?:\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百千万几数半])+[多余来]?"
_REACH = 40  # characters of a clause that are looked at on either side


class Loss:
    """One kind of loss: which hits of which signs are its own."""

    def __init__(self, sign: str, settings: Losses) -> None:
        self.sign = sign
        self.of = frozenset(settings.of)
        words, counted = _any_of(settings.words), _any_of(settings.counted_in)
        count = f"{_NUMBER}(?:{counted})"
        # Possessive: 全都全都全都… can be cut in millions of ways, and one is enough.
        between = f"(?:{_any_of(settings.between)}|{count})*+"
        self._before = re.compile(f"(?:(?:{words}){between}|{count})$")
        self._after = re.compile(f"了?(?:{_any_of(settings.about)})*+{count}|了?(?:{words})")
        self._people = re.compile(_any_of(settings.never_with))

    def takes(self, text: str, start: int, end: int) -> bool:
        """Whether what is told at `start` to `end` is told of it."""
        before = _CLAUSE_BEFORE.search(text, max(0, start - _REACH), start)
        after = _CLAUSE_AFTER.match(text, end, end + _REACH)
        told_before, told_after = before[0] if before else "", after[0] if after else ""
        if self._people.search(told_before) or self._people.search(told_after):
            return False
        return bool(self._before.search(told_before) or self._after.match(told_after))


def _any_of(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest first; of none it fits nowhere."""
    spelt = sorted(map(squeezed_spelling, words), key=len, reverse=True)
    return "|".join(map(re.escape, spelt)) or "(?!)"
