"""Sums → probabilities: a logistic for each head, fitted on posts that the model did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.learning.fit import FitSettings, fit
from pipeline.learning.folds import grouped
from pipeline.learning.labels import Example
from pipeline.scorers.features import Reader
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.model_file import SCALE, Model

_FOLDS = 5
_ENOUGH = 30  # complaints to calibrate on


def fit_calibrated(
    examples: Sequence[Example], settings: FitSettings | None = None, folds: int = _FOLDS
) -> Model:
    """A model on all `examples`, its probabilities calibrated on grouped folds of the real ones.

    With too few groups for folds the probabilities stay as the sums give them.
    """
    reader = Reader()
    model = fit(examples, settings, reader)
    held_out = _held_out(examples, settings, reader, folds)
    if not held_out:
        return model
    registers = tuple(
        replace(weights, calibration=_calibration([h for h in held_out if h.register == r]))
        for r, weights in enumerate(model.registers)
    )
    return replace(model, registers=registers)


@dataclass(frozen=True, slots=True)
class _HeldOut:
    example: Example
    register: int
    sums: list[float]


def _held_out(
    examples: Sequence[Example], settings: FitSettings | None, reader: Reader, folds: int
) -> list[_HeldOut]:
    """The sums of real posts by models that saw neither them nor their groups."""
    # The slope asks for the size of sums, not for the last hundredth: fewer resamplings will do.
    settings = replace(settings or FitSettings(), bags=2)
    real = [e for e in examples if e.kind == "real"]
    others = [e for e in examples if e.kind != "real"]
    if len({e.group for e in real}) < folds or len({e.complaint for e in real}) < 2:
        return []
    found: list[_HeldOut] = []
    for fold in grouped([e.group for e in real], folds):
        held = [real[i] for i in fold]
        scorer = OwnScorer(fit(without([*real, *others], held), settings, reader))
        for e in held:
            reading = scorer.reader.read(e.post, e.channel)
            if reading is not None:
                sums = [s / SCALE for s in scorer.sums(reading)]
                found.append(_HeldOut(e, reading.register, sums))
    return found


def _calibration(held_out: list[_HeldOut]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Slope and offset of both heads, from posts as a reader was given them.

    Posts that we picked from a stream ourselves are mostly far from the matter: where there are
    enough others, they are left aside, lest the model learn to doubt.
    """
    given = [h for h in held_out if not h.example.picked and h.example.weight == 1.0]
    if sum(h.example.complaint for h in given) < _ENOUGH:
        given = held_out
    return (
        (_slope([h.sums[0] for h in given], [h.example.relevant for h in given]), 0),
        (_slope([h.sums[1] for h in given], [h.example.complaint for h in given]), 0),
    )


def without(examples: Sequence[Example], held: Sequence[Example]) -> list[Example]:
    """`examples` less those that share an id, a text or a group with a held-out one."""
    ids = {e.id for e in held}
    texts = {e.hash for e in held}
    groups = {e.group for e in held}
    return [
        e for e in examples if e.id not in ids and e.hash not in texts and e.group not in groups
    ]


def _slope(sums: Sequence[float], truth: Sequence[bool]) -> int:
    """How steep the logistic is. Its middle stays at the sum 0, where the heads decide: a middle
    moved by what a few folds held out cost much recall (docs/assessment.md)."""
    if all(truth) or not any(truth):
        return SCALE
    from sklearn.linear_model import LogisticRegression  # here: who judges loads no solver

    line = LogisticRegression(C=100.0, solver="liblinear", fit_intercept=False)
    line.fit(np.array(sums).reshape(-1, 1), truth)
    return max(round(float(line.coef_[0][0]) * SCALE), SCALE // 10)
