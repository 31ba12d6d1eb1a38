"""The board's filters: plain links that carry everything in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from domain.model import Area, Category, IncidentState, Labelled, Severity

OPEN_STATES = tuple(s.value for s in IncidentState if s.is_open)
OVER_STATES = tuple(s.value for s in IncidentState if not s.is_open)
_OVER = "over"
_SEVERITIES = ("red", "orange", "yellow", "blue", "none")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the board shows. An empty value means the usual: all open, not of another county."""

    severity: str = ""
    category: str = ""
    state: str = ""
    area: str = ""
    page: int = 1

    @property
    def is_set(self) -> bool:
        return bool(self.severity or self.category or self.state or self.area)

    @property
    def states(self) -> tuple[str, ...]:
        if self.state == _OVER:
            return OVER_STATES
        return (self.state,) if self.state else OPEN_STATES

    @property
    def areas(self) -> tuple[str, ...]:
        # Most posts of a provincial board are about other counties: one click away, not in the way.
        return (self.area,) if self.area else ("inside", "unknown")

    def but(self, key: str, value: str) -> Filters:
        """The first page under the same filters but for one."""
        change: dict[str, Any] = {key: value, "page": 1}
        return replace(self, **change)

    def href(self) -> str:
        values = {
            "severity": self.severity,
            "category": self.category,
            "state": self.state,
            "area": self.area,
            "page": str(self.page) if self.page > 1 else "",
        }
        query = urlencode({k: v for k, v in values.items() if v})
        return f"/?{query}" if query else "/"


def read_filters(query: Mapping[str, str]) -> Filters:
    """The filters of an address; values that mean nothing are left out."""

    def known(key: str, values: Sequence[str]) -> str:
        value = query.get(key, "")
        return value if value in values else ""

    page = query.get("page", "1")
    return Filters(
        severity=known("severity", _SEVERITIES),
        category=known("category", list(Category)),
        state=known("state", (*OPEN_STATES, _OVER)),
        area=known("area", list(Area)),
        page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """How many open incidents share these four properties."""

    severity: str
    category: str
    state: str
    area: str
    count: int


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


def facets(filters: Filters, kinds: Sequence[Kind]) -> list[Facet]:
    """The links of each filter, counted under the other filters; empty choices left out."""
    over = filters.state == _OVER
    return [
        _facet("severity", "等级", "全部", Severity, _SEVERITIES, filters, kinds, over),
        _facet("state", "状态", "在办", IncidentState, OPEN_STATES, filters, kinds, over),
        _facet("category", "类别", "全部", Category, list(Category), filters, kinds, over),
        _facet("area", "属地", "属地与不明", Area, list(Area), filters, kinds, over),
    ]


def _facet(
    key: str,
    name: str,
    everything: str,
    words: type[Labelled],
    values: Sequence[str],
    filters: Filters,
    kinds: Sequence[Kind],
    over: bool,
) -> Facet:
    chosen = getattr(filters, key)
    others = filters.but(key, "")
    counts: dict[str, int] = {}
    for kind in kinds:
        if _fits(kind, others, but=key):
            value = getattr(kind, key)
            counts[value] = counts.get(value, 0) + kind.count

    def option(value: str, label: str, count: int | None) -> Option:
        return Option(value, label, filters.but(key, value).href(), count, chosen == value)

    options = [option("", everything, None)]
    for value in values:
        if counts.get(value) or chosen == value or (over and key != "state"):
            options.append(
                option(value, words(value).label, None if over else counts.get(value, 0))
            )
    if key == "state":
        options.append(option(_OVER, "已结束", None))
    return Facet(key, name, tuple(options))


def _fits(kind: Kind, filters: Filters, but: str) -> bool:
    return (
        (filters.severity in ("", kind.severity))
        and (filters.category in ("", kind.category))
        and (filters.state in ("", _OVER, kind.state))
        and (but == "area" or kind.area in filters.areas)
    )
