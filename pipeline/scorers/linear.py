"""The own scorer: a linear model of concepts and n-grams near the mention of electricity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

import ahocorasick

from domain.assessments import Category, Reason
from pipeline.scorers.features import FeatureReading, Reader, by_frequency
from pipeline.scorers.genre import is_elsewhere, manner_of
from pipeline.scorers.model_file import HEADS, SCALE, Model, Weights, load_model
from pipeline.scorers.reasons import Explainer
from pipeline.scorers.score import IRRELEVANT, Score
from pipeline.text.normalise import Squeezed

_FIELD = 44  # bits a head: sums stay far below 2**43
_HALF = 1 << (_FIELD - 1)
_MASK = (1 << _FIELD) - 1
_LIFT = sum(_HALF << (_FIELD * i) for i in range(len(HEADS)))
_SHIFTS = tuple(_FIELD * i for i in range(len(HEADS)))
_CATEGORIES = tuple(Category)
_SETTLED = 0.05  # the negativity of what its manner settles: notices, praise, bare questions
MOST_REASONS = 6
_SECOND = "语义复核"
_second = itemgetter(1)


def _pack(weights: tuple[int, ...]) -> int:
    """One whole number that holds a weight for each head; packed numbers add up field by field."""
    return sum(w << shift for w, shift in zip(weights, _SHIFTS, strict=True))


def _unpack(packed: int) -> list[int]:
    packed += _LIFT
    return [(packed >> shift & _MASK) - _HALF for shift in _SHIFTS]


class _Packed:
    """The weights of one register, packed for adding."""

    def __init__(self, weights: Weights, known: frozenset[int]) -> None:
        self.near = [_pack(w) for w in weights.near]
        self.fact = dict.fromkeys(known, 0)
        self.fact.update((number, _pack(w)) for number, w in weights.facts.items())
        self.bias = _pack(weights.bias)
        self.calibration = weights.calibration


@dataclass(frozen=True, slots=True)
class FirstReading:
    """A post that speaks of electricity, read and summed up, not yet judged. `near`: the numbers
    of its n-grams; `sums`: the model's for each head, times SCALE."""

    post: Squeezed
    channel: str | None
    reading: FeatureReading
    near: set[int]
    sums: list[float]


@dataclass(frozen=True, slots=True)
class SecondReading:
    """What came out with the second stage beside the first: probabilities, and the second's share
    in the log-odds of relevant and complaint."""

    relevance: float
    negativity: float
    shares: tuple[float, float]


class OwnScorer:
    """Assesses with a trained model. Start: load the file and build its automata (about 0.1 s)."""

    def __init__(self, model: Model, prefilter: bool = True) -> None:
        self.model = model
        self.name = model.name
        known = frozenset(f for weights in model.registers for f in weights.facts)
        self.reader = Reader(known, prefilter)
        self._ngrams: Any = ahocorasick.Automaton()
        # The automaton looks through a node's branches one by one, in the order they were added.
        number = {ngram: i for i, ngram in enumerate(model.ngrams)}
        for ngram in sorted(model.ngrams, key=by_frequency):
            self._ngrams.add_word(ngram, number[ngram])
        self._ngrams.make_automaton()
        self._registers = [_Packed(w, known) for w in model.registers]
        self._explainer = Explainer(model)

    @classmethod
    @cache
    def shipped(cls) -> OwnScorer:
        """With the model in the package, read once a process. Raises BadModel."""
        return cls(load_model())

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        read = self.read(post, channel)
        return IRRELEVANT if read is None else self.judge(read)

    def read(self, post: Squeezed, channel: str | None = None) -> FirstReading | None:
        """The post with its sums; None where nothing in it speaks of electricity."""
        reading = self.reader.read(post, channel)
        if reading is None:
            return None
        near = self.near_ngrams(reading)
        return FirstReading(post, channel, reading, near, self._sums(reading, near))

    def judge(self, read: FirstReading, second: SecondReading | None = None) -> Score:
        """The verdict on what was read, with the second stage's word where it was asked."""
        reading, near, sums = read.reading, read.near, read.sums
        register = reading.register
        relevance = second.relevance if second else self._probability(register, 0, sums[0])
        if relevance < 0.5:
            why = _second_reason(second, False)
            return Score(False, round(relevance, 4), False, None, None, why)
        if is_elsewhere(reading.title, reading.text):
            return Score(False, _SETTLED, False, None, None)
        negativity = second.negativity if second else self._probability(register, 1, sums[1])
        complaint = negativity >= 0.5
        manner = manner_of(reading.title, reading.text, read.channel) if complaint else None
        if manner is not None:
            complaint, negativity = False, _SETTLED
        categories = sums[2:]
        return Score(
            relevant=True,
            relevance=round(relevance, 4),
            complaint=complaint,
            negativity=round(negativity, 4),
            category=_CATEGORIES[categories.index(max(categories))],
            reasons=(
                *((Reason.unplaced(manner.value, -1.0),) if manner else ()),
                *_with_second(
                    self._explainer.explain(read.post, reading, near, complaint),
                    _second_reason(second, complaint),
                ),
            )[:MOST_REASONS],
        )

    def near_ngrams(self, reading: FeatureReading) -> set[int]:
        """The numbers of the model's n-grams that stand near a trigger."""
        found: set[int] = set()
        for start, end in reading.text_near:
            found.update(map(_second, self._ngrams.iter(reading.text, start, end)))
        for start, end in reading.title_near:
            found.update(map(_second, self._ngrams.iter(reading.title, start, end)))
        return found

    def sums(self, reading: FeatureReading) -> list[float]:
        """The model's sum for each head, times SCALE."""
        return self._sums(reading, self.near_ngrams(reading))

    def _sums(self, reading: FeatureReading, near: set[int]) -> list[float]:
        # Whole numbers add up the same in any order; one root and one division are exact in IEEE.
        weights = self._registers[reading.register]
        facts = _unpack(sum(map(weights.fact.__getitem__, reading.facts), weights.bias))
        if not near:
            return [float(f) for f in facts]
        root = math.sqrt(len(near))
        grams = _unpack(sum(map(weights.near.__getitem__, near)))
        return [f + g / root for f, g in zip(facts, grams, strict=True)]

    def _probability(self, register: int, head: int, total: float) -> float:
        slope, offset = self._registers[register].calibration[head]
        return logistic((slope * (total / SCALE) + offset) / SCALE)


def _second_reason(second: SecondReading | None, complaint: bool) -> tuple[Reason, ...]:
    """The second stage's share in the sums that the verdict rests on."""
    if second is None:
        return ()
    return (Reason.unplaced(_SECOND, round(sum(second.shares[: 1 + complaint]), 2)),)


def _with_second(phrases: tuple[Reason, ...], second: tuple[Reason, ...]) -> list[Reason]:
    """Both by weight; room is kept for the second stage's."""
    if not second:
        return list(phrases)
    return sorted((*second, *phrases[: MOST_REASONS - 2]), key=lambda r: -abs(r.weight))


def logistic(x: float) -> float:
    """1 / (1 + e^-x), safe at both ends."""
    if x < -30:
        return 0.0
    return 1.0 if x > 30 else 1 / (1 + math.exp(-x))
