"""What happens to an incident: the kinds of entries in its timeline, their causes, its timers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What an entry of the timeline says; an act has the name of the state that it leads to."""

    OPENED = "opened"
    JOINED = "joined"
    EDITED = "edited"
    REOPENED = "reopened"
    FOLLOW_UP = "follow_up"
    NOTE = "note"


class TimerKind(StrEnum):
    """What is to be done with an incident at a later time."""

    HELD = "held"  # what the cool-down held back is decided again


@dataclass(frozen=True, slots=True)
class Cause:
    """What an event was written for; the same cause is one event of an incident, however often it
    is recorded. Written `kind:id[:id…]`."""

    kind: str
    ids: tuple[str, ...]

    @classmethod
    def post(cls, post_id: int, version_id: int) -> Cause:
        """A version of a post that was grouped."""
        return cls("post", (str(post_id), str(version_id)))

    @classmethod
    def act(cls) -> Cause:
        """What a person does: each time another."""
        return cls("act", (str(uuid.uuid4()),))

    @classmethod
    def timer(cls, timer_id: int) -> Cause:
        """A timer that was due. Its row is gone then, and its id is never given again."""
        return cls("timer", (str(timer_id),))

    @classmethod
    def correction(cls, correction_id: int) -> Cause:
        """A person's word on a post."""
        return cls("correction", (str(correction_id),))

    @classmethod
    def opinion(cls, version_id: int, scorer: str) -> Cause:
        """A second opinion on a version."""
        return cls("opinion", (str(version_id), scorer))

    @classmethod
    def read(cls, written: str) -> Cause:
        """Back from the store."""
        kind, *ids = written.split(":")
        return cls(kind, tuple(ids))

    @property
    def post_id(self) -> int | None:
        """The post, where it was one."""
        known = self.kind == "post" and self.ids and self.ids[0].isdigit()
        return int(self.ids[0]) if known else None

    def __str__(self) -> str:
        return ":".join((self.kind, *self.ids))
