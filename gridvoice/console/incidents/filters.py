"""The board's filters: plain links that carry everything in the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from domain.incident_filter import OPEN_STATES, OVER, IncidentCount, IncidentFilter
from domain.model import AREA_TITLES, CATEGORY_TITLES, SEVERITY_TITLES, STATE_TITLES

_SEVERITIES = ("red", "orange", "yellow", "blue", "none")


def read_filter(query: Mapping[str, str]) -> IncidentFilter:
    """The filter of an address; values that mean nothing are left out."""

    def known(key: str, values: Sequence[str]) -> str:
        value = query.get(key, "")
        return value if value in values else ""

    return IncidentFilter(
        severity=known("severity", _SEVERITIES),
        category=known("category", list(CATEGORY_TITLES)),
        state=known("state", (*OPEN_STATES, OVER)),
        area=known("area", list(AREA_TITLES)),
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
    titles = {
        "severity": (SEVERITY_TITLES, _SEVERITIES),
        "state": (STATE_TITLES, OPEN_STATES),
        "category": (CATEGORY_TITLES, tuple(CATEGORY_TITLES)),
        "area": (AREA_TITLES, tuple(AREA_TITLES)),
    }
    return [
        Facet(key, name, tuple(_options(key, everything, *titles[key], asked, counts)))
        for key, name, everything in _FACETS
    ]


_FACETS = (
    ("severity", "等级", "全部"),
    ("state", "状态", "在办"),
    ("category", "类别", "全部"),
    ("area", "属地", "属地与不明"),
)


def _options(
    key: str,
    everything: str,
    titles: Mapping[str, str],
    values: Sequence[str],
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
    for value in values:
        if found.get(value) or chosen == value or (over and key != "state"):
            yield option(value, titles[value], None if over else found.get(value, 0))
    if key == "state":
        yield option(OVER, "已结束", None)
