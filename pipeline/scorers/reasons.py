"""Why: the phrases of a post that moved the sum, where they stand, and by how much.

Weights are the model's own contributions (log-odds before calibration): a concept's are its
features and half of each pair that it is in. A assessment "complaint" rests on both heads, so both
contributions count; "relevant" on the first alone.
"""

from __future__ import annotations

import math
from itertools import chain

from domain.assessments import Reason
from pipeline.scorers import concepts
from pipeline.scorers.features import FeatureReading, concepts_of
from pipeline.scorers.model_file import SCALE, Model, Weights
from pipeline.text.normalise import Squeezed

MAX_REASONS = 6
_MAX_CONCEPTS = 5
_LEAST = 1000  # contributions below 0.1 explain nothing
_WORDING = "用语"

_Found = tuple[int, str, str, int, int]  # weight, rule, field, start, end in the squeezed field


class Explainer:
    """Explains sums of one model."""

    def __init__(self, model: Model) -> None:
        self._ngrams = model.ngrams
        self._registers = [[_Telling(r, heads) for heads in (1, 2)] for r in model.registers]

    def explain(
        self, post: Squeezed, reading: FeatureReading, near: set[int], complaint: bool
    ) -> tuple[Reason, ...]:
        """At most six reasons, the weightiest first, for the assessment complaint or relevant."""
        telling = self._registers[reading.register][1 if complaint else 0]
        weighed: dict[int, int] = {}
        said = telling.facts & reading.facts
        for concept, weight in chain.from_iterable(map(telling.shares.__getitem__, said)):
            weighed[concept] = weighed.get(concept, 0) + weight
        found: list[_Found] = []
        places = _first_places(reading)
        for weight, concept in sorted([(-w, c) for c, w in weighed.items() if w >= _LEAST]):
            place = places.get(concept)
            if place is not None:
                found.append((-weight, concepts.TITLES[concept], *place))
                if len(found) == _MAX_CONCEPTS:
                    break
        wording = self._wording(reading, near, telling, found)
        if wording is not None:
            found.append(wording)
            found.sort(key=lambda f: (-f[0], f[3]))
        return _in_original(post, found[:MAX_REASONS])

    def _wording(
        self, reading: FeatureReading, near: set[int], telling: _Telling, taken: list[_Found]
    ) -> _Found | None:
        """The weightiest n-gram, where it stands outside the phrases already given."""
        known = telling.grams & near
        if not known:
            return None
        weight, number = max([(telling.near[n], -n) for n in known])
        weight = int(weight / math.sqrt(len(near)))
        gram = self._ngrams[-number]
        for field, text, spans in (
            ("text", reading.text, reading.text_near),
            ("title", reading.title, reading.title_near),
        ):
            for a, b in spans:
                start = text.find(gram, a, b)
                if start >= 0:
                    end = start + len(gram)
                    for _, _, other, s, e in taken:
                        if other == field and start < e and s < end:
                            return None
                    return (weight, _WORDING, field, start, end) if weight >= _LEAST else None
        return None


class _Telling:
    """The weights of one register, summed over its first heads, large enough to explain a yes."""

    def __init__(self, weights: Weights, heads: int) -> None:
        self.shares: dict[int, tuple[tuple[int, int], ...]] = {}
        for fact, columns in weights.facts.items():
            about, weight = concepts_of(fact), sum(columns[:heads])
            if about and abs(weight) >= _LEAST:
                self.shares[fact] = tuple((c, weight // len(about)) for c in about)
        self.facts = frozenset(self.shares)
        near = {i: sum(columns[:heads]) for i, columns in enumerate(weights.near)}
        self.near = {i: weight for i, weight in near.items() if weight >= 4 * _LEAST}
        self.grams = frozenset(self.near)


def _in_original(post: Squeezed, found: list[_Found]) -> tuple[Reason, ...]:
    title, text = post.original
    body = post.boundary + 1
    reasons = []
    for weight, rule, field, start, end in found:
        if field == "text":
            start, end = post.span(start + body, end + body)
            said = text[start:end]
        else:
            start, end = post.span(start, end)
            said = title[start:end]
        reasons.append(Reason(rule, field, start, end, said, round(weight / SCALE, 4)))
    return tuple(reasons)


def _first_places(reading: FeatureReading) -> dict[int, tuple[str, int, int]]:
    """Concept → where it is first said, near a trigger if it is."""
    far: dict[int, tuple[str, int, int]] = {}
    near: dict[int, tuple[str, int, int]] = {}
    for field, spoken in (("title", reading.title_spoken), ("text", reading.text_spoken)):
        for start, end, numbers, close in reversed(spoken):
            places = near if close else far
            for number in numbers:
                places[number] = field, start, end
    far.update(near)
    return far
