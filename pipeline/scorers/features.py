"""What the model sees of a post: n-grams near the mention of electricity, concepts, and pairs.

The same code reads posts in training and in assessing. Feature numbers hold within one lexicon; the
model file keeps them by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import ahocorasick
import numpy as np

from pipeline.scorers import concepts
from pipeline.scorers.plain import SIGN_PAIRS, SIGNS, pair_table, plainly
from pipeline.scorers.triggers import (
    LETTER,
    NEAR,
    OTHERS,
    TITLE_LIMIT,
    TRIGGER,
    WIDE,
    spread,
)
from pipeline.text import misread
from pipeline.text.normalise import Squeezed

PAIR_REACH = 28  # characters between the ends of two phrases that count as together

# Registers: letters to an office, everything else, and what tells of supply without its words.
BOARD, OPEN, PLAIN = 0, 1, 2
REGISTERS = ("board", "open", "plain")
BOARD_CHANNELS = frozenset(
    (
        "gov_board",
        "gov_reply",
        "hotline_12345",
        "letter_visit",
        "ticket_95598",
        "phone_programme",
        "grid_service",
    )
)
_LETTER = 60  # characters: with a title and no channel, so much text is taken for a letter
_FORM_OF = {
    "hot_list": "headline",
    "news": "news",
    "wechat": "news",
    "review": "review",
    "gov_reply": "reply",
}
# What a channel is says by itself (an order is a customer's); given, not learnt: few are labelled.
_BOOK_OF = {
    "ticket_95598": "order",
    "grid_service": "order",
    "hotline_12345": "call",
    "phone_programme": "own",
    "letter_visit": "own",
}
# About supply when they say nothing else.
_ALWAYS_READ = frozenset(channel for channel, book in _BOOK_OF.items() if book != "call")
# How an office begins and ends its answer, and how a citizen begins a letter.
_REPLY_OPENING = re.compile(
    "收悉|回复如下|答复如下|汇报如下|说明如下|现回复|函复|^网友|[您你]所?反映的|来信人|[您你]的(?:留言|来信|信件|信访)"
    "|[您你]提出的|贵办|关于[您你]"
)
_REPLY_CLOSING = re.compile(
    "特此(?:回复|答复|函复)|感谢[您你](?:对|的)|理解(?:与|和|并)?(?:谅解|支持)|供电公司$|供电局$|联系电话[:0-9-]*$"
    "|如有(?:疑问|问题)|回复$"
)
_LETTER_OPENING = re.compile("尊敬的|领导|书记|市长|县长|区长|我是|我们是|本人|投诉|反映|举报|求助")
_EDGE = 80  # characters at either end in which an opening or closing is looked for
_LENGTHS = (10, 20, 40, 80, 160, 320, 640, 1280, 2560)
_COUNT = len(concepts.NAMES)
_NEAR, _WIDE, _PAIR = _COUNT, 2 * _COUNT, 3 * _COUNT
_FORM = _PAIR + _COUNT * _COUNT  # features of form: length, density, kind of channel
_FORMS = (
    *(f"length{i}" for i in range(10)),
    *(f"triggers{i}" for i in range(7)),
    *(f"covered{i}" for i in range(5)),
    *(f"density{i}" for i in range(7)),
    "in_title",
    *(f"form_{f}" for f in ("headline", "news", "review")),
    *("book_order", "book_own", "book_call"),
    *("form_reply", "reply_opening", "reply_closing", "letter_opening"),  # the manners stand last
)
_FORM_NUMBER = {name: _FORM + i for i, name in enumerate(_FORMS)}
# Log-odds for relevant and for a complaint that a channel gives by itself.
GIVEN = {
    _FORM_NUMBER["book_order"]: (4.0, 2.0),  # the company's own orders and logs
    _FORM_NUMBER["book_own"]: (2.0, 0.5),  # its programme on the air, letters and visits to it
    _FORM_NUMBER["book_call"]: (0.3, 0.5),  # the town's telephone: everybody's matters
}
MANNERS = frozenset(_FORM_NUMBER[m] for m in _FORMS[-4:])
_INDEX = {name: i for i, name in enumerate(concepts.NAMES)}


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


def concepts_of(number: int) -> tuple[int, ...]:
    """The concepts that a feature speaks of: one, two for a pair, none for a feature of form."""
    if number < _PAIR:
        return (number % _COUNT,)
    if number < _FORM:
        return divmod(number - _PAIR, _COUNT)
    return ()


_FREQUENT = (
    "的,。是一不了我有人在0大、区到市!a上小为.们生来时公要好就业没地路车家都?能:中多发工开出以下还和房学也现道行子天后民月么会可过理主"
    "于建部问本日用说经通作法交自门全对国关心政很年你无前面方事安次得实成间/新重水看点去分里高老长导请场给但住城期(已定他位)费县合"
    "情电动员被管同想商金之进回办保机视三直户收司只规因府设体相口题处"
)
_RANK = {char: i for i, char in enumerate(_FREQUENT)}


def by_frequency(word: str) -> tuple[int, str]:
    """A key that puts words with a frequent first letter first."""
    return _RANK.get(word[0], len(_RANK)), word


Doubt = tuple[bool, tuple[tuple[int, str], ...]]  # may it be asked? what may it be cut from?


def _doubt(phrase: str, told: set[str]) -> Doubt | None:
    """What besides a no may make a phrase say something else where it stands; None: nothing."""
    askable, cut_from = not told.isdisjoint(concepts.ASKABLE), misread.cut_from(phrase)
    return (askable, cut_from) if askable or cut_from else None


def _misreads(text: str, start: int, end: int, deniable: bool, doubt: Doubt | None) -> bool:
    if deniable and misread.denied(text, start):
        return True
    if doubt is None:
        return False
    askable, cut_from = doubt
    if askable and misread.asked(text, end):
        return True
    return any(
        start >= before and text.startswith(word, start - before) for before, word in cut_from
    )


Spoken = tuple[int, int, tuple[int, ...], bool]  # start, end in the squeezed field, concepts, near?


@dataclass(slots=True)
class FeatureReading:
    """One post as the model sees it.

    `title`/`text` are the squeezed fields. `*_near` are the spans near a trigger (n-grams are read
    there), `*_spoken` the phrases of the lexicon within the wide spans. `facts` are the numbers of
    the concept, pair and form features.
    """

    register: int
    title: str
    text: str
    title_near: list[tuple[int, int]]
    text_near: list[tuple[int, int]]
    title_spoken: list[Spoken]
    text_spoken: list[Spoken]
    facts: set[int]

    def near_pieces(self) -> list[str]:
        """The stretches near a trigger."""
        return [self.text[a:b] for a, b in self.text_near] + [
            self.title[a:b] for a, b in self.title_near
        ]


def register_of(channel: str | None, title: str, text: str) -> int:
    """Which of the two registers a post is written in; title and text squeezed."""
    if channel in BOARD_CHANNELS or (not channel and title and len(text) >= _LETTER):
        return BOARD
    return OPEN


class Reader:
    """Reads posts. Holds the automaton of the lexicon; not changed by reading.

    `known` are the features that matter (a model's); None: all, as training needs.
    `prefilter=False` asks every text for its triggers: only to prove that the quick look for their
    letters loses nothing.
    """

    def __init__(self, known: Container[int] | None = None, prefilter: bool = True) -> None:
        self._prefilter = prefilter
        self._known = known
        self._find: Callable[..., Iterable[tuple[int, tuple[int, int, bool, Doubt | None]]]]
        words = concepts.words()
        self._numbers = list(dict.fromkeys(words.values()))
        place = {numbers: i for i, numbers in enumerate(self._numbers)}
        automaton: Any = ahocorasick.Automaton()
        # The automaton looks through a node's branches one by one, in the order they were added:
        # frequent letters first, those that begin no phrase too (with a word that no text holds).
        for phrase in sorted([*words, *(f"{c}\uffff" for c in _FREQUENT)], key=by_frequency):
            kind = place[words[phrase]] if phrase in words else 0
            told = {concepts.NAMES[n] for n in words.get(phrase, ())}
            deniable = not told.isdisjoint(concepts.DENIABLE)
            automaton.add_word(phrase, (len(phrase), kind, deniable, _doubt(phrase, told)))
        automaton.make_automaton()
        self._find = automaton.iter
        self._title_facts = {ns: self._that_matter(ns) for ns in self._numbers}
        self._near_facts = [self._that_matter([_NEAR + n for n in ns]) for ns in self._numbers]
        self._wide_facts = [self._that_matter([_WIDE + n for n in ns]) for ns in self._numbers]
        self._rows: list[list[tuple[int, ...]] | None] = [None] * len(self._numbers)

    def _that_matter(self, facts: Iterable[int]) -> tuple[int, ...]:
        known = self._known
        return tuple(f for f in facts if known is None or f in known)

    def read(self, post: Squeezed, channel: str | None) -> FeatureReading | None:
        """The post as features; None when nothing in it speaks of electricity."""
        may_say, may_hint = _hinted(post) if self._prefilter else (True, True)
        if not may_hint and channel not in _ALWAYS_READ:
            return None
        body = post.text[post.boundary + 1 :]
        head = post.text[: min(post.boundary, TITLE_LIMIT)]
        triggers = [m.span() for m in TRIGGER.finditer(body)] if may_say else []
        head_triggers = [m.span() for m in TRIGGER.finditer(head)] if may_say and head else []
        is_plain = not triggers and not head_triggers
        if is_plain:
            head_triggers, triggers = plainly(post)
            head_triggers = [span for span in head_triggers if span[1] <= len(head)]
            if not triggers and not head_triggers:
                if channel not in _ALWAYS_READ:
                    return None
                triggers = [(0, min(len(body), WIDE))]  # an order that says nothing else
        size = len(body)
        if channel == "forum" and head_triggers and not triggers:
            triggers = [(0, min(size, WIDE))]  # an answer in a thread is about the thread's matter
        register = PLAIN if is_plain else register_of(channel, head, body)
        reach = NEAR[register]
        near = spread(triggers, reach, size)
        head_near = spread(head_triggers, reach, len(head)) if head_triggers else []
        wide = [(0, size)] if size <= 2 * WIDE else spread(triggers, WIDE, size)
        facts: list[int] = []
        spoken: list[Spoken] = []
        for start, end in wide:
            self._concepts(body, start, end, near, facts, spoken)
        head_spoken: list[Spoken] = []
        if head:
            self._concepts(head, 0, len(head), head_near, facts, head_spoken)
            for _, _, numbers, _ in head_spoken:
                facts += self._title_facts[numbers]
        if register == BOARD:
            form = _form(len(head) + size, len(triggers), wide, size, bool(head_near))
            facts += self._that_matter(form)
        if channel in _FORM_OF:
            facts += self._that_matter([_FORM_NUMBER["form_" + _FORM_OF[channel]]])
        if channel in _BOOK_OF:
            facts += self._that_matter([_FORM_NUMBER["book_" + _BOOK_OF[channel]]])
        facts += self._that_matter(_manner(body))
        return FeatureReading(
            register, head, body, head_near, near, head_spoken, spoken, set(facts)
        )

    def _row(self, kind: int) -> list[tuple[int, ...]]:
        """The pair features of one kind of phrase with every other, made when first met."""
        row = self._rows[kind]
        if row is None:
            numbers = self._numbers
            row = [self._that_matter(_pair(other, numbers[kind])) for other in numbers]
            self._rows[kind] = row
        return row

    def _concepts(
        self,
        text: str,
        start: int,
        end: int,
        near: list[tuple[int, int]],
        facts: list[int],
        spoken: list[Spoken],
    ) -> None:
        """Adds the concepts of a stretch, those near a trigger, and the pairs within reach."""
        numbers, wide_facts, near_facts = self._numbers, self._wide_facts, self._near_facts
        say, add, denials = spoken.append, facts.extend, misread.BEFORE
        lasts: list[int] = []
        kinds: list[int] = []
        first = 0
        a, b = near[0] if near else (end, end)
        at = 1
        for last, (length, kind, deniable, doubt) in self._find(text, start, end):
            begin = last - length + 1
            if (doubt is not None or (deniable and text[begin - 1] in denials)) and _misreads(
                text, begin, last + 1, deniable, doubt
            ):
                continue
            add(wide_facts[kind])
            while last >= b and at < len(near):
                a, b = near[at]
                at += 1
            close = a <= begin and last < b
            if close:
                add(near_facts[kind])
            say((begin, last + 1, numbers[kind], close))
            reached = last - PAIR_REACH
            while first < len(lasts) and lasts[first] < reached:
                first += 1
            row = self._rows[kind] or self._row(kind)
            add(chain.from_iterable(map(row.__getitem__, kinds[first:])))
            lasts.append(last)
            kinds.append(kind)


_SAYS, _HINTS_AT = 1, 2
# What a pair of letters may begin: a trigger word without 电, or a plain sign.
_HINTS = np.where(pair_table(OTHERS), np.uint8(_SAYS), np.uint8(_HINTS_AT) * pair_table(SIGNS))


def _hinted(post: Squeezed) -> tuple[bool, bool]:
    """Whether a text may hold a trigger, and a plain sign. Most of what people write may not."""
    if LETTER in post.text:
        return True, True
    hits = _HINTS.take(post.hashes).tobytes()
    if hits.find(_SAYS) >= 0:
        return True, True
    at = hits.find(_HINTS_AT)
    while at >= 0 and post.text[at : at + 2] not in SIGN_PAIRS:  # another pair of that number
        at = hits.find(_HINTS_AT, at + 1)
    return False, at >= 0


def _pair(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_PAIR + min(a, b) * _COUNT + max(a, b) for a in first for b in second if a != b)


def _manner(body: str) -> list[int]:
    """Does it begin or end as an office answers, or begin as a citizen writes?"""
    found = []
    if _REPLY_OPENING.search(body, 0, _EDGE):
        found.append(_FORM_NUMBER["reply_opening"])
    if _REPLY_CLOSING.search(body, max(len(body) - _EDGE, 0)):
        found.append(_FORM_NUMBER["reply_closing"])
    if _LETTER_OPENING.search(body, 0, _EDGE):
        found.append(_FORM_NUMBER["letter_opening"])
    return found


def _form(
    length: int, triggers: int, wide: list[tuple[int, int]], size: int, in_title: bool
) -> list[int]:
    long = next((i for i, limit in enumerate(_LENGTHS) if length <= limit), 9)
    covered = sum(b - a for a, b in wide) * 499 // (100 * max(size, 1))
    forms = [
        _FORM_NUMBER[f"length{long}"],
        _FORM_NUMBER[f"triggers{min(triggers, 6)}"],
        _FORM_NUMBER[f"covered{covered}"],
        _FORM_NUMBER[f"density{min(triggers * 100 // max(length, 1), 6)}"],
    ]
    if in_title:
        forms.append(_FORM_NUMBER["in_title"])
    return forms


__all__ = [
    "BOARD",
    "GIVEN",
    "MANNERS",
    "OPEN",
    "PLAIN",
    "REGISTERS",
    "FeatureReading",
    "Reader",
    "concepts_of",
]
