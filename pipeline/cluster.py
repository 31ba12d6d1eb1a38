"""Cluster 归并: which incident a post joins, by place, category, time and wording.

Pure and incremental: an incident is known by its `Candidate` row and a small profile that grows
with its posts. Precision first: a wrong join hides a matter, a missed one costs a merge by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.model import Area, Category, Place
from pipeline.normalise import squeeze
from pipeline.place_relation import Nearness, PlaceKeys, nearness, place_keys
from pipeline.wording import Wording, coded_regions, local_names, terms

_PROFILE_TERMS = 96
_PROFILE_NAMES = 24
_PROFILE_HASHES = 64
_TELLING = 8  # pairs of characters that a text needs to be known again by its wording alone


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """config/incidents.yaml."""

    windows: dict[Category, timedelta]
    returns_within: timedelta
    returns_extra: float
    neighbours: tuple[tuple[Category, ...], ...]
    neighbour_extra: float
    site_other_category: float
    same_site: float
    mentioned_site: float
    same_town: float
    same_county: float
    no_place: float
    other_site: float
    other_category: float
    site_is_enough: tuple[Category, ...]
    town_is_enough_within: timedelta
    repost: float

    def problems(self) -> Iterator[tuple[str, str]]:
        for category in Category:
            if category not in self.windows:
                yield "windows", f"has no {category.value}"
        if not self.same_site <= self.same_town <= self.same_county <= self.no_place:
            yield "same_site", "must not be above same_town, same_county, no_place, in that order"

    def are_neighbours(self, one: Category, other: Category) -> bool:
        """Whether posts of these categories may be about one matter."""
        return any(one in pair and other in pair for pair in self.neighbours)


@dataclass(frozen=True, slots=True)
class Item:
    """A post to be placed. `places` as located: the one that locates the matter first."""

    category: Category | None
    area: Area
    places: tuple[Place, ...]
    event_at: datetime
    title: str
    text: str
    hash: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that a post may join."""

    incident_id: int
    category: Category | None
    area: Area
    place_code: str | None
    first_event_at: datetime
    last_event_at: datetime
    profile: Mapping[str, Any] = field(default_factory=dict)
    open: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a post goes: `candidate` to join, or None for a new incident.

    `reason` says why, in English, for the event log. `previous` is the old incident of the same
    matter where it lies too long ago to be joined.
    """

    candidate: Candidate | None
    reason: str
    similarity: float = 0.0
    previous: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What of an item is compared: computed once an item."""

    item: Item
    wording: Wording
    keys: PlaceKeys
    text: str  # squeezed; searched for the names of an incident's sites


def features(item: Item) -> Features:
    """The comparable side of an item."""
    post = squeeze(item.title, item.text)
    keys = place_keys(item.places, local_names(post), coded_regions(post))
    return Features(item, Wording.of(terms(post)), keys, post.text)


@dataclass(frozen=True, slots=True)
class Known:
    """An incident ready for comparing: its profile read once."""

    candidate: Candidate
    wording: Wording
    keys: PlaceKeys
    hashes: frozenset[str]

    @classmethod
    def of(cls, candidate: Candidate) -> Known:
        """The comparable side of an incident."""
        profile = candidate.profile
        return cls(
            candidate,
            Wording.of(profile.get("terms", {})),
            PlaceKeys.from_profile(profile.get("places", {})),
            frozenset(profile.get("hashes", ())),
        )


def choose(item: Item, candidates: Sequence[Candidate], settings: ClusterSettings) -> Choice:
    """The incident that the item joins, or none. Ties go to the more recent incident."""
    return best(features(item), candidates, settings)


def best(one: Features, candidates: Sequence[Candidate], settings: ClusterSettings) -> Choice:
    """As `choose`, for features already computed."""
    return best_known(one, map(Known.of, candidates), settings)


def best_known(one: Features, incidents: Iterable[Known], settings: ClusterSettings) -> Choice:
    """As `best`, for incidents already read."""
    joined: tuple[tuple[float, datetime], Choice] | None = None
    previous: tuple[float, Candidate] | None = None
    for known in incidents:
        candidate = known.candidate
        wording, needed, why = _compare(one, known, settings)
        if wording < needed:
            continue
        if _gap(one.item.event_at, candidate) > settings.returns_within:
            if previous is None or wording > previous[0]:
                previous = wording, candidate
            continue
        rank = wording - needed, candidate.last_event_at
        if joined is None or rank > joined[0]:
            joined = rank, Choice(candidate, why, round(wording, 3))
    if joined is not None:
        return joined[1]
    return Choice(None, "no incident of this matter", previous=previous[1] if previous else None)


def _compare(one: Features, known: Known, settings: ClusterSettings) -> tuple[float, float, str]:
    """(similarity, similarity needed, why) of an item and an incident."""
    item, candidate = one.item, known.candidate
    telling = len(one.wording.terms) >= _TELLING
    if telling and item.hash in known.hashes:
        return 1.0, 0.0, "same text"
    near = nearness(one.keys, one.text, known.keys)
    if near is Nearness.APART:
        # Before the wording: two villages that complain in the same words are two matters.
        return 0.0, 2.0, ""
    wording = one.wording.similarity(known.wording)
    if not telling and near in (Nearness.UNKNOWN, Nearness.COUNTY):
        return wording, 2.0, ""  # 又停电了 is written everywhere
    if wording >= settings.repost and near is not Nearness.OTHER_SITE:
        return wording, settings.repost, "nearly the same text"
    needed = {
        Nearness.SITE: settings.same_site,
        Nearness.MENTIONED: settings.mentioned_site,
        Nearness.TOWN: settings.same_town,
        Nearness.COUNTY: settings.same_county,
        Nearness.UNKNOWN: settings.no_place,
        Nearness.OTHER_SITE: settings.other_site,
    }[near]
    gap = _gap(item.event_at, candidate)
    category = item.category
    same = category is not None and category is candidate.category
    window = _window(category, settings)
    if same and gap <= window and category in settings.site_is_enough:
        soon = near is Nearness.TOWN and gap <= settings.town_is_enough_within
        if near is Nearness.SITE or soon:
            needed = 0.0
    if not same:
        if (
            category is not None
            and candidate.category is not None
            and settings.are_neighbours(category, candidate.category)
        ):
            needed += settings.neighbour_extra
        elif near is Nearness.SITE:
            needed = settings.site_other_category
        else:
            needed = max(needed, settings.other_category)
    if gap > window:
        needed += settings.returns_extra
    return wording, needed, f"{near.value}, wording {wording:.2f} of {needed:.2f} needed"


def _gap(moment: datetime, candidate: Candidate) -> timedelta:
    """How far the moment lies from the incident's span of events; zero within it."""
    if moment < candidate.first_event_at:
        return candidate.first_event_at - moment
    return max(timedelta(0), moment - candidate.last_event_at)


def _window(category: Category | None, settings: ClusterSettings) -> timedelta:
    return settings.windows[category] if category is not None else min(settings.windows.values())


def grow(profile: Mapping[str, Any] | None, item: Item) -> dict[str, Any]:
    """The incident's profile with the item added. JSON-able, bounded (about 4 KB)."""
    return grow_by(profile, features(item))


def grow_by(profile: Mapping[str, Any] | None, one: Features) -> dict[str, Any]:
    """As `grow`, for features already computed."""
    old = profile or {}
    count = int(old.get("posts", 0)) + 1
    mixed = {term: weight * (count - 1) / count for term, weight in old.get("terms", {}).items()}
    for term, weight in one.wording.terms.items():
        mixed[term] = mixed.get(term, 0.0) + weight / count
    kept = sorted(mixed.items(), key=lambda pair: (-pair[1], pair[0]))[:_PROFILE_TERMS]
    hashes = [h for h in old.get("hashes", ()) if h != one.item.hash]
    places = PlaceKeys.from_profile(old.get("places", {})).joined(one.keys, _PROFILE_NAMES)
    return {
        **old,  # whatever else the caller keeps there
        "posts": count,
        "terms": {term: round(weight, 3) for term, weight in kept},
        "hashes": [*hashes, one.item.hash][-_PROFILE_HASHES:],
        "places": places.to_profile(),
    }
