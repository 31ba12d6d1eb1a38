"""How near two sets of places lie: the same site, the same town, one without a place, or apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.assessments import Place
from pipeline.incidents.similarity import LocalNames
from pipeline.places.names import Level, level_of, stem
from pipeline.text.normalise import squeezed_spelling


class Nearness(StrEnum):
    """How the places of a post and of an incident stand to each other."""

    SITE = "same site"
    MENTIONED = "a site mentioned by both"
    TOWN = "same town"
    COUNTY = "same county"
    UNKNOWN = "no place to compare"
    OTHER_SITE = "names of two sites"
    NEIGHBOUR = "another site of the same town"
    APART = "another place"


_KINDS = ("sites", "towns", "counties", "cities", "names", "roads", "subjects", "coded", "stems")
_KNOWN = frozenset(_KINDS)
_COUNTY = 6  # digits of its code
_SIDES = frozenset("东西南北前后中大小上下")
_CALLS_CHARS = 600  # of a text: as far as its wording is read


@dataclass(frozen=True, slots=True)
class PlaceKeys:
    """Places as far as they are compared.

    `sites`: village and site codes. `towns`, `counties`, `cities`: division codes. `names` and
    `roads`: local names read by their endings; `subjects` those that the matter is about.
    `coded`: regions that a board writes as codes. `stems`: how people call the places among
    themselves, with the place that holds them (`河沿张@411003005`).
    """

    sites: frozenset[str] = frozenset()
    towns: frozenset[str] = frozenset()
    counties: frozenset[str] = frozenset()
    cities: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    roads: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    coded: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()

    @classmethod
    def from_profile(cls, stored: Mapping[str, Sequence[str]]) -> PlaceKeys:
        """Read back what `to_profile` wrote."""
        return cls(**{kind: frozenset(stored[kind]) for kind in stored.keys() & _KNOWN})

    def to_profile(self) -> dict[str, list[str]]:
        """For the incident's profile: JSON-able, in a fixed order."""
        return {kind: sorted(getattr(self, kind)) for kind in _KINDS if getattr(self, kind)}

    def joined(self, other: PlaceKeys, most: int) -> PlaceKeys:
        """Both together, each kind at most `most` (the older stay)."""
        return PlaceKeys(
            *(_joined(getattr(self, kind), getattr(other, kind), most) for kind in _KINDS)
        )


def _joined(old: frozenset[str], new: frozenset[str], most: int) -> frozenset[str]:
    both = old | new
    return both if len(both) <= most else frozenset([*sorted(old), *sorted(new - old)][:most])


def place_keys(places: Sequence[Place], names: LocalNames, coded: Sequence[str]) -> PlaceKeys:
    """The keys of one post, from its places, local names and coded regions."""
    codes = [place.code for place in places]
    divisions = [code.partition("-")[0] for code in codes]
    return PlaceKeys(
        sites=frozenset(c for c, d in zip(codes, divisions, strict=True) if len(d) == 12 or c != d),
        towns=frozenset(d[:9] for d in divisions if len(d) >= 9),
        counties=frozenset(d[:6] for d in divisions if len(d) >= 6),
        cities=frozenset(d[:4] for d in divisions if len(d) >= 4),
        names=frozenset(names.sites),
        roads=frozenset(names.roads),
        subjects=frozenset(names.subjects),
        coded=frozenset(coded),
        stems=frozenset(_stems(places)),
    )


def _stems(places: Sequence[Place]) -> Iterator[str]:
    """Names without 村, 社区, 镇, each with the code of the place that holds it."""
    for place in places:
        level = level_of(place.code)
        if level >= Level.TOWN:
            name = place.name if level is Level.SITE else stem(place.name, level)
            holder = place.code[:6] if level is Level.TOWN else place.code[:9]
            if len(name) >= 2:
                yield f"{squeezed_spelling(name)}@{holder}"


def nearness(one: PlaceKeys, text: str, other: PlaceKeys) -> Nearness:
    """How near the places of a post (its keys and squeezed text) lie to those of an incident."""
    if one.coded and other.coded and not one.coded & other.coded:
        return Nearness.APART
    if one.sites & other.sites or any(name.endswith("线") for name in one.roads & other.roads):
        return Nearness.SITE
    for mine, theirs in (
        (one.towns, other.towns),
        (one.counties, other.counties),
        (one.cities, other.cities),
    ):
        if mine and theirs and not mine & theirs:
            return Nearness.APART
    if one.sites and other.sites:
        return Nearness.NEIGHBOUR if one.towns & other.towns else Nearness.APART
    called = _called(one, text, other)
    if called is Nearness.SITE:
        return called
    by_name = _by_name(one, other)
    if by_name is not None:
        return by_name
    if one.towns & other.towns or called is Nearness.TOWN:
        return Nearness.TOWN
    if one.counties & other.counties:
        return Nearness.COUNTY
    return Nearness.UNKNOWN


def _called(one: PlaceKeys, text: str, other: PlaceKeys) -> Nearness | None:
    """Whether the text calls a place of the incident by its bare name.

    Short names are ordinary words too: they count where the post lies in the place that holds them.
    """
    town = False
    for called in other.stems:
        name, _, holder = called.partition("@")
        if len(holder) == _COUNTY:
            town = town or (holder in one.counties and name in text)
        elif (len(name) >= 3 or holder in one.towns) and _stands_in(text, name):
            return Nearness.SITE
    return Nearness.TOWN if town else None


def _stands_in(text: str, name: str) -> bool:
    """Whether a name stands in a text, and not as the end of another: 东大王庄 is not 大王庄."""
    at = text.find(name)
    while at >= 0:
        if text[at - 1 : at] not in _SIDES:
            return True
        at = text.find(name, at + 1)
    return False


def called_by(stem: str) -> str:
    """How a place of an incident is looked up by what a text may call it: `_called`, turned round.

    The whole of a long name is looked for in the text later; here its beginning stands for it.
    """
    name, _, holder = stem.partition("@")
    return name[:3] if len(name) > 2 and len(holder) != _COUNTY else f"{name[:2]}@{holder}"


def may_call(text: str, places: PlaceKeys, sited: bool) -> set[str]:
    """All that a post may call a place by of an incident that has sites, or of one that has none:
    three characters by themselves, two where the post lies in what holds the place."""
    text = text[:_CALLS_CHARS]
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}
    towns = {f"{pair}@{county}" for county in places.counties for pair in pairs}
    if not sited:
        return towns
    sites = {f"{pair}@{town}" for town in places.towns for pair in pairs}
    return towns | sites | {text[at : at + 3] for at in range(len(text) - 2)}


def _by_name(one: PlaceKeys, other: PlaceKeys) -> Nearness | None:
    """Names that no gazetteer has: an estate counts more than the road it lies on."""
    if one.names & other.names & one.subjects & other.subjects:
        return Nearness.SITE
    if one.names & other.names:
        return Nearness.MENTIONED
    if one.names & one.subjects and other.names & other.subjects:
        return Nearness.OTHER_SITE
    if one.roads & other.roads & one.subjects & other.subjects:
        return Nearness.SITE
    if one.roads & other.roads:
        return Nearness.MENTIONED
    return None
