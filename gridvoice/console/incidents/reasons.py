"""Why an incident was flagged: the reasons of its posts, each once, the weightiest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.pages.incident import Grounds
from domain.assessments import Reason
from domain.masking.mask import mask
from gridvoice.console.shared.highlights import quoted

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


def rule_title(rule: str) -> str:
    """What people call a rule: the last part of its name."""
    return rule.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


def weigh(posts: Sequence[Grounds]) -> list[Weighed]:
    """What decided about all these posts together."""
    weights: dict[tuple[str, str], float] = {}
    quotes: dict[tuple[str, str], str] = {}
    seen: dict[tuple[str, str], int] = {}
    for post in posts:
        met = set()
        for reason in post.reasons:
            what, quote = rule_title(reason.rule), _quote(post, reason)
            # Reach and the like have a figure, not a phrase: one line a rule, the most of it.
            key = (what, quote if reason.field else "")
            if abs(reason.weight) > abs(weights.get(key, 0.0)):
                weights[key] = reason.weight
                quotes[key] = f"「{quote}」" if reason.field else quote
            met.add(key)
        for key in met:
            seen[key] = seen.get(key, 0) + 1
    order = sorted(weights, key=lambda k: (-abs(weights[k]), -seen[k], k))[:_SHOWN]
    most = max((abs(weights[k]) for k in order), default=1.0) or 1.0
    return [
        Weighed(
            what=key[0],
            quote=quotes[key],
            where=f"{seen[key]} 条帖文",
            weight=weights[key],
            bar=max(2, round(_BAR * abs(weights[key]) / most)),
        )
        for key in order
    ]


def _quote(post: Grounds, reason: Reason) -> str:
    """The phrase as its masked text shows it: it may be part of somebody's number or name."""
    text = reason.text
    if reason.field in ("title", "text"):
        source = post.title if reason.field == "title" else post.text
        text = quoted(source, reason.start, reason.end)
    return " ".join(mask(text).split())
