"""Why an incident was flagged: the reasons of its posts, each once, the weightiest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from domain.masking import mask
from gridvoice.console.marks import Span, marked

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


def weigh(posts: Sequence[Row[Any]], titles: Mapping[str, str]) -> list[Weighed]:
    """`posts`: (title, text, reasons) of each post, as stored."""
    weights: dict[tuple[str, str], float] = {}
    seen: dict[tuple[str, str], int] = {}
    for post in posts:
        met = set()
        for reason in post.reasons:
            key = (rule_title(reason["rule"], titles), _quote(post, reason))
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


def _quote(post: Row[Any], reason: Mapping[str, Any]) -> str:
    """The phrase as its masked text shows it: one of digits may be part of somebody's number."""
    text = reason["text"]
    if reason["field"] in ("title", "text") and not text.isalpha():
        source = post.title if reason["field"] == "title" else post.text
        pieces = marked(source, [Span(reason["start"], reason["end"], "reason", "")])
        text = "".join(piece.text for piece in pieces if piece.kind)
    return " ".join(mask(text).split())
