"""Which incidents a list shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from domain.incidents.incident import IncidentState

OPEN_STATES = tuple(s.value for s in IncidentState if s.is_open)
OVER = "over"  # as a state: any of those in which an incident has ended
_OVER_STATES = tuple(s.value for s in IncidentState if not s.is_open)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """An empty value means the usual: all open, not of another county."""

    severity: str = ""
    category: str = ""
    state: str = ""
    area: str = ""

    @property
    def is_set(self) -> bool:
        return bool(self.severity or self.category or self.state or self.area)

    @property
    def states(self) -> tuple[str, ...]:
        if self.state == OVER:
            return _OVER_STATES
        return (self.state,) if self.state else OPEN_STATES

    @property
    def areas(self) -> tuple[str, ...]:
        # Most posts of a provincial board are about other counties: one click away, not in the way.
        return (self.area,) if self.area else ("inside", "unknown")

    def but(self, key: str, value: str) -> IncidentFilter:
        """The same but for one."""
        change: dict[str, Any] = {key: value}
        return replace(self, **change)


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """How many open incidents share these four properties."""

    severity: str
    category: str
    state: str
    area: str
    count: int

    def fits(self, asked: IncidentFilter, but: str = "") -> bool:
        """Whether the filter shows them; `but`: whatever it says of that property. Those that have
        ended are not counted, so asking for them asks for no state."""
        return (
            (asked.severity in ("", self.severity))
            and (asked.category in ("", self.category))
            and (asked.state in ("", OVER, self.state))
            and (but == "area" or self.area in asked.areas)
        )
