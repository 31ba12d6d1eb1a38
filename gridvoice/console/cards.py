"""An incident as the board and its own page show it: every text masked and worded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import Row

from domain.masking import mask
from domain.model import (
    Area,
    Category,
    IncidentState,
    PostChannel,
    Severity,
)
from gridvoice.console.growth import growth
from gridvoice.console.queries import Arrivals
from gridvoice.console.words import Moment, is_pressing, lasting, moment


@dataclass(frozen=True, slots=True)
class Card:
    """舆情事件 for a template."""

    id: int
    number: str
    title: str
    severity: str
    severity_label: str
    category: str
    category_label: str
    state: str
    state_label: str
    open: bool
    area: str
    area_label: str
    place_code: str | None
    place: str | None
    station: str | None
    where: tuple[str, ...]  # place, station, category, for one line
    post_count: int
    channels: tuple[str, ...]
    first: Moment
    last: Moment
    opened: Moment
    age: str
    pressing: bool
    report_no: int
    reopened: bool
    previous: str | None
    fresh: bool
    spark: Markup
    growth: str
    last_hour: int

    @property
    def can_acknowledge(self) -> bool:
        return self.state == IncidentState.DISCOVERED

    @property
    def summary(self) -> str:
        """The matter in a sentence."""
        where = self.place or "地点尚未识别"
        through = "、".join(self.channels)
        seen = f"，见于{through}" if through else ""
        grown = f"，近1小时新增 {self.last_hour} 条" if self.last_hour else ""
        return f"{where}：{self.post_count} 条帖文反映{self.category_label}问题{seen}{grown}。"


def card(
    row: Row[Any], arrivals: Arrivals, reopened: bool, now: datetime,
    width: int = 124, height: int = 32,
) -> Card:  # fmt: skip
    """One row of `incidents` (without profile) for people; `width`, `height` of its curve."""
    state = IncidentState(row.state)
    curve = growth(arrivals, row.post_count, row.first_event_at, now, width, height)
    category = Category(row.category).label
    place = mask(row.place) if row.place else None
    waiting = now - row.opened_at
    if state is IncidentState.DISCOVERED:
        age = f"待接收 {lasting(waiting)}"
    elif state.is_open:
        age = f"历时 {lasting(waiting)}"
    else:
        age = f"历时 {lasting(row.updated_at - row.opened_at)}"
    return Card(
        id=row.id,
        number=row.number,
        title=mask(row.title),
        severity=row.severity,
        severity_label=Severity(row.severity).label,
        category=row.category,
        category_label=category,
        state=row.state,
        state_label=state.label,
        open=state.is_open,
        area=row.area,
        area_label=Area(row.area).label,
        place_code=row.place_code,
        place=place,
        station=row.station,
        where=tuple(part for part in (place, row.station, category) if part),
        post_count=row.post_count,
        channels=tuple(PostChannel.label_of(c) for c in row.channels),
        first=moment(row.first_event_at, now),
        last=moment(row.last_event_at, now),
        opened=moment(row.opened_at, now),
        age=age,
        pressing=state is IncidentState.DISCOVERED and is_pressing(row.severity, waiting),
        report_no=row.report_no,
        reopened=reopened,
        previous=row.previous,
        fresh=row.fresh,
        spark=curve.spark,
        growth=curve.text,
        last_hour=curve.last_hour,
    )
