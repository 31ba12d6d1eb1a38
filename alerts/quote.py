"""What is quoted of public posts: the phrases that decided and the sentence around them, masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.fit import clean, clip
from domain.masking import mask
from domain.model import Reason

# Masking looks at whole numbers: text is masked before it is cut, but no more than can be shown.
_READ = 4000
_CLAUSE = re.compile(r"[。！？；，!?;,]\s*")


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
    """About `limit` characters of the post: the stretch whose phrases weigh most together."""
    text = shown(post.text) or shown(post.title)
    if len(text) <= limit:
        return text
    spots: dict[str, tuple[int, int, float]] = {}
    for reason in post.reasons:
        phrase = clean(reason.text)
        at = text.find(phrase) if phrase and reason.weight > 0 else -1
        if at >= 0:
            spots[phrase] = (at, at + len(phrase), reason.weight)
    start = _opening(text, list(spots.values()), limit - 2)
    if start:
        return "…" + clip(text[start:], limit - 1)
    return clip(text, limit)


def _opening(text: str, spots: Sequence[tuple[int, int, float]], room: int) -> int:
    """The clause to begin with; the earliest of those that show as much."""
    begins = [0, *(match.end() for match in _CLAUSE.finditer(text))]
    # A phrase in a clause longer than the room still has to be shown.
    begins.extend(max(0, at - room // 3) for at, _, _ in spots)
    shows = {b: sum(w for at, end, w in spots if b <= at and end <= b + room) for b in begins}
    return min(shows, key=lambda b: (-shows[b], b))
