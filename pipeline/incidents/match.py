"""Which incident a post joins, by place, category, time and wording. Pure.

Precision first: a wrong join hides a matter, a missed one costs a merge by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.assessments import Category
from pipeline.incidents.post import PostFacts
from pipeline.incidents.profile import Likeness, Outline
from pipeline.incidents.proximity import Nearness, nearness
from pipeline.incidents.settings import ClusterSettings, are_neighbours

_LINES = {
    Nearness.SITE: "same_site",
    Nearness.MENTIONED: "mentioned_site",
    Nearness.TOWN: "same_town",
    Nearness.COUNTY: "same_county",
    Nearness.UNKNOWN: "no_place",
    Nearness.OTHER_SITE: "other_site",
}
_TWO_SITES = (Nearness.OTHER_SITE, Nearness.NEIGHBOUR)
_TELLING = 8  # pairs of characters that a text needs to be known again by its wording alone


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that a post may join. `copies_only`: a false alarm, which takes in copies of its
    own words and nothing else: another post may be about a real matter."""

    incident_id: int
    number: str
    category: Category | None
    first_event_at: datetime
    last_event_at: datetime
    likeness: Likeness = field(default_factory=Likeness)
    copies_only: bool = False


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


def best(post: PostFacts, candidates: Iterable[Candidate], settings: ClusterSettings) -> Choice:
    """The incident that the post joins, or none. Ties go to the more recent incident."""
    joined: tuple[tuple[float, datetime], Candidate, _Compared] | None = None
    previous: tuple[float, Candidate] | None = None
    around: list[Candidate] = []
    for candidate in candidates:
        if candidate.copies_only:
            if post.hash in candidate.likeness.hashes:
                return Choice(candidate, "same text as a false alarm")
            continue
        found = _compare(post, candidate, settings)
        if _bursts(post, candidate, found.near, settings):
            around.append(candidate)
        if found.wording < found.needed:
            continue
        if _gap(post.at, candidate) > settings.returns_within:
            if previous is None or found.wording > previous[0]:
                previous = found.wording, candidate
            continue
        rank = found.wording - found.needed, candidate.last_event_at
        if joined is None or rank > joined[0]:
            joined = rank, candidate, found
    wide = _wide(post, around, settings)
    if wide is not None and (joined is None or joined[1] in around):
        return Choice(wide, f"one of a burst: {len(around)} incidents of a town")
    if joined is not None:
        _, candidate, found = joined
        return Choice(candidate, found.why(), round(found.wording, 3))
    return Choice(None, "no incident of this matter", previous=previous[1] if previous else None)


def is_elsewhere(post: PostFacts, outline: Outline) -> bool:
    """Whether `best` passes an incident by, whatever its wording: it has another place, none of its
    posts had these words, and none is passed on."""
    return (
        post.hash not in outline.hashes
        and post.quotes.isdisjoint(outline.sayings)
        and nearness(post.places, post.squeezed.text, outline.places) is Nearness.APART
    )


def _bursts(
    post: PostFacts, candidate: Candidate, near: Nearness | str, settings: ClusterSettings
) -> bool:
    """Whether the incident of a village may be of one burst with the post's: what befalls villages
    of a town at once, in its first hours."""
    category = post.assessment.category
    return (
        near in (Nearness.NEIGHBOUR, Nearness.SITE)
        and category is candidate.category
        and category in settings.bursts
        and _gap(post.at, candidate) <= settings.burst_within
        and post.at - candidate.first_event_at <= settings.burst_lasts
    )


def _wide(
    post: PostFacts, around: Sequence[Candidate], settings: ClusterSettings
) -> Candidate | None:
    """The one of a burst of incidents that is the matter of them all, and of the post: the one of
    the most places. Two villages are two matters; so many at once are one feeder or one storm."""
    towns = post.places.towns
    sites = post.places.sites.union(*(c.likeness.places.sites for c in around))
    if sum(site[:9] in towns for site in sites) < settings.burst_places:
        return None
    return max(
        around,
        key=lambda c: (len(c.likeness.places.sites), c.likeness.posts, c.last_event_at),
        default=None,
    )


class _Compared(NamedTuple):
    """The similarity of a post and an incident, how much of it is needed, and where they lie."""

    wording: float
    needed: float
    near: Nearness | str

    def why(self) -> str:
        if not isinstance(self.near, Nearness):
            return self.near
        return f"{self.near.value}, wording {self.wording:.2f} of {self.needed:.2f} needed"


def _compare(post: PostFacts, candidate: Candidate, settings: ClusterSettings) -> _Compared:
    known = candidate.likeness
    telling = len(post.wording.terms) >= _TELLING
    if telling and post.hash in known.hashes:
        return _Compared(1.0, 0.0, "same text")
    if post.quotes and not post.quotes.isdisjoint(known.sayings):
        return _Compared(1.0, 0.0, "passes on a post of it")
    near = nearness(post.places, post.squeezed.text, known.places)
    if near in (Nearness.APART, Nearness.NEIGHBOUR):
        # Before the wording: two villages that complain in the same words are two matters.
        return _Compared(0.0, 2.0, near)
    wording = post.wording.similarity(known.wording)
    if not telling and near in (Nearness.UNKNOWN, Nearness.COUNTY):
        return _Compared(wording, 2.0, near)  # 又停电了 is written everywhere
    if wording >= settings.repost and near is not Nearness.OTHER_SITE:
        return _Compared(wording, settings.repost, "nearly the same text")
    needed: float = getattr(settings, _LINES[near])
    gap = _gap(post.at, candidate)
    category = post.assessment.category
    same = category is not None and category is candidate.category
    window = settings.window(category)
    if same and gap <= window and category in settings.site_is_enough:
        soon = near is Nearness.TOWN and gap <= settings.town_is_enough_within
        if near is Nearness.SITE or (soon and category in settings.bursts):
            needed = 0.0
    if same and gap <= window and post.writer in known.writers and near not in _TWO_SITES:
        needed = 0.0  # who complains of one thing twice; who complains of two says which
    if same and near is Nearness.TOWN and gap <= settings.soon:
        needed = min(needed, settings.same_town_soon)
    if same and near is Nearness.UNKNOWN and gap <= settings.no_place_within:
        needed = min(needed, settings.no_place_soon)
    if not same:
        needed = _other_category(needed, near, category, candidate.category, settings)
    if gap > window:
        needed += settings.returns_extra
    return _Compared(wording, needed, near)


def _other_category(
    needed: float,
    near: Nearness,
    category: Category | None,
    other: Category | None,
    settings: ClusterSettings,
) -> float:
    """What is needed across categories.

    One site has matters of its own: the door of its cabinet and its voltage are two. But what an
    outage burnt is of the outage.
    """
    neighbours = are_neighbours(category, other, settings.neighbours)
    if near is Nearness.SITE and not are_neighbours(category, other, settings.of_one_cause):
        return settings.site_neighbour if neighbours else settings.site_other_category
    if neighbours:
        return needed + settings.neighbour_extra
    return max(needed, settings.other_category)


def _gap(moment: datetime, candidate: Candidate) -> timedelta:
    """How far the moment lies from the incident's span of events; zero within it."""
    if moment < candidate.first_event_at:
        return candidate.first_event_at - moment
    return max(timedelta(0), moment - candidate.last_event_at)
