"""How an incident grows: the curve of its posts over a window that suits its age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from db.pages.board import Arrivals
from gridvoice.console.incidents.sparkline import sparkline
from gridvoice.console.shared.wording import lasting

LONGEST = timedelta(hours=24)
_WINDOWS = (
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=3),
    timedelta(hours=12),
    LONGEST,
)
_POINTS = 36
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Growth:
    """`text` says the last hour in words; `spark` draws the window."""

    spark: Markup
    text: str
    last_hour: int


def growth(
    arrivals: Arrivals, post_count: int, first_event_at: datetime, now: datetime,
    width: int = 124, height: int = 32,
) -> Growth:  # fmt: skip
    """`arrivals` as `read_arrivals` gives them for one incident."""
    window = next((w for w in _WINDOWS if now - first_event_at <= w * 0.9), LONGEST)
    start, step = now - window, window / (_POINTS - 1)
    recent = [(when, count) for when, count in arrivals if when >= start]
    seen = max(0, post_count - sum(count for _, count in recent))
    totals = []
    following = 0
    for point in range(_POINTS):
        until = start + point * step
        while following < len(recent) and recent[following][0] <= until:
            seen += recent[following][1]
            following += 1
        totals.append(seen)
    totals[-1] = post_count
    last_hour = sum(count for when, count in arrivals if when > now - _HOUR)
    text = f"近1小时 +{last_hour}" if last_hour else "近1小时无新增"
    label = f"近{lasting(window)}由 {totals[0]} 条增至 {post_count} 条"
    return Growth(sparkline(totals, label, width, height), text, last_hour)
