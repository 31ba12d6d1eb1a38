"""Why an incident was flagged: the reasons of its posts, each once, the weightiest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.masking import mask

_SHOWN = 12
_BAR = 60  # width of the longest bar, as in incident.html


@dataclass(frozen=True, slots=True)
class Weighed:
    """判定依据: one rule with its phrase. `bar` is its length beside the weightiest."""

    what: str
    quote: str
    where: str
    weight: float
    bar: int


def rule_title(rule: str, titles: Mapping[str, str]) -> str:
    """What people call a rule; an untitled one shows the last part of its name."""
    return titles.get(rule) or rule.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


def weigh(posts: Sequence[Sequence[Mapping[str, Any]]], titles: Mapping[str, str]) -> list[Weighed]:
    """`posts`: the stored reasons of each post."""
    weights: dict[tuple[str, str], float] = {}
    seen: dict[tuple[str, str], int] = {}
    for reasons in posts:
        met = set()
        for reason in reasons:
            key = (rule_title(reason["rule"], titles), mask(reason["text"]).strip())
            if abs(reason["weight"]) > abs(weights.get(key, 0.0)):
                weights[key] = reason["weight"]
            met.add(key)
        for key in met:
            seen[key] = seen.get(key, 0) + 1
    order = sorted(weights, key=lambda k: (-abs(weights[k]), -seen[k], k))[:_SHOWN]
    most = max((abs(weights[k]) for k in order), default=1.0) or 1.0
    return [
        Weighed(
            what=what,
            quote=quote if quote != what else "",
            where=f"{seen[what, quote]} 条帖文",
            weight=weights[what, quote],
            bar=max(2, round(_BAR * abs(weights[what, quote]) / most)),
        )
        for what, quote in order
    ]
