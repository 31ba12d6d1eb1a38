"""GridVoice's own scorer: a linear model of concepts and n-grams near the mention of electricity."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import Any

import ahocorasick

from domain.model import Category
from pipeline.scorers.features import Reader, Reading
from pipeline.scorers.model_file import HEADS, SCALE, Model, load_model
from pipeline.scorers.reasons import Explainer
from pipeline.scorers.score import IRRELEVANT, Score

_FIELD = 44  # bits a head: sums stay far below 2**43
_HALF = 1 << (_FIELD - 1)
_MASK = (1 << _FIELD) - 1
_LIFT = sum(_HALF << (_FIELD * i) for i in range(len(HEADS)))
_CATEGORIES = tuple(Category)
_second = itemgetter(1)


def _pack(weights: tuple[int, ...]) -> int:
    """One whole number that holds a weight for each head; packed numbers add up field by field."""
    return sum(w << (_FIELD * i) for i, w in enumerate(weights))


def _unpack(packed: int) -> list[int]:
    packed += _LIFT
    return [(packed >> (_FIELD * i) & _MASK) - _HALF for i in range(len(HEADS))]


class OwnScorer:
    """Judges with a trained model. Start: load the file and build its automata (about 0.1 s)."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.name
        self._reader = Reader()
        self._ngrams: Any = ahocorasick.Automaton()
        for number, ngram in enumerate(model.ngrams):
            self._ngrams.add_word(ngram, number)
        if model.ngrams:
            self._ngrams.make_automaton()
        self._near = [_pack(w) for w in model.near]
        self._wide = [_pack(w) for w in model.wide]
        self._facts = {number: _pack(w) for number, w in model.facts.items()}
        self._bias = _pack(model.bias)
        self._explainer = Explainer(model)

    @classmethod
    def shipped(cls) -> OwnScorer:
        """With the model in the package. Raises BadModel."""
        return cls(load_model())

    def score(self, title: str, text: str, channel: str | None = None) -> Score:
        reading = self._reader.read(title, text, channel)
        if reading is None:
            return IRRELEVANT
        sums = self.sums(reading)
        relevance = self._probability(0, sums[0])
        if relevance < 0.5:
            return Score(False, round(relevance, 4), False, None, None)
        negativity = self._probability(1, sums[1])
        best = max(range(len(_CATEGORIES)), key=lambda i: sums[2 + i])
        return Score(
            relevant=True,
            relevance=round(relevance, 4),
            complaint=negativity >= 0.5,
            negativity=round(negativity, 4),
            category=_CATEGORIES[best],
            reasons=self._explainer.explain(title, text, reading, negativity >= 0.5),
        )

    def sums(self, reading: Reading) -> list[float]:
        """The model's sum for each head. Divisions and roots are exact in IEEE arithmetic."""
        near = set().union(*(map(_second, self._ngrams.iter(p)) for p in reading.near_pieces))
        wide = set().union(*(map(_second, self._ngrams.iter(p)) for p in reading.wide_pieces))
        weigh = self._facts.get
        facts = sum([weigh(f, 0) for f in reading.facts], self._bias)
        total: list[float] = [float(v) for v in _unpack(facts)]
        for numbers, weights in ((near, self._near), (wide, self._wide)):
            if numbers:
                root = math.sqrt(len(numbers))
                packed = _unpack(sum(map(weights.__getitem__, numbers)))
                total = [t + v / root for t, v in zip(total, packed, strict=True)]
        return total

    def _probability(self, head: int, total: float) -> float:
        slope, offset = self.model.calibration[head]
        return logistic((slope * (total / SCALE) + offset) / SCALE)


def logistic(x: float) -> float:
    """1 / (1 + e^-x), safe at both ends."""
    if x < -30:
        return 0.0
    return 1.0 if x > 30 else 1 / (1 + math.exp(-x))
