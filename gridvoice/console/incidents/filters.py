"""The board's filters: plain links that carry everything in the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from domain.assessments import Area, Category, Severity
from domain.incidents.filter import OPEN_STATES, OVER, IncidentCount, IncidentFilter
from domain.incidents.incident import IncidentState
from domain.labelled import Labelled

_SEVERITIES = tuple(reversed(Severity))
# How a group of links is called, its choice of everything, and its other choices.
_FACETS: dict[str, tuple[str, str, tuple[Labelled, ...]]] = {
    "severity": ("等级", "全部", _SEVERITIES),
    "state": ("状态", "在办", tuple(s for s in IncidentState if s.is_open)),
    "category": ("类别", "全部", tuple(Category)),
    "area": ("属地", "属地与不明", tuple(Area)),
}


def read_filter(query: Mapping[str, str]) -> IncidentFilter:
    """The filter of an address; values that mean nothing are left out."""

    def known(key: str, values: Sequence[str]) -> str:
        value = query.get(key, "")
        return value if value in values else ""

    return IncidentFilter(
        severity=known("severity", _SEVERITIES),
        category=known("category", tuple(Category)),
        state=known("state", (*OPEN_STATES, OVER)),
        area=known("area", tuple(Area)),
    )


def href(asked: IncidentFilter, page: int = 1) -> str:
    """The address of a page of the board under a filter."""
    values = {**asdict(asked), "page": str(page) if page > 1 else ""}
    query = urlencode({k: v for k, v in values.items() if v})
    return f"/?{query}" if query else "/"


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    href: str
    count: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One group of filter links."""

    key: str
    name: str
    options: tuple[Option, ...]


def facets(asked: IncidentFilter, counts: Sequence[IncidentCount]) -> list[Facet]:
    """The links of each filter, counted under the other filters; empty choices left out."""
    return [
        Facet(key, name, tuple(_options(key, everything, words, asked, counts)))
        for key, (name, everything, words) in _FACETS.items()
    ]


def _options(
    key: str,
    everything: str,
    words: Sequence[Labelled],
    asked: IncidentFilter,
    counts: Sequence[IncidentCount],
) -> Iterator[Option]:
    chosen, over = getattr(asked, key), asked.state == OVER
    others = asked.but(key, "")
    found: dict[str, int] = {}
    for one in counts:
        if one.fits(others, but=key):
            value = getattr(one, key)
            found[value] = found.get(value, 0) + one.count

    def option(value: str, label: str, count: int | None) -> Option:
        return Option(value, label, href(asked.but(key, value)), count, chosen == value)

    yield option("", everything, None)
    for word in words:
        if found.get(word) or chosen == word or (over and key != "state"):
            yield option(word, word.label, None if over else found.get(word, 0))
    if key == "state":
        yield option(OVER, "已结束", None)
