"""The second stage taught: heads on the encoder's vectors, and how much they count.

A head is a logistic regression on the standardised vector, fitted for each register on examples
that speak of electricity. Share and line are chosen on posts that neither stage saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.encoder.encoder import Vector
from pipeline.learning.labels import Example
from pipeline.learning.metrics import hits
from pipeline.learning.vectors import Vectors
from pipeline.scorers.features import REGISTERS, Reader
from pipeline.scorers.heads import above_line, lines
from pipeline.scorers.model_file import SCALE
from pipeline.scorers.views import view

_UNEVEN = 0.04  # what a unit away from a share of 1 and a line at 0 must be worth in F1

Matrix = NDArray[np.float64]  # (2, width + 1): weights and bias of relevant and complaint


@dataclass(frozen=True, slots=True)
class SecondSettings:
    """What was found best by grouped folds; `docs/assessment.md` tells what each brings."""

    strength: float = 0.003  # C of the heads
    other_register: tuple[float, ...] = (0.02, 0.2, 0.2)  # what an example of the other one counts
    voices: float = 0.3  # what an example counts that a grammar made
    shares: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    lines: tuple[float, ...] = tuple(n / 4 for n in range(-8, 5))
    band: tuple[float, float] = (-2.0, 2.0)  # the first stage's relevance sums that are in doubt


@dataclass(frozen=True, slots=True)
class Seen:
    """An example as the second stage sees it."""

    example: Example
    register: int
    vector: Vector


@dataclass(frozen=True, slots=True)
class Heard:
    """What both stages said of a post that neither saw: log-odds of relevant and complaint."""

    relevant: bool
    complaint: bool
    first: tuple[float, float]
    encoder: tuple[float, float]


def see(examples: Sequence[Example], vectors: Vectors, reader: Reader) -> dict[int, Seen]:
    """The examples that speak of electricity, by `id(example)`."""
    read = [(e, reader.read(e.post, e.channel)) for e in examples]
    spoken = [(e, r.register, view(r)) for e, r in read if r is not None]
    rows = vectors.vectors([text for _, _, text in spoken])
    return {
        id(e): Seen(e, register, row) for (e, register, _), row in zip(spoken, rows, strict=True)
    }


def fit_heads(seen: Sequence[Seen], settings: SecondSettings) -> list[Matrix]:
    """A matrix a register, rounded as the file keeps it. The same for the same examples."""
    ordered = sorted(seen, key=lambda s: (s.example.hash, s.example.id))
    rows = np.array([s.vector for s in ordered], dtype=np.float64)
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    standard = (rows - middle) / spread
    found = []
    for register in range(len(REGISTERS)):
        weight = np.array([_weight(s, register, settings) for s in ordered])
        heads = []
        for name in ("relevant", "complaint"):
            truth = np.array([getattr(s.example, name) for s in ordered])
            weights, bias = _logistic(standard, truth, weight, settings.strength)
            weights = weights / spread
            heads.append(np.append(weights, bias - weights @ middle))
        found.append(np.rint(np.array(heads) * SCALE) / SCALE)
    return found


def _weight(seen: Seen, register: int, settings: SecondSettings) -> float:
    weight = seen.example.weight * (settings.voices if seen.example.group == "voices" else 1.0)
    return weight * (1.0 if seen.register == register else settings.other_register[register])


def _logistic(rows: Any, truth: Any, weight: Any, strength: float) -> tuple[Any, float]:
    """Weights and bias; yes and no weigh the same together, whatever their numbers."""
    from sklearn.linear_model import LogisticRegression  # here: who judges loads no solver
    from threadpoolctl import threadpool_limits

    if truth.all() or not truth.any():
        return np.zeros(rows.shape[1]), 5.0 if truth.any() else -5.0
    total = weight.sum()
    balanced = weight * np.where(
        truth, total / (2 * weight[truth].sum()), total / (2 * weight[~truth].sum())
    )
    with threadpool_limits(1):  # more would add up in another order
        solver = LogisticRegression(C=strength, max_iter=1000, tol=1e-6)
        solver.fit(rows, truth, sample_weight=balanced)
    return solver.coef_[0], float(solver.intercept_[0])


def choose(heard: Sequence[Heard], settings: SecondSettings) -> tuple[float, float]:
    """The share and the line of a register: the middle of where both F1s are highest, not a peak
    that a neighbour does not share. Without a complaint: a share of 0."""
    if not any(h.complaint for h in heard):
        return 0.0, 0.0
    grid = np.array(
        [[_worth(heard, a, t, settings.band) for t in settings.lines] for a in settings.shares]
    )
    edged = np.pad(grid, 1, mode="edge")
    smooth = sum(
        edged[i : i + grid.shape[0], j : j + grid.shape[1]] for i, j in product(range(3), repeat=2)
    )
    row, column = np.unravel_index(int(np.argmax(np.round(smooth, 9))), grid.shape)
    return settings.shares[row], settings.lines[column]


def _worth(heard: Sequence[Heard], share: float, line: float, band: tuple[float, float]) -> float:
    said = [fused(h, share, line, band) for h in heard]
    complaint = hits([(h.complaint, min(s) > 0) for h, s in zip(heard, said, strict=True)])["f1"]
    relevant = hits([(h.relevant, s[0] > 0) for h, s in zip(heard, said, strict=True)])["f1"]
    return (2 * complaint + relevant) / 3 - _UNEVEN * (abs(line) + abs(share - 1))


def fused(
    heard: Heard, share: float, line: float, band: tuple[float, float]
) -> tuple[float, float]:
    """How far a post lies above the lines of both heads, as `TwoStages` has it."""
    if not band[0] <= heard.first[0] <= band[1]:
        return heard.first
    relevant, complaint = (
        above_line(f, e, share, least)
        for f, e, least in zip(heard.first, heard.encoder, lines(line), strict=True)
    )
    return relevant, complaint
