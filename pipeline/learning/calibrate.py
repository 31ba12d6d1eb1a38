"""Both stages taught, and what folds tell of them: how steep the logistics are that turn sums into
probabilities, and how much the second stage counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.encoder.encoder import HasVectors, shipped
from pipeline.learning.fit import FitSettings, fit
from pipeline.learning.folds import grouped
from pipeline.learning.labels import Example
from pipeline.learning.second import (
    Heard,
    Matrix,
    SecondSettings,
    Seen,
    choose,
    fit_heads,
    fused,
    see,
)
from pipeline.learning.vectors import Vectors
from pipeline.scorers.features import OPEN, REGISTERS, Reader
from pipeline.scorers.heads import Heads, RegisterHeads, encoder_log_odds
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.model_file import SCALE, Model
from pipeline.scorers.score import Scorer
from pipeline.scorers.stages import TwoStages

_FOLDS = 5
_ENOUGH = 30  # complaints to calibrate on


@dataclass(frozen=True, slots=True)
class Taught:
    """What training made. `heads`: of the second stage; None without its encoder or folds."""

    model: Model
    heads: Heads | None = None

    def scorer(self, vectors: HasVectors | None = None) -> Scorer:
        """The first stage, or both where there are heads; `vectors`: instead of the encoder."""
        first = OwnScorer(self.model)
        if self.heads is None:
            return first
        return TwoStages(first, self.heads, shipped if vectors is None else lambda: vectors)


def fit_calibrated(
    examples: Sequence[Example],
    settings: FitSettings | None = None,
    folds: int = _FOLDS,
    vectors: Vectors | None = None,
    second: SecondSettings | None = None,
) -> Taught:
    """Both stages on all `examples`, calibrated on grouped folds of the real ones.

    With too few groups for folds the probabilities stay as the sums give them, and there is no
    second stage, as there is none without `vectors`.
    """
    reader, second = Reader(), second or SecondSettings()
    model = fit(examples, settings, reader)
    seen = see(examples, vectors, reader) if vectors is not None else {}
    held_out = _held_out(examples, settings, reader, folds, seen, second)
    if not held_out:
        return Taught(model)
    parts = [[h for h in held_out if h.register == r] for r in range(len(REGISTERS))]
    registers = tuple(
        replace(weights, calibration=_calibration(part))
        for part, weights in zip(parts, model.registers, strict=True)
    )
    model = replace(model, registers=registers)
    if vectors is None:
        return Taught(model)
    # A register of which too few complaints are known goes by what is chosen for open talk.
    known = [part if _complaints(part) >= _ENOUGH else parts[OPEN] for part in parts]
    heads = tuple(
        _register_heads(matrix, _given(part), second)
        for part, matrix in zip(known, fit_heads(list(seen.values()), second), strict=True)
    )
    low, high = second.band
    band = round(low * SCALE), round(high * SCALE)
    return Taught(model, Heads(vectors.digest, band, heads))


def _register_heads(
    matrix: Matrix, held_out: list[_HeldOut], settings: SecondSettings
) -> RegisterHeads:
    """The heads of one register with their share, line and slopes, from posts neither stage saw."""
    heard = [
        Heard(h.example.relevant, h.example.complaint, (h.sums[0], h.sums[1]), h.encoder)
        for h in held_out
        if h.encoder is not None
    ]
    share, line = choose(heard, settings)
    low, high = settings.band
    doubtful = [h for h in heard if low <= h.first[0] <= high]
    both = [fused(h, share, line, settings.band) for h in doubtful]
    rows = [tuple(int(w) for w in np.rint(row * SCALE)) for row in matrix]
    return RegisterHeads(
        weights=(rows[0][:-1], rows[1][:-1]),
        bias=(rows[0][-1], rows[1][-1]),
        share=round(share * SCALE),
        line=round(line * SCALE),
        slopes=(
            _slope([b[0] for b in both], [h.relevant for h in doubtful]),
            _slope([b[1] for b in both], [h.complaint for h in doubtful]),
        ),
    )


@dataclass(frozen=True, slots=True)
class _HeldOut:
    example: Example
    register: int
    sums: list[float]
    encoder: tuple[float, float] | None


def _held_out(
    examples: Sequence[Example],
    settings: FitSettings | None,
    reader: Reader,
    folds: int,
    seen: Mapping[int, Seen],
    second: SecondSettings,
) -> list[_HeldOut]:
    """The sums of real posts by models that saw neither them nor their groups, and what heads say
    that did not either."""
    # The slope asks for the size of sums, not for the last hundredth: fewer resamplings will do.
    settings = replace(settings or FitSettings(), bags=2)
    real = [e for e in examples if e.kind == "real"]
    others = [e for e in examples if e.kind != "real"]
    if len({e.group for e in real}) < folds or len({e.complaint for e in real}) < 2:
        return []
    found: list[_HeldOut] = []
    for fold in grouped([e.group for e in real], folds):
        held = [real[i] for i in fold]
        rest = without([*real, *others], held)
        scorer = OwnScorer(fit(rest, settings, reader))
        heads = fit_heads([seen[id(e)] for e in rest if id(e) in seen], second) if seen else []
        for e in held:
            reading = scorer.reader.read(e.post, e.channel)
            if reading is not None:
                sums = [s / SCALE for s in scorer.sums(reading)]
                said = None
                if heads:
                    said = encoder_log_odds(heads[reading.register], seen[id(e)].vector)
                found.append(_HeldOut(e, reading.register, sums, said))
    return found


def _given(held_out: list[_HeldOut]) -> list[_HeldOut]:
    """Posts as a reader was given them.

    Posts that we picked from a stream ourselves are mostly far from the matter: where there are
    enough others, they are left aside, lest the model learn to doubt.
    """
    given = [h for h in held_out if not h.example.picked and h.example.weight == 1.0]
    return given if _complaints(given) >= _ENOUGH else held_out


def _complaints(held_out: list[_HeldOut]) -> int:
    return sum(h.example.complaint for h in held_out)


def _calibration(held_out: list[_HeldOut]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Slope and offset of both heads, from posts as a reader was given them."""
    given = _given(held_out)
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
