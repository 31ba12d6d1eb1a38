"""Why: the phrases of a post that moved the sum, where they stand, and by how much.

Weights are the model's own contributions (log-odds before calibration): a concept's are its
features and half of each pair that it is in. A verdict "complaint" rests on both heads, so both
contributions count; "relevant" on the first alone.
"""

from __future__ import annotations

import math

from domain.model import Reason
from pipeline.scorers import concepts
from pipeline.scorers.features import Reading, concepts_of
from pipeline.scorers.folding import compact, origins
from pipeline.scorers.model_file import SCALE, Model, Weights
from pipeline.scorers.windows import TITLE_LIMIT

MAX_REASONS = 6
_MAX_CONCEPTS = 5
_LEAST = 500  # contributions below 0.05 explain nothing
_WORDING = "用语"

_Found = tuple[int, str, str, int, int]  # weight, rule, field, start, end in the compact field


class Explainer:
    """Explains sums of one model."""

    def __init__(self, model: Model) -> None:
        self._ngrams = model.ngrams
        self._registers = [[_Telling(r, heads) for heads in (1, 2)] for r in model.registers]

    def explain(
        self, title: str, text: str, reading: Reading, near: set[int], complaint: bool
    ) -> tuple[Reason, ...]:
        """At most six reasons, the weightiest first, for the verdict complaint or relevant."""
        telling = self._registers[reading.register][1 if complaint else 0]
        weighed: dict[int, int] = {}
        for fact in telling.facts & reading.facts:
            for concept, weight in telling.shares[fact]:
                weighed[concept] = weighed.get(concept, 0) + weight
        found: list[_Found] = []
        for weight, concept in sorted([(-w, c) for c, w in weighed.items() if w >= _LEAST]):
            place = _first_place(reading, concept)
            if place is not None:
                found.append((-weight, concepts.TITLES[concept], *place))
                if len(found) == _MAX_CONCEPTS:
                    break
        wording = self._wording(reading, near, telling, found)
        if wording is not None:
            found.append(wording)
            found.sort(key=lambda f: (-f[0], f[3]))
        return _in_original(title, text, reading, found[:MAX_REASONS])

    def _wording(
        self, reading: Reading, near: set[int], telling: _Telling, taken: list[_Found]
    ) -> _Found | None:
        """The weightiest n-gram that stands outside the phrases already given."""
        weights = telling.near
        for number in sorted(telling.grams & near, key=lambda n: (-weights[n], n))[:4]:
            weight = int(weights[number] / math.sqrt(len(near)))
            if weight < _LEAST:
                return None
            gram = self._ngrams[number]
            for field, text, spans in (
                ("text", reading.text, reading.text_near),
                ("title", reading.title, reading.title_near),
            ):
                for a, b in spans:
                    start = text.find(gram, a, b)
                    end = start + len(gram)
                    if start >= 0 and not any(
                        f == field and start < e and s < end for _, _, f, s, e in taken
                    ):
                        return weight, _WORDING, field, start, end
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


def _in_original(
    title: str, text: str, reading: Reading, found: list[_Found]
) -> tuple[Reason, ...]:
    original = {"title": title, "text": text}
    size = {"title": len(reading.title), "text": len(reading.text)}
    # The compact title is cut to a limit; only its first characters are ever pointed at.
    if len(reading.title) == TITLE_LIMIT:
        size["title"] = len(compact(title))
    back = {f: origins(original[f], size[f]) for f in {f for _, _, f, _, _ in found}}
    reasons = []
    for weight, rule, field, start, end in found:
        way = back[field]
        if way is not None:
            start, end = way[0][start], way[1][end - 1]
        said = original[field][start:end]
        reasons.append(Reason(rule, field, start, end, said, round(weight / SCALE, 4)))
    return tuple(reasons)


def _first_place(reading: Reading, concept: int) -> tuple[str, int, int] | None:
    """Where a concept is first said, near a trigger if it is."""
    far: tuple[str, int, int] | None = None
    for field, spoken, near in (
        ("text", reading.text_spoken, reading.text_near),
        ("title", reading.title_spoken, reading.title_near),
    ):
        for start, end, numbers in spoken:
            if concept in numbers:
                if any(a <= start < b for a, b in near):
                    return field, start, end
                far = far or (field, start, end)
    return far
