"""Examples in, a model out: choose n-grams, fit a logistic regression a head and register, round.

Deterministic: examples are sorted by their text's hash, the solver takes no chance, weights are
rounded to 1e-4.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.assessments import Category
from pipeline.learning.labels import Example
from pipeline.scorers.features import BOARD, GIVEN, MANNERS, REGISTERS, Reader
from pipeline.scorers.model_file import SCALE, Model, Weights


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What was found best by grouped folds; `docs/assessment.md` tells what each brings."""

    longest: int = 4  # characters of an n-gram
    least_posts: int = 3  # an n-gram must stand in that many training posts
    ngrams: int = 8_000  # kept at most
    # by register, C of the heads (inverse regularisation)
    strength: tuple[float, ...] = (2.0, 5.0, 5.0)
    category_strength: float = 7.0
    fact_scale: float = 0.12  # concepts and pairs against normalised n-grams
    manner_scale: float = 0.6  # how an office answers, a citizen begins: few examples, much said
    # by register, what an example of another counts
    other_register: tuple[float, ...] = (0.02, 0.05, 0.3)
    written_in_board: float = 0.3  # what a written letter counts in the register of letters
    # what a yes counts, by register and head (relevant, complaint): balances recall and precision
    positives: tuple[tuple[float, float], ...] = ((1.8, 3.0), (0.3, 1.1), (1.0, 1.5))
    bags: int = 6  # heads are means of so many fits on resampled examples


@dataclass(slots=True)
class _Read:
    """Examples as features: only those that speak of electricity."""

    examples: list[Example] = field(default_factory=list)
    registers: list[int] = field(default_factory=list)
    near: list[set[str]] = field(default_factory=list)
    facts: list[set[int]] = field(default_factory=list)


def _read(examples: Iterable[Example], reader: Reader, longest: int) -> _Read:
    found = _Read()
    for example in sorted(examples, key=lambda e: (e.hash, e.id)):
        reading = reader.read(example.post, example.channel)
        if reading is None:
            continue
        found.examples.append(example)
        found.registers.append(reading.register)
        found.near.append(_ngrams(reading.near_pieces(), longest))
        found.facts.append(reading.facts)
    return found


def _ngrams(pieces: Iterable[str], longest: int) -> set[str]:
    return {
        piece[i : i + n]
        for piece in pieces
        for n in range(1, longest + 1)
        for i in range(len(piece) - n + 1)
    }


_WRITTEN = ("voices", "written")
_LEAST = 100  # a feature whose weights are all below 0.01 is left out


def fit(
    examples: Sequence[Example], settings: FitSettings | None = None, reader: Reader | None = None
) -> Model:
    """A model without calibration; `calibrate` adds it."""
    settings = settings or FitSettings()
    read = _read(examples, reader or Reader(), settings.longest)
    count = Counter(g for grams in read.near for g in grams)
    candidates = sorted(g for g, n in count.items() if n >= settings.least_posts)
    facts = sorted({f for found in read.facts for f in found} - GIVEN.keys())
    first = _matrix(read, candidates, facts, settings)
    size = np.zeros(len(candidates))
    for register in range(len(REGISTERS)):
        weights, _ = _heads(first, read, register, settings, 0)
        size = np.maximum(size, np.abs(weights[:, : len(candidates)]).max(axis=0))
    ngrams = _strongest(candidates, size, settings.ngrams)
    matrix = _matrix(read, ngrams, facts, settings)
    categories = _categories(matrix, read, settings)
    return Model(
        ngrams=tuple(ngrams),
        registers=tuple(
            _weights(
                _heads(matrix, read, r, settings, settings.bags),
                categories,
                len(ngrams),
                facts,
                settings,
            )
            for r in range(len(REGISTERS))
        ),
        trained_on=frozenset(e.hash for e in examples if e.group != "voices"),
    )


def _matrix(read: _Read, ngrams: list[str], facts: list[int], settings: FitSettings) -> Any:
    from scipy.sparse import hstack  # here: who evaluates what is there fits nothing

    number = {g: i for i, g in enumerate(ngrams)}
    place = {f: i for i, f in enumerate(facts)}
    near = [[number[g] for g in grams if g in number] for grams in read.near]
    grams = _binary(near, len(ngrams))
    scale = np.array([1 / math.sqrt(len(r)) if r else 0.0 for r in near])
    grams.data *= np.repeat(scale, [len(r) for r in near])
    said = _binary([[place[f] for f in found if f in place] for found in read.facts], len(facts))
    return hstack([grams, said.multiply(_scales(facts, settings))]).tocsr()


def _scales(facts: list[int], settings: FitSettings) -> Any:
    return np.array([settings.manner_scale if f in MANNERS else settings.fact_scale for f in facts])


def _binary(rows: list[list[int]], width: int) -> Any:
    from scipy.sparse import csr_matrix

    columns = [c for row in rows for c in sorted(row)]
    starts = np.cumsum([0, *(len(r) for r in rows)])
    return csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(rows), width))


def _heads(
    matrix: Any, read: _Read, register: int, settings: FitSettings, bags: int
) -> tuple[Any, Any]:
    """Weights and bias of relevant and complaint, as one register sees the examples.

    The last columns of `matrix` are the manners (their numbers are the highest).
    """
    manners = len(MANNERS & {f for found in read.facts for f in found})
    weight = np.array(
        [
            e.weight * _share(e, r, register, settings)
            for e, r in zip(read.examples, read.registers, strict=True)
        ]
    )
    # How an office answers says nothing of what it answers about.
    said_what = matrix[:, : matrix.shape[1] - manners]
    fitted = []
    for number, (head, seen) in enumerate((("relevant", said_what), ("complaint", matrix))):
        truth = np.array([getattr(e, head) for e in read.examples])
        share = weight * np.where(truth, settings.positives[register][number], 1.0)
        weights, bias = _logistic(seen, truth, share, settings.strength[register], bags)
        fitted.append((np.pad(weights, (0, matrix.shape[1] - len(weights))), bias))
    return np.array([w for w, _ in fitted]), np.array([b for _, b in fitted])


def _share(example: Example, register: int, learning: int, settings: FitSettings) -> float:
    if register != learning:
        return settings.other_register[learning]
    return settings.written_in_board if register == BOARD and example.group in _WRITTEN else 1.0


def _categories(matrix: Any, read: _Read, settings: FitSettings) -> tuple[Any, Any]:
    """One against the rest, among relevant posts of both registers."""
    rows = [i for i, e in enumerate(read.examples) if e.category is not None]
    weight = np.array([read.examples[i].weight for i in rows])
    fitted = []
    for category in Category:
        truth = np.array([read.examples[i].category == category for i in rows], dtype=bool)
        fitted.append(_logistic(matrix[rows], truth, weight, settings.category_strength, 0))
    return np.array([w for w, _ in fitted]), np.array([b for _, b in fitted])


def _logistic(
    matrix: Any, truth: Any, weight: Any, strength: float, bags: int
) -> tuple[Any, float]:
    """Weights and bias: the mean over `bags` resamplings (0: one fit on all)."""
    from sklearn.linear_model import LogisticRegression  # here: the gate and `evaluate` fit nothing

    width = matrix.shape[1]
    if truth.all() or not truth.any():
        return np.zeros(width), 5.0 if truth.any() else -5.0
    chance = np.random.RandomState(20261124)  # its stream is frozen by numpy's promise
    drawn = [chance.poisson(1.0, len(truth)) for _ in range(bags)] or [np.ones_like(truth, int)]
    total, bias = np.zeros(width), 0.0
    for times in drawn:
        rows = np.flatnonzero(times)
        solver = LogisticRegression(C=strength, solver="liblinear", tol=1e-3, max_iter=1000)
        solver.fit(matrix[rows], truth[rows], sample_weight=(weight * times)[rows])
        total += solver.coef_[0]
        bias += float(solver.intercept_[0])
    return total / len(drawn), bias / len(drawn)


def _given(share: tuple[float, float]) -> tuple[int, ...]:
    """A weight that is not learnt: one column a head; it tells no category."""
    return (*(round(part * SCALE) for part in share), *(0 for _ in Category))


def _strongest(ngrams: list[str], size: Any, keep: int) -> list[str]:
    order = sorted(range(len(ngrams)), key=lambda i: (-round(float(size[i]), 6), ngrams[i]))
    return sorted(ngrams[i] for i in order[:keep])


def _weights(
    heads: tuple[Any, Any],
    categories: tuple[Any, Any],
    width: int,
    facts: list[int],
    settings: FitSettings,
) -> Weights:
    weights = np.vstack([heads[0], categories[0]])
    near = np.rint(weights[:, :width] * SCALE).astype(int)
    said = np.rint(weights[:, width:] * SCALE * _scales(facts, settings)).astype(int)
    bias = np.rint(np.concatenate([heads[1], categories[1]]) * SCALE)
    return Weights(
        near=tuple(tuple(map(int, column)) for column in near.T),
        facts={
            f: tuple(map(int, said[:, i]))
            for i, f in enumerate(facts)
            if abs(said[:, i]).max() >= _LEAST
        }
        | {f: _given(share) for f, share in GIVEN.items()},
        bias=tuple(int(b) for b in bias),
    )
