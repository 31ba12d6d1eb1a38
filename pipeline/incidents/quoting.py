"""Who repeats whom: a repost carries the words of the post that it passes on (//@name: words).

What a post may be known again by are the ends of its first clauses: whoever passes it on may cut it
short at either end. Clauses of common words (谢谢您的支持) tell nothing.
"""

from __future__ import annotations

import re

from pipeline.text.normalise import Squeezed
from pipeline.text.pairs import RAREST, common_pairs

_CLAUSE = re.compile(r"[一-鿿a-z0-9]+")
_PASSED_ON = re.compile(r"//@[^:]{1,30}:([^\n]+)")
_KEPT_CLAUSES = 4
_END = 5  # characters
_TELLING = 5.0  # mean weight of their pairs
_MOST = 24


def sayings(post: Squeezed) -> tuple[str, ...]:
    """What the post may be known again by where it is passed on."""
    title, text = post.text[: post.boundary], post.text[post.boundary + 1 :]
    own = _PASSED_ON.sub("", text)
    return _ends([*_CLAUSE.findall(title), *_CLAUSE.findall(own)[:_KEPT_CLAUSES]])


def quotes(post: Squeezed) -> frozenset[str]:
    """The same of the words that it passes on."""
    passed = _PASSED_ON.findall(post.text)
    return frozenset(_ends([clause for one in passed for clause in _CLAUSE.findall(one)]))


def _ends(clauses: list[str]) -> tuple[str, ...]:
    ends = (end for one in clauses if len(one) >= _END for end in (one[:_END], one[-_END:]))
    return tuple(dict.fromkeys(filter(_is_telling, ends)))[:_MOST]


def _is_telling(end: str) -> bool:
    common = common_pairs()
    weights = [common.get(end[at : at + 2], RAREST) for at in range(len(end) - 1)]
    return sum(weights) >= _TELLING * len(weights)
