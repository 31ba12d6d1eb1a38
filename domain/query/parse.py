"""The query language: words that must all stand in a post, quoted phrases kept whole.

White space between words means AND; a word is an exact substring of the folded title or the folded
text, of any length. No phrase crosses from title to text. A word after ~ stands for itself and all
that means the same; anything else is a letter like others, - and OR too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.query.spelling import searchable
from domain.query.tree import And, Or, Query, Words

_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: the store has U+FFFD for it
_PARTS = re.compile(r'"([^"]*)"|“([^”]*)”|([^\s"“]+)')


class BadQuery(ValueError):
    """A query that cannot be read; the text says where and what would be right."""


_ALIKE = ("~", "～")


def parse(query: str, synonyms: Iterable[Iterable[str]] = ()) -> Query:
    """The tree of a query, its words in order; each of `synonyms` is a group of words that mean the
    same. Raises BadQuery."""
    if query.count('"') % 2 or query.count("“") != query.count("”"):
        raise BadQuery(f"检索式 {query!r} 的引号不成对")
    alike = [[searchable(word) for word in group] for group in synonyms]
    words: list[Query] = []
    for quoted, chinese, plain in _PARTS.findall(_HALF.sub("\ufffd", query)):
        word = searchable(quoted or chinese or plain).strip()
        if plain.startswith(_ALIKE) and len(word) > 1:
            words.append(_any_alike(word[1:], alike))
        elif word:
            words.append(Words(word))
    if not words:
        raise BadQuery('检索式为空; 例: 停电 投诉, 或 "低电压 三个月"')
    return And(tuple(dict.fromkeys(words)))


def _any_alike(word: str, groups: Iterable[Iterable[str]]) -> Query:
    found = [word, *(other for group in groups if word in group for other in group)]
    return Or(tuple(Words(one) for one in dict.fromkeys(found)))
