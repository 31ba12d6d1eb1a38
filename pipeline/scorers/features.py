"""What the model sees of a post: n-grams near the mention of electricity, concepts, and pairs.

The same code reads posts in training and in judging. Feature numbers are stable within one lexicon;
the model file keeps them by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ahocorasick

from pipeline.scorers import concepts
from pipeline.scorers.folding import compact
from pipeline.scorers.windows import NEAR, TITLE_LIMIT, TRIGGER, WIDE, around

PAIR_REACH = 16  # characters between two concepts that count as together

_FAMILIES = {
    "gov_board": "board",
    "gov_reply": "board",
    "hotline_12345": "board",
    "letter_visit": "board",
    "ticket_95598": "board",
    "phone_programme": "board",
    "grid_service": "board",
    "hot_list": "headline",
    "news": "news",
    "wechat": "news",
    "review": "review",
    "sms": "talk",
    "weibo": "talk",
    "forum": "talk",
    "short_video": "talk",
}
_LENGTHS = (10, 20, 40, 80, 160, 320, 640, 1280, 2560)
_COUNT = len(concepts.NAMES)
_NEAR, _WIDE, _PAIR = _COUNT, 2 * _COUNT, 3 * _COUNT
_FORM = _PAIR + _COUNT * _COUNT  # features of form: length, density, channel family
_FORMS = (
    *(f"length{i}" for i in range(10)),
    *(f"triggers{i}" for i in range(7)),
    *(f"covered{i}" for i in range(5)),
    *(f"density{i}" for i in range(7)),
    "in_title",
    *(f"family_{f}" for f in ("board", "headline", "news", "review", "talk", "unknown")),
)
_FORM_NUMBER = {name: _FORM + i for i, name in enumerate(_FORMS)}
_FAMILY = {c: _FORM_NUMBER[f"family_{f}"] for c, f in _FAMILIES.items()}
_UNKNOWN_FAMILY = _FORM_NUMBER["family_unknown"]


def feature_name(number: int) -> str:
    """A concept, pair or form feature's name: `title:fee`, `near:outage`, `outage~repeat`, …"""
    names = concepts.NAMES
    if number < _NEAR:
        return f"title:{names[number]}"
    if number < _WIDE:
        return f"near:{names[number - _NEAR]}"
    if number < _PAIR:
        return f"wide:{names[number - _WIDE]}"
    if number < _FORM:
        first, second = divmod(number - _PAIR, _COUNT)
        return f"{names[first]}~{names[second]}"
    return _FORMS[number - _FORM]


def feature_number(name: str) -> int:
    """The number of a feature's name. Raises KeyError for a name that this lexicon lacks."""
    if "~" in name:
        first, second = name.split("~")
        return _PAIR + _INDEX[first] * _COUNT + _INDEX[second]
    where, _, slug = name.partition(":")
    if not slug:
        return _FORM_NUMBER[name]
    return {"title": 0, "near": _NEAR, "wide": _WIDE}[where] + _INDEX[slug]


_INDEX = {name: i for i, name in enumerate(concepts.NAMES)}


@dataclass(slots=True)
class Reading:
    """One post as the model sees it.

    `pieces` are the stretches read, as (field, start, end) in the compact title or text: first
    those near a trigger, then the wide ones. `near`/`wide` are numbers of n-grams, `facts` those of
    concept, pair and form features. `spoken` are the concepts met: (field, start, end, concept).
    """

    title: str
    text: str
    near_pieces: list[str]
    wide_pieces: list[str]
    facts: set[int]


def concept_automaton() -> Any:
    automaton = ahocorasick.Automaton()
    for phrase, numbers in concepts.words().items():
        automaton.add_word(phrase, (len(phrase), numbers))
    automaton.make_automaton()
    return automaton


class Reader:
    """Reads posts. Holds the automaton of the lexicon; cheap to share, not changed by reading."""

    def __init__(self) -> None:
        self._concepts = concept_automaton()

    def read(self, title: str, text: str, channel: str | None) -> Reading | None:
        """The post as features; None when nothing in it speaks of electricity."""
        head = compact(title)[:TITLE_LIMIT] if title else ""
        body = compact(text)
        near = around(body, NEAR)
        head_near = around(head, NEAR) if head else []
        if not near and not head_near:
            return None
        wide = [(0, len(body))] if len(body) <= 2 * WIDE else around(body, WIDE)
        near_pieces = [body[a:b] for a, b in near] + [head[a:b] for a, b in head_near]
        wide_pieces = [body[a:b] for a, b in wide]
        facts = self._facts(head, near_pieces, wide_pieces)
        facts.update(_form(head, body, near, wide, bool(head_near)))
        facts.add(_FAMILY.get(channel or "", _UNKNOWN_FAMILY))
        return Reading(head, body, near_pieces, wide_pieces, facts)

    def _facts(self, head: str, near: Iterable[str], wide: Iterable[str]) -> set[int]:
        facts: set[int] = set()
        found = self._concepts.iter
        for piece in near:
            for _, (_, numbers) in found(piece):
                for number in numbers:
                    facts.add(_NEAR + number)
        for piece in (*wide, head):
            if piece is head:
                for _, (_, numbers) in found(piece):
                    facts.update(numbers)
            self._together(piece, facts)
        return facts

    def _together(self, piece: str, facts: set[int]) -> None:
        """Concepts of a piece, and the pairs of them that stand within reach."""
        spoken: list[tuple[int, int, int]] = []
        for last, (length, numbers) in self._concepts.iter(piece):
            for number in numbers:
                spoken.append((last - length + 1, last + 1, number))
        spoken.sort()
        for i, (_, end, number) in enumerate(spoken):
            facts.add(_WIDE + number)
            for j in range(i + 1, len(spoken)):
                start, _, other = spoken[j]
                if start - end > PAIR_REACH:
                    break
                if other > number:
                    facts.add(_PAIR + number * _COUNT + other)
                elif other < number:
                    facts.add(_PAIR + other * _COUNT + number)


def _form(
    head: str,
    body: str,
    near: list[tuple[int, int]],
    wide: list[tuple[int, int]],
    in_title: bool,
) -> list[int]:
    length = len(head) + len(body)
    size = next((i for i, limit in enumerate(_LENGTHS) if length <= limit), 9)
    triggers = sum(1 for _ in TRIGGER.finditer(body))
    covered = sum(b - a for a, b in wide) * 499 // (100 * max(len(body), 1))
    forms = [
        f"length{size}",
        f"triggers{min(triggers, 6)}",
        f"covered{covered}",
        f"density{min(triggers * 100 // max(length, 1), 6)}",
    ]
    if in_title:
        forms.append("in_title")
    return [_FORM_NUMBER[f] for f in forms]
