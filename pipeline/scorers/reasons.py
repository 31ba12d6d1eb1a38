"""Why: the phrases of a post that moved the sum, where they stand, and by how much.

Weights are the model's own contributions (log-odds before calibration): a concept's are its
features and half of each pair that it is in. Only what a person would take for a word is shown, and
never the opposite of what is written (有人管 out of 没有人管). A assessment "complaint" rests on
both heads, so both contributions count; "relevant" on the first alone.
"""

from __future__ import annotations

import math
import re
from itertools import chain

from domain.assessments import Reason
from pipeline.scorers import concepts
from pipeline.scorers.features import FeatureReading, concepts_of
from pipeline.scorers.model_file import SCALE, Model, Weights
from pipeline.text.misread import denied
from pipeline.text.normalise import Squeezed

MAX_REASONS = 6
_MAX_CONCEPTS = 5
_LEAST = 1000  # contributions below 0.1 explain nothing
_WORDING = "用语"
_TRIED = 8  # n-grams looked at for one that a person would take for a word
_WORD = re.compile("[\u4e00-\u9fff]{2,4}")
# What no word begins or ends with: the small change of a sentence.
_SMALL = frozenset(
    "的了着过是在和与及或就都也还又很太把被让给对从到向于之其这那哪此每各有没不无未吗呢吧啊呀啦哦嘛么我你您他她它们个些"
    "一二两三四五六七八九十多几上下里外中内后前时候年月日号点分为以而且但若如因所等将已能会可要想说来去"
)

_Found = tuple[int, str, str, int, int]  # weight, rule, field, start, end in the squeezed field


class Explainer:
    """Explains sums of one model."""

    def __init__(self, model: Model) -> None:
        self._ngrams = model.ngrams
        self._registers = [
            [_Telling(r, heads, model.ngrams) for heads in (1, 2)] for r in model.registers
        ]

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
        """The weightiest n-gram that is a word where it stands, outside the phrases given."""
        known = telling.grams & near
        root = math.sqrt(len(near)) if near else 1.0
        for weight, number in sorted([(-telling.near[n], n) for n in known])[:_TRIED]:
            weight = int(-weight / root)
            if weight < _LEAST:
                return None
            place = _as_a_word(reading, self._ngrams[number])
            if place is not None:
                field, start, end = place
                if all(f != field or end <= s or e <= start for _, _, f, s, e in taken):
                    return weight, _WORDING, field, start, end
        return None


def is_word(gram: str) -> bool:
    """Whether people would take an n-gram for a word or a phrase."""
    return (
        _WORD.fullmatch(gram) is not None
        and len(set(gram)) > 1
        and gram[0] not in _SMALL
        and gram[-1] not in _SMALL
    )


class _Telling:
    """The weights of one register, summed over its first heads, large enough to explain a yes."""

    def __init__(self, weights: Weights, heads: int, ngrams: tuple[str, ...]) -> None:
        self.shares: dict[int, tuple[tuple[int, int], ...]] = {}
        for fact, columns in weights.facts.items():
            about, weight = concepts_of(fact), sum(columns[:heads])
            if about and abs(weight) >= _LEAST:
                self.shares[fact] = tuple((c, weight // len(about)) for c in about)
        self.facts = frozenset(self.shares)
        near = {i: sum(columns[:heads]) for i, columns in enumerate(weights.near)}
        self.near = {i: weight for i, weight in near.items() if weight >= 4 * _LEAST}
        self.grams = frozenset(i for i in self.near if is_word(ngrams[i]))


def _as_a_word(reading: FeatureReading, gram: str) -> tuple[str, int, int] | None:
    """Where an n-gram stands and is not cut out of a phrase of the lexicon; None: nowhere."""
    for field, text, spans, spoken in (
        ("text", reading.text, reading.text_near, reading.text_spoken),
        ("title", reading.title, reading.title_near, reading.title_spoken),
    ):
        for a, b in spans:
            start = text.find(gram, a, b)
            if start >= 0:
                end = start + len(gram)
                whole = all(
                    e <= start or end <= s or (start <= s and e <= end) for s, e, _, _ in spoken
                )
                if whole and not denied(text, start):
                    return field, start, end
    return None


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
