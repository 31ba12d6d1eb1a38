"""What rating an incident needs to know of its posts, kept with it: no post is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from db.rows import ToJudge
from domain.model import Assessment, Severity
from pipeline.severity import IncidentFacts

_HOUR_S = 3600
_RECENT = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """Running facts. `recent`: event times (epoch seconds) of the posts of the last hour."""

    severity: Severity = Severity.NONE
    score: float = 0.0
    originals: int = 0  # posts that are no copy of an earlier text
    channels: tuple[str, ...] = ()
    engagement: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[int, ...] = ()

    def with_post(self, row: ToJudge, verdict: Assessment, edit: bool = False) -> Facts:
        """The facts with one post more (an edit counts for its severity only)."""
        at = int(row.event_at.timestamp())
        newest = max((at, *self.recent))
        recent = self.recent if edit else (*self.recent, at)
        engagement = dict(self.engagement)
        if not edit:
            for name, count in row.engagement.items():
                engagement[name] = engagement.get(name, 0) + count
        return Facts(
            severity=max(self.severity, verdict.severity, key=lambda s: s.rank),
            score=max(self.score, verdict.severity_score),
            originals=self.originals + (not edit and row.duplicate_of is None),
            channels=tuple(dict.fromkeys((*self.channels, row.channel))),
            engagement=engagement,
            recent=tuple(t for t in recent if newest - t <= _HOUR_S)[-_RECENT:],
        )

    def incident_facts(self, posts: int) -> IncidentFacts:
        """As severity asks for them."""
        return IncidentFacts(
            severity=self.severity,
            score=self.score,
            posts=posts,
            writers=max(1, self.originals),
            channels=len(self.channels),
            engagement=self.engagement,
            velocity=float(len(self.recent)),
        )

    def to_json(self) -> dict[str, Any]:
        """For the incident's profile."""
        return {
            "severity": self.severity.value,
            "score": self.score,
            "originals": self.originals,
            "channels": list(self.channels),
            "engagement": dict(self.engagement),
            "recent": list(self.recent),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Facts:
        """Back from the profile."""
        if not stored:
            return cls()
        return cls(
            severity=Severity(stored["severity"]),
            score=stored["score"],
            originals=stored["originals"],
            channels=tuple(stored["channels"]),
            engagement=stored["engagement"],
            recent=tuple(stored["recent"]),
        )
