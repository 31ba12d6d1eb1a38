"""How fast a channel may be used: its own quota as a pure function of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.channel import RateLimit

_SKEW = timedelta(seconds=5)  # between the clocks of two machines


def next_slot(recent_sends: Sequence[datetime], now: datetime, rate: RateLimit) -> datetime:
    """The earliest time from `now` on at which one more send keeps the rate.

    `recent_sends` are the starts of earlier sends of this channel by all processes, in any order.
    Those that lie ahead were written by a clock that has been put back since: they take no slot.
    """
    sends = sorted(moment for moment in recent_sends if moment <= now + _SKEW)
    slot = now
    if sends and rate.gap:
        slot = max(slot, sends[-1] + rate.gap)
    if rate.limit and len(sends) >= rate.limit:
        slot = max(slot, sends[-rate.limit] + rate.window)
    return slot
