"""The timeline of an incident: its append-only events and what became of each alert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain.masking import mask
from domain.model import ALERT_REASON_TITLES, CHANNEL_TITLES, SEVERITY_TITLES, STATE_TITLES
from gridvoice.console.words import Moment, moment

_DELIVERY_TITLES = {
    "new": "待发送",
    "sending": "发送中",
    "retry": "等待重试",
    "delivered": "已送达",
    "dead": "失败，已停止重试",
}
_JOINED = "post_joined"
# kind of event: (how the timeline marks it, what it says)
_KINDS = {
    "opened": ("opened", "发现事件"),
    _JOINED: ("joined", "新帖并入"),
    "severity_raised": ("raised", "等级升高"),
    "severity_lowered": ("joined", "等级降低"),
    "grew": ("joined", "扩散"),
    "new_channel": ("joined", "跨渠道传播"),
    "reopened": ("reopened", "复燃，重新打开"),
    "acknowledged": ("act", "已接收"),
    "closed": ("act", "已办结"),
    "false_alarm": ("act", "判为误报"),
    "note": ("act", "备注"),
    "alert": ("alert", "发出预警"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """推送: one delivery of an alert."""

    state: str
    state_label: str
    to: str
    tries: str
    answer: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of the timeline. `lines` are masked sentences."""

    kind: str
    what: str
    at: Moment
    lines: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = field(default=())


def story(
    events: Sequence[Row[Any]],
    deliveries: Sequence[Row[Any]],
    channel_titles: Mapping[str, str],
    now: datetime,
) -> list[Entry]:
    """`events` newest first; posts that joined one after the other become one entry."""
    by_event: dict[int, list[Row[Any]]] = defaultdict(list)
    for delivery in deliveries:
        by_event[delivery.event_id].append(delivery)
    entries: list[Entry] = []
    joined = 0
    for event in events:
        alerts = by_event.get(event.id, [])
        if event.kind == _JOINED and not alerts:
            joined += 1
            if joined > 1:
                latest = entries.pop()
                entries.append(Entry("joined", f"{joined} 条新帖并入", latest.at))
                continue
        else:
            joined = 0
        if alerts:
            entries.append(_alert(alerts, channel_titles, now))
        entries.append(_event(event, now))
    return entries


def _event(event: Row[Any], now: datetime) -> Entry:
    mark, what = _KINDS.get(event.kind, ("joined", STATE_TITLES.get(event.kind, event.kind)))
    lines = []
    if event.who:
        lines.append(mask(event.who) + (f"：{mask(event.note)}" if event.note else ""))
    elif event.note:
        lines.append(mask(event.note))
    change = _change(event.data)
    if change:
        lines.append(change)
    return Entry(mark, what, moment(event.at, now), tuple(lines))


def _change(data: Mapping[str, Any]) -> str:
    """`一般 → 重大` of a severity, the channel of a post; nothing where the event says neither."""
    before, after = data.get("from"), data.get("to")
    for titles in (SEVERITY_TITLES, STATE_TITLES):
        if before in titles and after in titles:
            return f"{titles[before]} → {titles[after]}"
    channel = data.get("channel")
    return f"来自{CHANNEL_TITLES[channel]}" if channel in CHANNEL_TITLES else ""


def _alert(rows: Sequence[Row[Any]], channel_titles: Mapping[str, str], now: datetime) -> Entry:
    first = rows[0]
    reason = ALERT_REASON_TITLES.get(first.reason, first.reason)
    what = f"第{first.report_no}报 · {reason}" if first.report_no else reason
    line = f"{SEVERITY_TITLES.get(first.severity, first.severity)}预警"
    sent = tuple(_sent(row, channel_titles, now) for row in rows if row.channel is not None)
    return Entry(
        "alert", what, moment(first.at, now), () if sent else (f"{line}，没有可用的通道",), sent
    )


def _sent(row: Row[Any], channel_titles: Mapping[str, str], now: datetime) -> Sent:
    to = channel_titles.get(row.channel, row.channel)
    if row.recipient:
        to += f" → {mask(row.recipient)}"
    tries = f"{row.attempts} 次尝试"
    if row.delivered_at is not None:
        took = (row.delivered_at - row.at).total_seconds()
        tries = f"{moment(row.delivered_at, now).short}，用时 {_seconds(took)}" + (
            f"，第 {row.attempts} 次成功" if row.attempts > 1 else ""
        )
    elif row.state == "retry":
        tries += f"，{moment(row.next_at, now).short} 再试"
    if row.resend:
        tries += "，重发"
    answer = " ".join(part for part in (row.last_code, row.last_text) if part)
    return Sent(
        row.state,
        _DELIVERY_TITLES.get(row.state, row.state),
        to,
        tries,
        f"应答：{mask(answer)}" if answer else "",
    )


def _seconds(span: float) -> str:
    return f"{max(span, 0):.1f} 秒" if span < 90 else f"{span / 60:.0f} 分钟"
