"""What telling goes by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts.notice.playbook import Playbooks
from alerts.routing.roster import Roster
from alerts.routing.route import Routes


@dataclass(frozen=True, slots=True)
class TellingSettings:
    """Who hears of what, by which of the channels that can be used, and what is said besides.

    `machines_only`: there are no ways to people among them, and nothing counts as told to people.
    """

    routes: Routes
    roster: Roster
    channels: Collection[str]
    playbooks: Playbooks
    public_url: str
    zone: ZoneInfo
    machines_only: bool = False
