"""How the console words moments, spans of time and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.labelled import Labelled

# How long a new incident may wait to be taken before its age is shown in red.
_TAKE_WITHIN = {
    "red": timedelta(minutes=10),
    "orange": timedelta(minutes=30),
    "yellow": timedelta(hours=2),
    "blue": timedelta(hours=8),
}


def label_of(words: type[Labelled], written: str) -> str:
    """The label of a word as the store has it; of one that it should not have, the word itself."""
    return next((word.label for word in words if word == written), written)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for a template: `iso` for programs, `short` for people."""

    iso: str
    short: str


def moment(when: datetime, now: datetime) -> Moment:
    """`今天 03:10`, this year `11月24日 03:10`, else with the year; in the zone of `now`."""
    local = when.astimezone(now.tzinfo)
    stamp = local.isoformat(timespec="seconds")
    if local.date() == now.date():
        return Moment(stamp, f"今天 {local:%H:%M}")
    spoken = f"{local.month}月{local.day}日 {local:%H:%M}"
    return Moment(stamp, spoken if local.year == now.year else f"{local.year}年{spoken}")


def lasting(span: timedelta) -> str:
    """`不到1分钟`, `12分钟`, `3小时20分`, `5天`."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 1:
        return "不到1分钟"
    if minutes < 60:
        return f"{minutes}分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}小时{minutes}分" if minutes and hours < 10 else f"{hours}小时"
    return f"{hours // 24}天"


def interval(span: timedelta) -> str:
    """How often something is done: `20秒`, `5分钟`."""
    seconds = round(span.total_seconds())
    return f"{seconds}秒" if seconds < 60 else lasting(timedelta(seconds=seconds))


def counted(number: int) -> str:
    """`1,284`; from ten thousand on `1.2万`."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 10_000:.1f}".removesuffix(".0") + "万"


def is_pressing(severity: str, waiting: timedelta) -> bool:
    """Whether an incident that nobody has taken has waited too long."""
    return severity in _TAKE_WITHIN and waiting > _TAKE_WITHIN[severity]


def midnight(now: datetime) -> datetime:
    """The start of the day in the zone of `now`."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
