"""config/incidents.yaml: how near in place, time and wording posts of one matter lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import timedelta

from domain.assessments import Category


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
    # Newer than the others: a configuration that has none goes by these.
    site_neighbour: float = 0.2
    of_one_cause: tuple[tuple[Category, ...], ...] = (
        (Category.SUPPLY_QUALITY, Category.APPLIANCE_DAMAGE),
    )
    soon: timedelta = timedelta(hours=24)
    same_town_soon: float = 0.1
    no_place_within: timedelta = timedelta(hours=72)
    no_place_soon: float = 0.22
    bursts: tuple[Category, ...] = (Category.SUPPLY_QUALITY,)
    burst_places: int = 4
    burst_within: timedelta = timedelta(hours=9)
    burst_lasts: timedelta = timedelta(hours=24)

    def problems(self) -> Iterator[tuple[str, str]]:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, float) and not 0 <= value <= 1:  # a likeness, or a part of one
                yield one.name, f"{value:g} 须在 0 与 1 之间"
        for category in Category:
            if category not in self.windows:
                yield "windows", f"缺 {category.value}; 六个类别各须一项"
        if not self.same_site <= self.same_town <= self.same_county <= self.no_place:
            yield "same_site", "不得高于 same_town, 后者不得高于 same_county, 再后不得高于 no_place"

    def window(self, category: Category | None) -> timedelta:
        """How long a matter of this category rests and is still the same."""
        return self.windows[category] if category is not None else min(self.windows.values())


def are_neighbours(
    one: Category | None, other: Category | None, pairs: Iterable[tuple[Category, ...]]
) -> bool:
    """Whether posts of these categories may be about one matter, by pairs of categories."""
    return any(one in pair and other in pair for pair in pairs)
