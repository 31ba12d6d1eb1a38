"""What rating an incident needs to know of its posts, kept with it: no post is read again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.rows import ToJudge
from domain.bounds import counts
from domain.model import Assessment, Severity
from pipeline.severity import IncidentFacts

_HOUR_S = 3600
_AHEAD_S = 600  # a time further ahead of the present was written by a clock that was wrong
_RECENT = 200
_SPOKEN = 100


@dataclass(frozen=True, slots=True)
class Facts:
    """Running facts. `recent`: event times (epoch seconds) of the posts of the last hour.

    `spoken`: who said what (source, writer and text, hashed), the latest ones. A source that shows
    a post again under another key has added nothing: such `echoes` are members of the incident,
    but neither writers nor spread nor speed.
    """

    severity: Severity = Severity.NONE
    score: float = 0.0
    originals: int = 0  # posts that are no copy of an earlier text
    channels: tuple[str, ...] = ()
    engagement: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[int, ...] = ()
    spoken: tuple[str, ...] = ()
    echoes: int = 0

    def with_post(
        self, row: ToJudge, verdict: Assessment, now: datetime, edit: bool = False
    ) -> Facts:
        """The facts with one post more (an edit counts for its severity only)."""
        said = _said(row)
        echo = not edit and said in self.spoken
        adds = not (edit or echo)
        latest = int(now.timestamp()) + _AHEAD_S
        at = min(int(row.event_at.timestamp()), latest)
        recent = [t for t in self.recent if t <= latest]
        if adds:
            recent.append(at)
        newest = max((at, *recent))
        engagement = counts(self.engagement)
        if adds:
            for name, count in counts(row.engagement).items():
                engagement[name] = engagement.get(name, 0) + count
        return Facts(
            severity=max(self.severity, verdict.severity, key=lambda s: s.rank),
            score=max(self.score, verdict.severity_score),
            originals=self.originals + (adds and row.duplicate_of is None),
            channels=tuple(dict.fromkeys((*self.channels, row.channel))),
            engagement=engagement,
            recent=tuple(t for t in recent if newest - t <= _HOUR_S)[-_RECENT:],
            spoken=(*(s for s in self.spoken if s != said), said)[-_SPOKEN:],
            echoes=self.echoes + echo,
        )

    def incident_facts(self, posts: int) -> IncidentFacts:
        """As severity asks for them, of an incident that holds so many posts."""
        return IncidentFacts(
            severity=self.severity,
            score=self.score,
            posts=self.voices(posts),
            writers=max(1, self.originals),
            channels=len(self.channels),
            engagement=self.engagement,
            velocity=float(len(self.recent)),
        )

    def voices(self, posts: int) -> int:
        """How many of an incident's posts are no echoes."""
        return max(1, posts - self.echoes)

    def to_json(self) -> dict[str, Any]:
        """For the incident's profile."""
        return {
            "severity": self.severity.value,
            "score": self.score,
            "originals": self.originals,
            "channels": list(self.channels),
            "engagement": dict(self.engagement),
            "recent": list(self.recent),
            "spoken": list(self.spoken),
            "echoes": self.echoes,
        }

    @classmethod
    def of(cls, profile: Mapping[str, Any]) -> Facts:
        """Back from an incident's profile. Raises what broken JSON raises."""
        stored = profile.get("facts")
        if not stored:
            return cls()
        return cls(
            severity=Severity(stored["severity"]),
            score=float(stored["score"]),
            originals=int(stored["originals"]),
            channels=tuple(map(str, stored["channels"])),
            engagement=counts(stored["engagement"]),
            recent=tuple(map(int, stored["recent"])),
            spoken=tuple(map(str, stored.get("spoken", ()))),
            echoes=int(stored.get("echoes", 0)),
        )


def voices_of(profile: Any, posts: int) -> int:
    """How many of an incident's posts count for growth; all, where its memory is broken."""
    try:
        return Facts.of(profile).voices(posts)
    except Exception:  # whatever broken JSON raises: people act on the incident all the same
        return posts


def _said(row: ToJudge) -> str:
    words = f"{row.source}\n{row.author_hash or ''}\n{row.hash}"
    return hashlib.sha256(words.encode()).hexdigest()[:12]
