"""Examples in, a model out: choose n-grams, fit a logistic regression a head, round.

Deterministic: examples are sorted by their text's hash, the solver takes no chance, weights are
rounded to 1e-4.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from domain.model import Category
from pipeline.learning.labels import Example
from pipeline.scorers.features import Reader, Reading
from pipeline.scorers.model_file import HEADS, SCALE, Model


@dataclass(frozen=True, slots=True)
class Settings:
    """What was found best by grouped folds; `docs/assessment.md` tells what each brings."""

    longest: int = 4  # characters of an n-gram
    least_posts: int = 3  # an n-gram must stand in that many training posts
    ngrams: int = 12_000  # kept at most
    strength: float = 10.0  # C of the heads (inverse regularisation)
    category_strength: float = 10.0
    fact_scale: float = 0.12  # concepts and pairs against normalised n-grams
    wide_scale: float = 1.0


@dataclass(slots=True)
class _Read:
    """Examples as features: only those that speak of electricity."""

    examples: list[Example]
    near: list[set[str]]
    wide: list[set[str]]
    facts: list[set[int]]


def read_examples(examples: Iterable[Example], reader: Reader, longest: int) -> _Read:
    found = _Read([], [], [], [])
    for example in sorted(examples, key=lambda e: (e.hash, e.id)):
        reading = reader.read(example.title, example.text, example.channel)
        if reading is None:
            continue
        found.examples.append(example)
        found.near.append(_ngrams(reading.near_pieces, longest))
        found.wide.append(_ngrams(reading.wide_pieces, longest))
        found.facts.append(reading.facts)
    return found


def _ngrams(pieces: Iterable[str], longest: int) -> set[str]:
    return {
        piece[i : i + n]
        for piece in pieces
        for n in range(1, longest + 1)
        for i in range(len(piece) - n + 1)
    }


def fit(
    examples: Sequence[Example], settings: Settings | None = None, reader: Reader | None = None
) -> Model:
    """A model without calibration (slope 1, offset 0); `calibrate` adds it."""
    settings = settings or Settings()
    read = read_examples(examples, reader or Reader(), settings.longest)
    candidates = _frequent(read, settings.least_posts)
    first = _heads(_matrix(read, candidates, settings), read, settings)
    ngrams = _strongest(candidates, first, settings.ngrams)
    matrix = _matrix(read, ngrams, settings)
    weights, bias = _heads(matrix, read, settings)
    category_weights, category_bias = _categories(matrix, read, settings)
    weights = np.vstack([weights, category_weights])
    return _model(read, ngrams, weights, np.concatenate([bias, category_bias]), settings)


def _frequent(read: _Read, least: int) -> list[str]:
    count: Counter[str] = Counter()
    for grams in read.wide:
        count.update(grams)
    for grams, wide in zip(read.near, read.wide, strict=True):
        count.update(grams - wide)
    return sorted(g for g, n in count.items() if n >= least)


def _matrix(read: _Read, ngrams: list[str], settings: Settings) -> Any:
    number = {g: i for i, g in enumerate(ngrams)}
    near = _normal([[number[g] for g in s if g in number] for s in read.near], len(ngrams))
    wide = _normal([[number[g] for g in s if g in number] for s in read.wide], len(ngrams))
    known = sorted({f for s in read.facts for f in s})
    place = {f: i for i, f in enumerate(known)}
    facts = _binary([[place[f] for f in s] for s in read.facts], len(known))
    return hstack([near, wide * settings.wide_scale, facts * settings.fact_scale]).tocsr()


def _binary(rows: list[list[int]], width: int) -> Any:
    columns = [c for row in rows for c in sorted(row)]
    starts = np.cumsum([0, *(len(r) for r in rows)])
    return csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(rows), width))


def _normal(rows: list[list[int]], width: int) -> Any:
    matrix = _binary(rows, width)
    scale = np.array([1 / math.sqrt(len(r)) if r else 0.0 for r in rows])
    matrix.data *= np.repeat(scale, [len(r) for r in rows])
    return matrix


def _heads(matrix: Any, read: _Read, settings: Settings) -> tuple[Any, Any]:
    weight = np.array([e.weight for e in read.examples])
    fitted = []
    for head in ("relevant", "complaint"):
        truth = np.array([getattr(e, head) for e in read.examples])
        fitted.append(_logistic(matrix, truth, weight, settings.strength))
    return np.array([w for w, _ in fitted]), np.array([b for _, b in fitted])


def _categories(matrix: Any, read: _Read, settings: Settings) -> tuple[Any, Any]:
    """One against the rest, among relevant posts."""
    rows = [i for i, e in enumerate(read.examples) if e.category is not None]
    weight = np.array([read.examples[i].weight for i in rows])
    fitted = []
    for category in Category:
        truth = np.array([read.examples[i].category == category for i in rows], dtype=bool)
        fitted.append(_logistic(matrix[rows], truth, weight, settings.category_strength))
    return np.array([w for w, _ in fitted]), np.array([b for _, b in fitted])


def _logistic(matrix: Any, truth: Any, weight: Any, strength: float) -> tuple[Any, float]:
    if truth.all() or not truth.any():
        return np.zeros(matrix.shape[1]), 5.0 if truth.any() else -5.0
    solver = LogisticRegression(C=strength, solver="liblinear", tol=1e-4, max_iter=1000)
    solver.fit(matrix, truth, sample_weight=weight)
    return solver.coef_[0], float(solver.intercept_[0])


def _strongest(ngrams: list[str], first: tuple[Any, Any], keep: int) -> list[str]:
    width = len(ngrams)
    size = np.abs(first[0][:, :width]).max(axis=0)
    size = np.maximum(size, np.abs(first[0][:, width : 2 * width]).max(axis=0))
    order = sorted(range(width), key=lambda i: (-round(float(size[i]), 6), ngrams[i]))
    return sorted(ngrams[i] for i in order[:keep])


def _model(read: _Read, ngrams: list[str], weights: Any, bias: Any, settings: Settings) -> Model:
    width = len(ngrams)
    whole = np.rint(weights * SCALE).astype(int)
    wide = np.rint(weights[:, width : 2 * width] * SCALE * settings.wide_scale).astype(int)
    facts = np.rint(weights[:, 2 * width :] * SCALE * settings.fact_scale).astype(int)
    known = sorted({f for s in read.facts for f in s})
    return Model(
        ngrams=tuple(ngrams),
        near=tuple(tuple(map(int, c)) for c in whole[:, :width].T),
        wide=tuple(tuple(map(int, c)) for c in wide.T),
        facts={f: tuple(map(int, facts[:, i])) for i, f in enumerate(known) if facts[:, i].any()},
        bias=tuple(int(b) for b in np.rint(bias * SCALE)),
        calibration=tuple((SCALE, 0) for _ in HEADS),
        trained_on=frozenset(e.hash for e in read.examples),
    )


__all__ = ["Reading", "Settings", "fit", "read_examples"]
