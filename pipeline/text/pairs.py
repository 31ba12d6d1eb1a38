"""How common pairs of characters are in posts: statistics only, of no place and no person."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

RAREST = 6.0


@cache
def common_pairs() -> dict[str, float]:
    """Pair → weight, for the common ones: the natural logarithm of posts per post that has it."""
    weights: dict[str, float] = {}
    table = files("pipeline").joinpath("common_pairs.txt").read_text(encoding="utf-8")
    for line in table.splitlines()[1:]:
        share, _, pairs = line.partition(" ")
        weight = min(RAREST, math.log(1000 / float(share)))
        for start in range(0, len(pairs), 2):
            weights[pairs[start : start + 2]] = round(weight, 2)
    return weights


def is_rare(word: str) -> bool:
    """Whether no pair of the word is common."""
    common = common_pairs()
    return all(common.get(word[at : at + 2], RAREST) >= RAREST for at in range(len(word) - 1))
