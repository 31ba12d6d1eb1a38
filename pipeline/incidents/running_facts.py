"""What rating an incident needs to know of its posts, kept with it: no post is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.assessments import Severity
from domain.input.bounds import counts
from pipeline.incidents.post import PostFacts
from pipeline.severity.rate import IncidentFacts

_HOUR_S = 3600
_AHEAD_S = 600  # a time further ahead of the present was written by a clock that was wrong
_RECENT = 200
_SPOKEN = 100


@dataclass(frozen=True, slots=True)
class RunningFacts:
    """Running facts. `recent`: event times (epoch seconds) of the posts of the last hour.

    `spoken`: who said what, the latest ones. A source that shows a post again under another key has
    added nothing: such `echoes` are members of the incident, but neither writers nor spread nor
    speed.
    """

    severity: Severity = Severity.NONE
    score: float = 0.0
    originals: int = 0  # posts that are no copy of an earlier text
    channels: tuple[str, ...] = ()
    engagement: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[int, ...] = ()
    spoken: tuple[str, ...] = ()
    echoes: int = 0

    def with_post(self, post: PostFacts, now: datetime, edit: bool = False) -> RunningFacts:
        """The facts with one post more (an edit counts for its severity only)."""
        said, assessment = post.said, post.assessment
        echo = not edit and said in self.spoken
        adds = not (edit or echo)
        latest = int(now.timestamp()) + _AHEAD_S
        at = min(int(post.at.timestamp()), latest)
        recent = [t for t in self.recent if t <= latest]
        if adds:
            recent.append(at)
        newest = max((at, *recent))
        engagement = counts(self.engagement)
        if adds:
            for name, count in counts(post.engagement).items():
                engagement[name] = engagement.get(name, 0) + count
        return RunningFacts(
            severity=max(self.severity, assessment.severity),
            score=max(self.score, assessment.severity_score),
            originals=self.originals + (adds and not post.copy),
            channels=tuple(dict.fromkeys((*self.channels, post.channel))),
            engagement=engagement,
            recent=tuple(t for t in recent if newest - t <= _HOUR_S)[-_RECENT:],
            spoken=(*(s for s in self.spoken if s != said), said)[-_SPOKEN:],
            echoes=self.echoes + echo,
        )

    def for_rating(self, posts: int) -> IncidentFacts:
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
    def from_json(cls, stored: Any) -> RunningFacts:
        """Back from an incident's profile. Raises what broken JSON raises."""
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
