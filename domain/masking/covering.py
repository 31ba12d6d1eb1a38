"""Covering rules: a pattern over plain text, and which part of each match is to be covered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]
Accept = Callable[[re.Match[str]], list[Span]]

# What people put between the digits of a number; \x01 stands for a character nobody sees.
GAP = r"[\s._\-·\u20e3\x01]"
# Words that begin like a unit and are none: 家里, 天天, 户主, a座.
_WORD_BEHIND = (
    r"户(?:主(?![变要])|名(?![单])|号|籍)|家(?:里|中|住|属|人)|天天|天气|个人|点我|点了|月底|月初|年年|年底|日夜|日子|"
    r"万分|千万(?![千瓦伏度元户])|次次|台区|元旦|分机|周围|周边|时候|几天|几年|几个月|米先生|层楼|公里村|"
    r"只有|只要|只能|条件|口子|度日|[vw]信|[vw]x|a座"
)
# A number that counts or measures is no room and no telephone: 220V, 300户, 2026年, 1.2万千瓦时.
NO_UNIT = (
    rf"(?:(?=\s?(?:{_WORD_BEHIND}))|"
    r"(?!\s?[多余来几]?(?:[千万亿]|k?(?:v|w|va|wh|hz|a)(?![a-z])|m(?:w|va|hz|pa|m)?(?![a-z])"
    r"|[伏瓦安赫元块角分度户人口天年月日时点秒周次个台只家条根米公里亩平方间套层级岁倍%℃吨斤名位])))"
    r"(?!\.\d)(?![./\-]\d{1,2}[./\-]\d)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What `accept` gives of a match is covered (nothing: no match); without it, its groups."""

    pattern: re.Pattern[str]
    accept: Accept | None = None

    def spans(self, text: str) -> Iterator[Span]:
        """Where to cover. After a refused match the search goes on at its second character."""
        position = 0
        while (match := self.pattern.search(text, position)) is not None:
            found = self.accept(match) if self.accept else groups(match)
            yield from found
            position = match.end() if found else match.start() + 1


@dataclass(frozen=True, slots=True)
class CoverRules:
    """Rules that share something cheap to look for: where `gate` is not found, none can match."""

    gate: re.Pattern[str]
    rules: tuple[Rule, ...]

    def spans(self, text: str) -> Iterator[Span]:
        if self.gate.search(text):
            for one in self.rules:
                yield from one.spans(text)


def rules(gate: str, *of: Rule) -> CoverRules:
    return CoverRules(re.compile(gate, re.IGNORECASE), of)


def rule(pattern: str, accept: Accept | None = None) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), accept)


def groups(match: re.Match[str]) -> list[Span]:
    """The spans of the groups that took part."""
    return [match.span(n) for n in range(1, match.re.groups + 1) if match.end(n) > match.start(n)]


def between(match: re.Match[str], head: int, tail: int) -> list[Span]:
    """From behind the first `head` digits of the match to before its last `tail` ones."""
    places = [match.start() + at for at, c in enumerate(match[0]) if c.isalnum()]
    return [(places[head - 1] + 1 if head else places[0], places[-tail] if tail else match.end())]


def opens_with_date(digits: str) -> bool:
    """20261127…: a day of our times, as ticket numbers and stamps begin."""
    return bool(_DATE.match(digits))


_DATE = re.compile(r"(?:19[89]|20[0-3])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
