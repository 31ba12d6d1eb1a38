"""What is quoted of public posts: the grounds that decided and the sentence around them, masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from alerts.notice.clip import clip
from alerts.notice.escape import clean
from domain.assessments import Category, Reason
from domain.masking.mask import mask

# Masking looks at whole numbers: text is masked before it is cut, but no more than can be shown.
_READ = 4000
_LONG_COVER = re.compile(r"\*{5,}")
_CLAUSE = re.compile(r"[。！？；，!?;,]\s*")


class PublicPost(Protocol):
    """A post of the incident as it was stored, not yet masked, with its assessment's reasons."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def published_at(self) -> datetime | None: ...
    @property
    def reasons(self) -> tuple[Reason, ...]: ...


def shown(text: str) -> str:
    """One masked line of public text. How long a covered number was takes no room of a message."""
    return _LONG_COVER.sub("****", mask(clean(text[:_READ])))


def grounds(posts: Sequence[PublicPost], limit: int = 8) -> list[str]:
    """Why the incident was flagged, weightiest first: `家有用氧病人“制氧机”`, `语气强烈`.

    One ground a phrase, and none whose phrase lies inside another's. A phrase that masking would
    touch is left out: it may be part of a number. The category stands in the heading already.
    """
    best: dict[tuple[str, str], float] = {}
    for post in posts:
        visible = shown(post.title) + "\n" + shown(post.text)
        for reason in post.reasons:
            phrase = clean(reason.text)
            if reason.field and (
                len(phrase) < 2 or phrase not in visible or mask(phrase) != phrase
            ):
                continue
            if reason.weight > 0 and not any(c.label in reason.rule for c in Category):
                key = (_title(reason), phrase if reason.field else "")
                best[key] = max(best.get(key, 0.0), reason.weight)
    chosen: list[tuple[str, str]] = []
    for title, phrase in sorted(best, key=lambda k: (-best[k], k)):
        known = any(phrase in other or other in phrase for _, other in chosen if other)
        if (phrase and not known) or (title and not phrase):
            chosen.append((title, phrase))
    # What speaks of the whole post (tone, speed) comes after what can be quoted.
    chosen.sort(key=lambda k: not k[1])
    return [f"{t}“{clip(p, 16)}”" if p else t for t, p in chosen[:limit]]


def _title(reason: Reason) -> str:
    """A rule's Chinese title; the names of a model's features are not for people."""
    rule = clip(clean(reason.rule), 16)
    title = rule if "\u4e00" <= rule[:1] <= "\u9fff" else ""
    if reason.field or not title or not reason.text.strip():
        return title
    return f"{title}（{clip(clean(mask(reason.text)), 16)}）"


def excerpt(post: PublicPost, limit: int) -> str:
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
