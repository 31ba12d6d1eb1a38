"""How fast a channel may be used: its own quota as a pure function of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """At least `gap` between two sends and at most `limit` in any `window`; limit 0: no limit."""

    gap: timedelta = timedelta(0)
    limit: int = 0
    window: timedelta = timedelta(0)


UNLIMITED = Pace()
_SKEW = timedelta(seconds=5)  # between the clocks of two machines
# 20 a minute by the vendor's page, fixed or sliding window unknown: 20 in any 62 s holds for both
# and for messages that the network pushes together.
WECOM_ROBOT = Pace(gap=timedelta(seconds=3), limit=20, window=timedelta(seconds=62))


def next_slot(recent_sends: Sequence[datetime], now: datetime, pace: Pace) -> datetime:
    """The earliest time from `now` on at which one more send keeps the pace.

    `recent_sends` are the starts of earlier sends of this channel by all processes, in any order.
    Those that lie ahead were written by a clock that has been put back since: they take no slot.
    """
    sends = sorted(moment for moment in recent_sends if moment <= now + _SKEW)
    slot = now
    if sends and pace.gap:
        slot = max(slot, sends[-1] + pace.gap)
    if pace.limit and len(sends) >= pace.limit:
        slot = max(slot, sends[-pace.limit] + pace.window)
    return slot
