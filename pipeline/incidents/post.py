"""A assessed post as incidents take it: what it says, where, when, and what it is compared by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.assessments import Assessment, PostRole, Reason
from pipeline.incidents.proximity import PlaceKeys, place_keys
from pipeline.incidents.similarity import Wording, coded_regions, local_names, terms
from pipeline.text.normalise import Squeezed


@dataclass(frozen=True, slots=True)
class PostFacts:
    """All of a post that grouping asks for; computed once, from the text that assess squeezed.

    `at` is when it happened, `first_seen` when we knew of it. `dated`: its time can be believed;
    one that is shown and cannot be read is no reason to take an old post for news. `copy`: the same
    words were posted before. `said` tells who said what (source, writer and text, hashed).
    `quotes`: what it passes on of another post (`quoting`). `writer`: who wrote it, hashed; empty
    where nobody knows.
    """

    squeezed: Squeezed
    assessment: Assessment
    at: datetime
    first_seen: datetime
    hash: str
    channel: str
    said: str
    wording: Wording
    places: PlaceKeys
    published_at: datetime | None = None
    dated: bool = True
    copy: bool = False
    engagement: Mapping[str, int] | None = None
    post_id: int = 0
    url: str | None = None
    quotes: frozenset[str] = frozenset()
    writer: str = ""

    @property
    def title(self) -> str:
        return self.squeezed.original[0]

    @property
    def text(self) -> str:
        return self.squeezed.original[1]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.assessment.reasons

    @property
    def role(self) -> PostRole:
        """What it is to its matter, as it was assessed."""
        return self.assessment.role or PostRole.NEWS

    def is_fresh(self, now: datetime, fresh_for: timedelta) -> bool:
        """Whether it is news, not history. A time too old to be believed is old."""
        if self.published_at is None and not self.dated:
            return False
        # A clock that was days ahead when the post was first seen must not make it old.
        seen = min(self.first_seen, now)
        return seen - (self.published_at or self.at) <= fresh_for


def wording_of(text: Squeezed) -> Wording:
    """What a post is told in."""
    return Wording.of(terms(text))


def places_of(text: Squeezed, assessment: Assessment) -> PlaceKeys:
    """Where a post plays: the places located, the local names and coded regions read."""
    return place_keys(assessment.places, local_names(text), coded_regions(text))


def said_by(source: str, author_hash: str | None, text_hash: str) -> str:
    """Who said what, in a few characters."""
    words = f"{source}\n{author_hash or ''}\n{text_hash}"
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def writer_of(source: str, author_hash: str | None) -> str:
    """Who wrote in a source, in a few characters; empty where nobody knows."""
    return (
        hashlib.sha256(f"{source}\n{author_hash}".encode()).hexdigest()[:12] if author_hash else ""
    )
