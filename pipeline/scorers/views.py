"""What the second stage reads of a post: the stretches where it speaks of electricity.

A vector is the mean of all that was read: what a long letter says of roads and schools would drown
its one line about the voltage. It also bounds the cost, which grows with the length.
"""

from __future__ import annotations

from itertools import islice

from pipeline.scorers.features import BOARD, FeatureReading
from pipeline.scorers.triggers import TRIGGER

_TITLE = {BOARD: 60}
_TITLE_ELSE = 40
_SHORT = 90  # characters of talk that are read whole; of longer ones as many are read
_BEFORE_TALK = 35
_OPENING = 25  # characters of a letter's beginning: who writes, and what for
_BEFORE, _AFTER = 25, 35  # characters around a trigger of a letter
_TRIGGERS = 3
_LETTER = 215


def view(reading: FeatureReading) -> str:
    """The title, cut, and the text around its first triggers; at most some 280 characters."""
    title = reading.title[: _TITLE.get(reading.register, _TITLE_ELSE)]
    read = _of_letter(reading.text) if reading.register == BOARD else _of_talk(reading)
    return f"{title} {read}" if title else read


def _of_talk(reading: FeatureReading) -> str:
    text = reading.text
    if len(text) <= _SHORT:
        return text
    found = TRIGGER.search(text)
    # Without a word of supply: where the signs of it stand.
    start = found.start() - _BEFORE_TALK if found else next(iter(reading.text_near), (0, 0))[0]
    start = max(0, min(start, len(text) - _SHORT))
    return text[start : start + _SHORT]


def _of_letter(text: str) -> str:
    stretches = [(0, min(_OPENING, len(text)))]
    for match in islice(TRIGGER.finditer(text), _TRIGGERS):
        start, end = max(0, match.start() - _BEFORE), min(len(text), match.end() + _AFTER)
        if start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return " ".join(text[a:b] for a, b in stretches)[:_LETTER]
