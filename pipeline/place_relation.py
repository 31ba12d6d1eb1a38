"""How near two sets of places lie: the same site, the same town, one without a place, or apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Nearness(StrEnum):
    """How the places of a post and of an incident stand to each other."""

    SITE = "same site"
    TOWN = "same town"
    COUNTY = "same county"
    UNKNOWN = "no place to compare"
    OTHER_SITE = "another site of the town"
    APART = "another place"


@dataclass(frozen=True, slots=True)
class PlaceKeys:
    """Places as far as they are compared.

    `sites`: village and site codes. `towns`, `counties`: division codes. `names`: local names read
    by their endings. `coded`: regions that a board writes as codes.
    """

    sites: frozenset[str]
    towns: frozenset[str]
    counties: frozenset[str]
    names: tuple[str, ...]
    coded: frozenset[str]

    @classmethod
    def from_profile(cls, stored: Mapping[str, Sequence[str]]) -> PlaceKeys:
        """Read back what `to_profile` wrote."""
        return cls(
            frozenset(stored.get("sites", ())),
            frozenset(stored.get("towns", ())),
            frozenset(stored.get("counties", ())),
            tuple(stored.get("names", ())),
            frozenset(stored.get("coded", ())),
        )

    def to_profile(self) -> dict[str, Any]:
        """For the incident's profile: JSON-able, in a fixed order."""
        return {
            "sites": sorted(self.sites),
            "towns": sorted(self.towns),
            "counties": sorted(self.counties),
            "names": list(self.names),
            "coded": sorted(self.coded),
        }

    def joined(self, other: PlaceKeys, most: int) -> PlaceKeys:
        """Both together, each kind at most `most`."""
        return PlaceKeys(
            _some(self.sites | other.sites, most),
            _some(self.towns | other.towns, most),
            _some(self.counties | other.counties, most),
            tuple(dict.fromkeys((*self.names, *other.names)))[:most],
            _some(self.coded | other.coded, most),
        )


def _some(codes: frozenset[str], most: int) -> frozenset[str]:
    return codes if len(codes) <= most else frozenset(sorted(codes)[:most])


def place_keys(codes: Iterable[str], names: Sequence[str], coded: Sequence[str]) -> PlaceKeys:
    """The keys of one post, from its place codes, local names and coded regions."""
    codes = list(codes)
    divisions = [code.partition("-")[0] for code in codes]
    return PlaceKeys(
        frozenset(c for c, d in zip(codes, divisions, strict=True) if len(d) == 12 or c != d),
        frozenset(d[:9] for d in divisions if len(d) >= 9),
        frozenset(d[:6] for d in divisions if len(d) >= 6),
        tuple(names),
        frozenset(coded),
    )


def nearness(one: PlaceKeys, other: PlaceKeys) -> Nearness:
    """How near the places lie."""
    if one.coded and other.coded and not one.coded & other.coded:
        return Nearness.APART
    if one.sites & other.sites:
        return Nearness.SITE
    if one.towns and other.towns and not one.towns & other.towns:
        return Nearness.APART
    if one.counties and other.counties and not one.counties & other.counties:
        return Nearness.APART
    if one.sites and other.sites:
        return Nearness.OTHER_SITE
    if set(one.names) & set(other.names):
        return Nearness.SITE
    if one.names and other.names:
        return Nearness.OTHER_SITE
    if one.towns & other.towns:
        return Nearness.TOWN
    if one.counties & other.counties:
        return Nearness.COUNTY
    return Nearness.UNKNOWN
