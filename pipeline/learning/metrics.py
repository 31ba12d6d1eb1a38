"""Figures of an evaluation: precision, recall, F1 with confidence intervals, calibration."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.scorers.score import Score


@dataclass(frozen=True, slots=True)
class ScoredPost:
    """One labelled post and what a scorer said of it."""

    relevant: bool
    complaint: bool
    category: str | None
    score: Score


def hits(pairs: Sequence[tuple[bool, bool]]) -> dict[str, float]:
    """(truth, assessment) → {"p","r","f1"}; 0 where nothing was said or nothing was there."""
    true = sum(t and v for t, v in pairs)
    said = sum(v for _, v in pairs)
    there = sum(t for t, _ in pairs)
    precision = true / said if said else 0.0
    recall = true / there if there else 0.0
    both = precision + recall
    return {
        "p": round(precision, 4),
        "r": round(recall, 4),
        "f1": round(2 * precision * recall / both if both else 0.0, 4),
    }


def relevant_pairs(assessed: Sequence[ScoredPost]) -> list[tuple[bool, bool]]:
    return [(j.relevant, j.score.relevant) for j in assessed]


def complaint_pairs(assessed: Sequence[ScoredPost]) -> list[tuple[bool, bool]]:
    return [(j.complaint, j.score.complaint) for j in assessed]


def category_accuracy(assessed: Sequence[ScoredPost]) -> dict[str, Any]:
    """Among true complaints; one that was not found counts by the category it was given, if any."""
    true = [j for j in assessed if j.complaint and j.category]
    found = [j for j in true if j.score.relevant]
    right = sum(j.score.category == j.category for j in found)
    return {"accuracy": round(right / len(found), 4) if found else 0.0, "n": len(found)}


def calibration_error(assessed: Sequence[ScoredPost], bins: int = 10) -> float:
    """Expected calibration error of the probability of a complaint.

    Where a post is not relevant the scorer gives no such probability; its relevance, which bounds
    it, stands in.
    """
    filled: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for j in assessed:
        p = (j.score.negativity or 0.0) if j.score.relevant else j.score.relevance
        filled[min(int(p * bins), bins - 1)].append((p, j.complaint))
    gap = 0.0
    for held in filled:
        if held:
            gap += abs(sum(p for p, _ in held) - sum(t for _, t in held))
    return round(gap / len(assessed), 4) if assessed else 0.0


def interval(
    assessed: Sequence[ScoredPost],
    pairs: Callable[[Sequence[ScoredPost]], list[tuple[bool, bool]]],
    rounds: int = 500,
) -> tuple[float, float]:
    """95 % interval of F1 by the bootstrap over posts, with a fixed seed."""
    drawn = pairs(assessed)
    if not drawn:
        return 0.0, 0.0
    chance = random.Random(20261124)
    size = len(drawn)
    f1s = sorted(hits(chance.choices(drawn, k=size))["f1"] for _ in range(rounds))
    return f1s[int(0.025 * rounds)], f1s[int(0.975 * rounds) - 1]
