"""预警 as a structure: what there is to say, before any channel has laid it out.

Masked, one line each and without addresses wherever it is read by people. A layout escapes it for
its own markup and cuts it to its own limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.notice.playbook import Playbook
from domain.alerts import AlertReason
from domain.incidents.incident import Incident


@dataclass(frozen=True, slots=True)
class Fact:
    """One line for people: its label (empty: none) and what it says."""

    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What is shown of a post. `said` is its line for people, empty where it has none; the rest is
    for machines and may hold addresses."""

    said: str
    title: str
    text: str
    channel: str
    url: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Action:
    """What the reader does next: behind `link`, else by `command`, else `words` say it all."""

    words: str
    link: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class TroubleItem:
    """One trouble of the system itself that began or ended."""

    key: str
    what: str
    todo: str
    since: datetime
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Troubles:
    """What the operator is told of."""

    begun: tuple[TroubleItem, ...]
    over: tuple[TroubleItem, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What one alert says, to all its receivers. `number` is how people name it (事件号 第N报).

    `about` holds the same as values: the incident (masked), the system's troubles, nothing for a
    test. `why` are the grounds, weightiest first; `resend`: this may have been received already;
    `remark`: what is to be said of its being late, given when it is sent.
    """

    heading: str
    number: str
    written_at: datetime
    action: Action
    about: Incident | Troubles | None = None
    reason: AlertReason | None = None
    facts: tuple[Fact, ...] = ()
    why: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    playbook: Playbook | None = None
    resend: bool = False
    remark: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it only tells how a matter ended: it quotes nothing and gives no orders."""
        return self.reason is AlertReason.CLOSED
