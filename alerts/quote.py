"""What is quoted of public posts: the phrases that decided and the sentence around them, masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.fit import clean, clip
from domain.masking import mask
from domain.model import Reason

# Masking looks at whole numbers: text is masked before it is cut, but no more than can be shown.
_READ = 4000


@dataclass(frozen=True, slots=True)
class QuotedPost:
    """A post of the incident as it was stored (not yet masked), with its assessment's reasons."""

    title: str
    text: str
    channel: str
    url: str | None
    published_at: datetime | None
    reasons: tuple[Reason, ...] = ()


def shown(text: str) -> str:
    """One masked line of public text."""
    return mask(clean(text[:_READ]))


def phrases(posts: Sequence[QuotedPost], limit: int = 8) -> list[str]:
    """Why the incident was flagged: the phrases with the greatest weight, none inside another.

    A phrase that masking would touch is left out: it may be part of a number.
    """
    weights: dict[str, float] = {}
    for post in posts:
        visible = shown(post.title) + "\n" + shown(post.text)
        for reason in post.reasons:
            phrase = clean(reason.text)
            known = reason.field == "" or phrase in visible
            if reason.weight > 0 and len(phrase) > 1 and known and mask(phrase) == phrase:
                weights[phrase] = max(weights.get(phrase, 0.0), reason.weight)
    chosen: list[str] = []
    for phrase in sorted(weights, key=lambda p: (-weights[p], p)):
        if not any(phrase in other or other in phrase for other in chosen):
            chosen.append(phrase)
    return chosen[:limit]


def excerpt(post: QuotedPost, limit: int) -> str:
    """About `limit` characters of the post, from where its weightiest phrase stands."""
    text = shown(post.text) or shown(post.title)
    if len(text) <= limit:
        return text
    weighty = sorted((r for r in post.reasons if r.field == "text"), key=lambda r: -r.weight)
    places = [text.find(clean(r.text)) for r in weighty if r.weight > 0]
    at = next((place for place in places if place >= 0), 0)
    start = max(0, min(at - limit // 3, len(text) - limit))
    if start:
        return "…" + clip(text[start:], limit - 1)
    return clip(text, limit)
