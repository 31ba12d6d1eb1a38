"""Folds that keep a group (a district's board, a set) on one side."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence


def grouped(groups: Sequence[str], folds: int) -> list[list[int]]:
    """Positions of each fold, no group in two. Large groups first, each to the smallest fold.

    Raises ValueError when there are fewer groups than folds.
    """
    sizes = Counter(groups)
    if len(sizes) < folds:
        raise ValueError(f"{len(sizes)} groups cannot make {folds} folds; give fewer folds")
    place: dict[str, int] = {}
    filled = [0] * folds
    for group in sorted(sizes, key=lambda g: (-sizes[g], _shuffled(g))):
        fold = min(range(folds), key=lambda f: (filled[f], f))
        place[group] = fold
        filled[fold] += sizes[group]
    found: list[list[int]] = [[] for _ in range(folds)]
    for position, group in enumerate(groups):
        found[place[group]].append(position)
    return found


def _shuffled(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()
