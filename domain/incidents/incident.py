"""Incidents 舆情事件: the posts about one matter in one place and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.assessments import Area, Category, Severity
from domain.labelled import Labelled


class IncidentState(Labelled):
    """处置状态."""

    DISCOVERED = "discovered", "已发现"
    ACKNOWLEDGED = "acknowledged", "已接收"
    INVESTIGATING = "investigating", "调查中"
    RESPONDED = "responded", "已回应"
    RECTIFIED = "rectified", "已整改"
    REVIEWED = "reviewed", "已评估"
    CLOSED = "closed", "已办结"
    FALSE_ALARM = "false_alarm", "误报"
    MERGED = "merged", "已合并"

    @property
    def is_open(self) -> bool:
        return self not in (self.CLOSED, self.FALSE_ALARM, self.MERGED)


@dataclass(frozen=True, slots=True)
class Incident:
    """舆情事件: the posts about one matter in one place and time, as it stands now."""

    number: str  # e.g. "20261124-007", by the local day of opening
    title: str
    category: Category
    severity: Severity
    state: IncidentState
    area: Area
    place_code: str | None
    place: str | None
    station: str | None
    first_event_at: datetime
    last_event_at: datetime
    opened_at: datetime  # when we knew of it: first_seen of its first post
    post_count: int
    channels: tuple[str, ...]
    report_no: int = 0  # 第N报: how many times people were told of a real change
    previous: str | None = None
    severity_score: float = 0.0
    fresh: bool = True  # False: no post of it was fresh when first seen (digest only)
