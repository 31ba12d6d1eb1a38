"""What an incident remembers of its posts: what it is known again by, and what rating it needs.

Both are kept as JSON of bounded size (some 3 and 1 KB), so that no post is read again. What it may
share with a post, `keys`, is what the store's index of incidents holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from pipeline.incidents.post import PostFacts
from pipeline.incidents.proximity import PlaceKeys, called_by, may_call
from pipeline.incidents.quoting import sayings
from pipeline.incidents.running_facts import RunningFacts
from pipeline.incidents.similarity import Wording

_TERMS = 96
_NAMES = 24
_HASHES = 64
_SAYINGS = 64
_WRITERS = 32
_ASKED = 48  # the terms that a post asks by: those that tell most
_TELLING = 32  # the terms of an incident that it is looked up by; its rarest and most repeated ones
_EXACT = ("sites", "names", "roads")


@dataclass(frozen=True, slots=True)
class Likeness:
    """What an incident is known again by: the mean wording of its posts, their texts and places,
    their writers, and what may be passed on of them."""

    posts: int = 0
    wording: Wording = field(default_factory=lambda: Wording({}, 0.0))
    hashes: tuple[str, ...] = ()
    places: PlaceKeys = field(default_factory=PlaceKeys)
    sayings: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()

    def with_post(self, post: PostFacts) -> Likeness:
        """The likeness with a post more."""
        count = self.posts + 1
        mixed = {t: weight * (count - 1) / count for t, weight in self.wording.terms.items()}
        for term, weight in post.wording.terms.items():
            mixed[term] = mixed.get(term, 0.0) + weight / count
        kept = _heaviest(mixed)[:_TERMS]
        return Likeness(
            posts=count,
            wording=Wording.of({term: round(weight, 3) for term, weight in kept}),
            hashes=(*(h for h in self.hashes if h != post.hash), post.hash)[-_HASHES:],
            places=self.places.joined(post.places, _NAMES),
            sayings=tuple(dict.fromkeys((*self.sayings, *sayings(post.squeezed))))[-_SAYINGS:],
            writers=tuple(dict.fromkeys((*self.writers, *filter(None, [post.writer]))))[-_WRITERS:],
        )

    def keys(self) -> frozenset[str]:
        """What a post may share with it."""
        places, near = self.places, _near(sited=bool(self.places.sites))
        telling = _heaviest(self.wording.terms)[:_TELLING]
        return frozenset(
            [f"#{text_hash}" for text_hash in self.hashes]
            + [f"said:{words}" for words in self.sayings]
            + [f"by:{writer}" for writer in self.writers]
            + [f"{kind}:{value}" for kind in _EXACT for value in getattr(places, kind)]
            + [f"{near}town:{value}" for value in places.towns]
            + [f"{near}stem:{called_by(stem)}" for stem in places.stems]
            + [f"{near}{term}" for term, _ in telling]
        )

    def to_json(self) -> dict[str, Any]:
        """As it is stored. Terms of one weight are one text: it is read in a third of the time."""
        by_weight = groupby(_heaviest(self.wording.terms), key=itemgetter(1))
        return {
            "posts": self.posts,
            "terms": [" ".join([str(w), *(term for term, _ in some)]) for w, some in by_weight],
            "hashes": list(self.hashes),
            "places": self.places.to_profile(),
            "sayings": list(self.sayings),
            "writers": list(self.writers),
        }

    @classmethod
    def read(cls, written: str) -> Likeness:
        """Back from what was stored. Raises what broken JSON raises."""
        return Outline.read(written).filled()


def _heaviest(terms: Mapping[str, float]) -> list[tuple[str, float]]:
    """The terms with their weights, the heaviest first, equal ones by their spelling."""
    return sorted(sorted(terms.items()), key=itemgetter(1), reverse=True)


@dataclass(frozen=True, slots=True)
class Outline:
    """A likeness of which the wording, the most of it, is not read yet."""

    hashes: tuple[str, ...]
    places: PlaceKeys
    sayings: tuple[str, ...]
    stored: Mapping[str, Any]

    @classmethod
    def read(cls, written: str) -> Outline:
        """From what was stored. Raises what broken JSON raises."""
        stored = json.loads(written)
        places = PlaceKeys.from_profile(stored["places"])
        return cls(tuple(stored["hashes"]), places, tuple(stored.get("sayings", ())), stored)

    def filled(self) -> Likeness:
        """The whole. Raises what broken JSON raises."""
        weighed: dict[str, float] = {}
        for some in self.stored["terms"]:
            weight, *terms = some.split()
            weighed.update(dict.fromkeys(terms, float(weight)))
        return Likeness(
            int(self.stored["posts"]), Wording.of(weighed), self.hashes, self.places, self.sayings,
            tuple(self.stored.get("writers", ())),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a post may share with incidents, by how much of it makes one worth comparing.

    `text`: the same words. `exact`: any one of them is enough. `towns`: the newest incidents of a
    town. `terms`: several of them together.
    """

    text: str
    exact: tuple[str, ...]
    towns: tuple[str, ...]
    terms: tuple[str, ...]

    @classmethod
    def of(cls, post: PostFacts, neighbours: bool = False) -> Asked:
        """`neighbours`: also by the other villages of its towns, as what bursts is told by them."""
        places, terms = post.places, tuple(post.wording.terms)
        # The order of the text breaks ties.
        telling = sorted(terms, key=post.wording.terms.__getitem__, reverse=True)[:_ASKED]
        # Two villages are two matters, whatever words they share: who names one asks for no other.
        near = (False,) if places.sites else (False, True)
        called = {s: may_call(post.squeezed.text, places, s) for s in near}
        return cls(
            text=f"#{post.hash}",
            exact=(
                *[f"{kind}:{value}" for kind in _EXACT for value in getattr(places, kind)],
                *[f"said:{words}" for words in sorted(post.quotes)],
                *([f"by:{post.writer}"] if post.writer else []),
                *[f"{_near(sited)}stem:{name}" for sited in near for name in called[sited]],
            ),
            towns=tuple(
                [
                    f"{_near(sited)}town:{town}"
                    for sited in ((False, True) if neighbours else near)
                    for town in places.towns
                ]
            ),
            terms=tuple([f"{_near(s)}{term}" for s in near for term in telling]),
        )


def _near(sited: bool) -> str:
    """Whatever is no site is told apart by whether the incident has one."""
    return "@" if sited else ""


@dataclass(frozen=True, slots=True)
class Profile:
    """All that an incident remembers."""

    likeness: Likeness = field(default_factory=Likeness)
    facts: RunningFacts = field(default_factory=RunningFacts)


def facts_written(facts: RunningFacts) -> dict[str, Any]:
    """As an incident stores them."""
    return {"facts": facts.to_json()}


def facts_of(stored: Any) -> RunningFacts:
    """Of what an incident stores what rating asks for. Raises what broken JSON raises."""
    return RunningFacts.from_json(stored.get("facts"))


def voices_of(stored: Any, posts: int) -> int:
    """How many of an incident's posts count for growth; all, where its memory is broken."""
    try:
        return facts_of(stored).voices(posts)
    except Exception:  # whatever broken JSON raises: people act on the incident all the same
        return posts
