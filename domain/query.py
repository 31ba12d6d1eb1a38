"""The query language: words that must all stand in a post, quoted phrases kept whole.

White space between words means AND; a word is an exact substring of the folded title or the folded
text, of any length. No phrase crosses from title to text.
"""

from __future__ import annotations

import re
from typing import Any

from domain.text import Folded, fold, fold_with_offsets

_PARTS = re.compile(r'"([^"]*)"|“([^”]*)”|([^\s"“]+)')


class BadQuery(ValueError):
    """A query that cannot be read; the text says where and what would be right."""


def parse(query: str) -> tuple[str, ...]:
    """The folded words of a query, in its order. Raises BadQuery."""
    if query.count('"') % 2 or query.count("“") != query.count("”"):
        raise BadQuery(f"检索式 {query!r} 的引号不成对")
    words: list[str] = []
    for quoted, chinese, plain in _PARTS.findall(query):
        word = fold(quoted or chinese or plain).strip()
        if word:
            words.append(word)
    if not words:
        raise BadQuery('检索式为空; 例: 停电 投诉, 或 "低电压 三个月"')
    return tuple(dict.fromkeys(words))


def spans(words: tuple[str, ...], title: str, text: str) -> list[dict[str, Any]]:
    """Where the words stand: {"field", "start", "end"} in code points of the original."""
    found: list[dict[str, Any]] = []
    for field, original in (("title", title), ("text", text)):
        folded = fold_with_offsets(original)
        for start, end in sorted(_places(words, folded)):
            found.append({"field": field, "start": start, "end": end})
    return found


def _places(words: tuple[str, ...], folded: Folded) -> set[tuple[int, int]]:
    places: set[tuple[int, int]] = set()
    for word in words:
        at = folded.text.find(word)
        while at >= 0:
            places.add(folded.span(at, at + len(word)))
            at = folded.text.find(word, at + len(word))
    return places
