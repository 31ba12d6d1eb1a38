"""Sums → probabilities: a logistic for each head, fitted on posts that the model did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from pipeline.learning.fit import Settings, fit
from pipeline.learning.folds import grouped
from pipeline.learning.labels import Example
from pipeline.scorers.features import Reader
from pipeline.scorers.model_file import HEADS, SCALE, Model
from pipeline.scorers.own import OwnScorer

_FOLDS = 5


def fit_calibrated(examples: Sequence[Example], settings: Settings | None = None) -> Model:
    """A model on all `examples`, its probabilities calibrated on grouped folds of the real ones.

    With too few groups for folds the probabilities stay as the sums give them.
    """
    reader = Reader()
    model = fit(examples, settings, reader)
    held_out = _held_out_sums(examples, settings, reader)
    if held_out is None:
        return model
    kept, sums = held_out
    calibration = [
        _slope_and_offset(sums[:, 0], [e.relevant for e in kept], [e.weight for e in kept]),
        _slope_and_offset(sums[:, 1], [e.complaint for e in kept], [e.weight for e in kept]),
        *((SCALE, 0) for _ in HEADS[2:]),
    ]
    return replace(model, calibration=tuple(calibration))


def _held_out_sums(
    examples: Sequence[Example], settings: Settings | None, reader: Reader
) -> tuple[list[Example], Any] | None:
    real = [e for e in examples if e.kind == "real"]
    others = [e for e in examples if e.kind != "real"]
    if len({e.group for e in real}) < _FOLDS or len({e.complaint for e in real}) < 2:
        return None
    kept: list[Example] = []
    sums: list[list[float]] = []
    for fold in grouped([e.group for e in real], _FOLDS):
        model = fit(without(real, [real[i] for i in fold]) + others, settings, reader)
        scorer = OwnScorer(model)
        for i in fold:
            reading = reader.read(real[i].title, real[i].text, real[i].channel)
            if reading is not None:
                kept.append(real[i])
                sums.append([s / SCALE for s in scorer.sums(reading)])
    return kept, np.array(sums)


def without(examples: Sequence[Example], held: Sequence[Example]) -> list[Example]:
    """`examples` less those that share an id, a text or a group with a held-out one."""
    ids = {e.id for e in held}
    texts = {e.hash for e in held}
    groups = {e.group for e in held}
    return [
        e
        for e in examples
        if e.id not in ids and e.hash not in texts and (e.group not in groups or e.kind != "real")
    ]


def _slope_and_offset(
    sums: Any, truth: Sequence[bool], weights: Sequence[float]
) -> tuple[int, int]:
    if all(truth) or not any(truth):
        return SCALE, 0
    line = LogisticRegression(C=100.0, solver="liblinear")
    line.fit(sums.reshape(-1, 1), truth, sample_weight=weights)
    slope, offset = float(line.coef_[0][0]), float(line.intercept_[0])
    return round(slope * SCALE), round(offset * SCALE)
