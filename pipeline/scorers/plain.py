"""Where a text speaks of supply without its words: what went dark, stood still, burnt or hangs.

又停了，冰箱里的菜全坏了 holds no word of electricity. A sign (`plain.txt`) counts where one of its
companions stands within reach; what the two are said of is the model's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.text.normalise import PAIR_HASHES, Squeezed, pair_hashes

_REACH = 18  # characters between a sign and its companion
_MOST = 40  # bounds the cost on texts that are nothing but signs

Rule = dict[str, list[str]]  # the words of `sign`, `beside`, `not-after` and `not-before`


def _read(text: str) -> list[Rule]:
    rules: list[Rule] = []
    for block in text.split("\n\n"):
        rule: Rule = {"sign": [], "beside": [], "not-after": [], "not-before": []}
        for line in block.splitlines():
            kind, *words = line.split()
            if kind != "#":
                rule[kind] += words
        if rule["sign"]:
            rules.append(rule)
    return rules


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


RULES = _read(Path(__file__).with_name("plain.txt").read_text(encoding="utf-8"))
_BESIDE = [re.compile(_any_of(r["beside"])) if r["beside"] else None for r in RULES]
_NOT_AFTER = [frozenset(rule["not-after"]) for rule in RULES]
_NOT_BEFORE = [frozenset(rule["not-before"]) for rule in RULES]
SIGNS = {word: number for number, rule in enumerate(RULES) for word in rule["sign"]}
SIGN_PAIRS = frozenset(word[:2] for word in SIGNS)  # how they begin
_LENGTHS: dict[str, tuple[int, ...]] = {
    pair: tuple(sorted({len(w) for w in SIGNS if w.startswith(pair)}, reverse=True))
    for pair in SIGN_PAIRS
}


def pair_table(words: Iterable[str]) -> NDArray[np.uint8]:
    """1 at the number of each word's first two characters, 0 elsewhere."""
    table = np.zeros(PAIR_HASHES, dtype=np.uint8)
    table[pair_hashes(sorted({word[:2] for word in words}))] = 1
    return table


_TABLE = pair_table(SIGNS)


def _signs(text: str, hits: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end and rule of the longest sign at each place: hardly ever any, so asked by bytes."""
    start = hits.find(1)
    while start >= 0:
        for length in _LENGTHS.get(text[start : start + 2], ()):
            rule = SIGNS.get(text[start : start + length])
            if rule is not None:
                yield start, start + length, rule
                break
        start = hits.find(1, start + 1)


def plainly(post: Squeezed) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the title and where the text tell of supply without its words, in order."""
    hits = _TABLE.take(post.hashes).tobytes()
    if hits.find(1) < 0:
        return [], []
    text, body = post.text, post.boundary + 1
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
    for start, end, rule in _signs(text, hits):
        first, last = (0, post.boundary) if start < body else (body, len(text))
        if start > first and text[start - 1] in _NOT_AFTER[rule]:
            continue
        if text[end : end + 1] in _NOT_BEFORE[rule]:
            continue
        if (companions := _BESIDE[rule]) is not None:
            beside = companions.search(text, max(start - _REACH, first), min(end + _REACH, last))
            if beside is None:
                continue
            start, end = min(start, beside.start()), max(end, beside.end())
        spans = found[first > 0]
        spans.append((start - first, end - first))
        if len(spans) > _MOST:
            break
    return sorted(found[0]), sorted(found[1])
