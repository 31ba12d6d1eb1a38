"""How an incident grows: the curve of its posts over a window that suits its age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from gridvoice.console.sparkline import sparkline

LONGEST = timedelta(hours=24)
_WINDOWS = (timedelta(hours=3), timedelta(hours=12), LONGEST)
_POINTS = 36
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Growth:
    """`text` says the last hour in words; `spark` draws the window."""

    spark: Markup
    text: str
    last_hour: int


def growth(
    arrivals: Mapping[str, int], post_count: int, first_event_at: datetime, now: datetime,
    width: int = 124, height: int = 32,
) -> Growth:  # fmt: skip
    """`arrivals` by ten minutes as `queries.read_arrivals` gives them for one incident."""
    window = next((w for w in _WINDOWS if now - first_event_at <= w), LONGEST)
    start = now - window
    moments = {_when(bucket): count for bucket, count in arrivals.items()}
    step = window / (_POINTS - 1)
    totals = []
    inside = sum(count for when, count in moments.items() if when >= start)
    for point in range(_POINTS):
        until = start + point * step
        seen = sum(count for when, count in moments.items() if start <= when <= until)
        totals.append(max(0, post_count - inside) + seen)
    totals[-1] = post_count
    last_hour = sum(count for when, count in moments.items() if when > now - _HOUR)
    text = f"近1小时 +{last_hour}" if last_hour else "近1小时无新增"
    hours = int(window.total_seconds() // 3600)
    label = f"近{hours}小时由 {totals[0]} 条增至 {post_count} 条"
    return Growth(sparkline(totals, label, width, height), text, last_hour)


def _when(bucket: str) -> datetime:
    return datetime.strptime(bucket + "0", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
