"""An incident as the board and its own page show it: every text masked and worded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from db.pages.board import Arrivals
from db.pages.incident import ShownIncident
from domain.incidents.acts import ACTS
from domain.incidents.incident import IncidentState
from domain.masking.mask import mask
from domain.posts import PostChannel
from gridvoice.console.incidents.growth import growth
from gridvoice.console.shared.wording import Moment, is_pressing, lasting, moment


@dataclass(frozen=True, slots=True)
class Card:
    """舆情事件 for a template."""

    number: str
    title: str
    severity: str
    severity_label: str
    category_label: str
    state: str
    state_label: str
    open: bool
    allows: frozenset[str]  # names of acts
    area: str
    area_label: str
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
    held: Moment | None  # until when people are not told of what is new
    reopened: bool
    previous: str | None
    fresh: bool
    spark: Markup
    growth: str
    last_hour: int

    @property
    def summary(self) -> str:
        """The matter in a sentence."""
        where = self.place or "地点尚未识别"
        through = "、".join(self.channels)
        seen = f"，见于{through}" if through else ""
        grown = f"，近1小时新增 {self.last_hour} 条" if self.last_hour else ""
        return f"{where}：{self.post_count} 条帖文反映{self.category_label}问题{seen}{grown}。"


def card(
    shown: ShownIncident, arrivals: Arrivals, reopened: bool, held: datetime | None, now: datetime,
    width: int = 124, height: int = 32,
) -> Card:  # fmt: skip
    """An incident for people; `held`: until when its change is held back; `width`, `height` of its
    curve."""
    incident = shown.incident
    state = incident.state
    curve = growth(arrivals, incident.post_count, incident.first_event_at, now, width, height)
    category = incident.category.label
    place = mask(incident.place) if incident.place else None
    waiting = now - incident.opened_at
    if state is IncidentState.DISCOVERED:
        age = f"待接收 {lasting(waiting)}"
    elif state.is_open:
        age = f"历时 {lasting(waiting)}"
    else:
        age = f"历时 {lasting(shown.updated_at - incident.opened_at)}"
    return Card(
        number=incident.number,
        title=mask(incident.title),
        severity=incident.severity,
        severity_label=incident.severity.label,
        category_label=category,
        state=state,
        state_label=state.label,
        open=state.is_open,
        allows=frozenset(
            n for n, act in ACTS.items() if act.refusal(incident.number, state) is None
        ),
        area=incident.area,
        area_label=incident.area.label,
        place=place,
        station=incident.station,
        where=tuple(part for part in (place or "地点不明", incident.station, category) if part),
        post_count=incident.post_count,
        channels=tuple(PostChannel.label_of(c) for c in incident.channels),
        first=moment(incident.first_event_at, now),
        last=moment(incident.last_event_at, now),
        opened=moment(incident.opened_at, now),
        age=age,
        pressing=state is IncidentState.DISCOVERED and is_pressing(incident.severity, waiting),
        report_no=incident.report_no,
        held=moment(held, now) if held and state.is_open else None,
        reopened=reopened,
        previous=incident.previous,
        fresh=incident.fresh,
        spark=curve.spark,
        growth=curve.text,
        last_hour=curve.last_hour,
    )
