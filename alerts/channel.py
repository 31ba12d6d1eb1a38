"""What every alert channel is: a way by which one notice goes to one recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol

from alerts.notice.notice import Notice
from domain.alerts import Receipt


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At least `gap` between two sends and at most `limit` in any `window`; limit 0: no limit."""

    gap: timedelta = timedelta(0)
    limit: int = 0
    window: timedelta = timedelta(0)


UNLIMITED = RateLimit()


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What every entry of channels.yaml has; each kind adds its own."""

    name: str
    kind: str
    title: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            yield "name", f"{self.name!r} 须由小写字母、数字和 _ 组成, 字母开头"


class Channel(Protocol):
    """`reaches_people`: whether a notice sent this way comes to somebody's eyes by itself, as no
    file and no log does. `drops_repeats`: whether the receiver knows a notice that comes a second
    time by its id, so that people see it once."""

    name: str
    rate: ClassVar[RateLimit]
    reaches_people: ClassVar[bool]
    drops_repeats: ClassVar[bool]

    def send(self, notice: Notice, recipient: str, delivery_id: str) -> Receipt:
        """Returns when the receiver confirmed the notice. `delivery_id` is the same at every
        attempt. Raises SendError."""
        ...
