"""The timeline of an incident: its append-only events and what became of each alert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from db.pages.incident import ShownAlert, ShownDelivery
from db.timeline import EventRow
from domain.alerts import AlertReason, DeliveryState, state_words
from domain.assessments import Severity
from domain.incidents.acts import told_as
from domain.masking.mask import mask
from gridvoice.console.shared.wording import Moment, label_of, moment

_JOINED = ("joined", "edited", "follow_up")
_MARKS = {"opened": "opened", "reopened": "reopened", "note": "act"} | dict.fromkeys(
    _JOINED, "joined"
)


@dataclass(frozen=True, slots=True)
class Sent:
    """推送: one delivery of an alert."""

    state: str
    state_label: str
    to: str
    tries: str
    answer: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step of the timeline. `lines` are masked sentences."""

    kind: str
    what: str
    at: Moment
    lines: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = field(default=())


def story(
    events: Sequence[EventRow],
    sent: Sequence[ShownAlert],
    channel_titles: Mapping[str, str],
    now: datetime,
    held: Moment | None = None,
) -> list[TimelineEntry]:
    """`events` newest first; posts that joined one after the other become one entry. `held`: until
    when people are not told of the newest of them."""
    by_event: dict[int, list[ShownAlert]] = defaultdict(list)
    for alert in sent:
        by_event[alert.event_id].append(alert)
    entries: list[TimelineEntry] = []
    joined = 0
    for event in events:
        alerts = by_event.get(event.id, [])
        plain = event.kind == "joined" and not alerts and not event.data.get("raised")
        joined = joined + 1 if plain else 0
        if joined > 1:
            latest = entries.pop()
            entries.append(TimelineEntry("joined", f"{joined} 条新帖并入", latest.at))
        elif alerts and event.kind in _JOINED:
            # What caused an alert stands in it: one change, one entry.
            entries.append(_alert(alerts, channel_titles, now, _event(event, now).lines))
        else:
            if alerts:
                entries.append(_alert(alerts, channel_titles, now))
            entries.append(_event(event, now))
    return entries if held is None else _with_hold(entries, held)


def _with_hold(entries: list[TimelineEntry], until: Moment) -> list[TimelineEntry]:
    """The latest change since the last alert says that it is not told yet."""
    for place, entry in enumerate(entries):
        if entry.kind not in ("joined", "raised", "act"):
            break
        if entry.kind != "act":
            said = replace(entry, lines=(*entry.lines, f"未推送，冷却至{until.short}"))
            return [*entries[:place], said, *entries[place + 1 :]]
    return entries


def _event(event: EventRow, now: datetime) -> TimelineEntry:
    what = told_as(event.kind)
    # Whatever else is known is a person's act.
    mark = _MARKS.get(event.kind) or ("joined" if what == event.kind else "act")
    lines = []
    if event.who:
        lines.append(mask(event.who) + (f"：{mask(event.note)}" if event.note else ""))
    elif event.note:
        lines.append(mask(event.note))
    raised = event.data.get("raised")
    if raised:
        mark, what = ("raised", "等级升高") if event.kind == "joined" else (mark, what)
        lines.append("因：" + "、".join(mask(str(reason)) for reason in raised))
    return TimelineEntry(mark, mask(what), moment(event.at, now), tuple(lines))


def _alert(
    alerts: Sequence[ShownAlert],
    channel_titles: Mapping[str, str],
    now: datetime,
    lines: tuple[str, ...] = (),
) -> TimelineEntry:
    first = alerts[0]
    reason = label_of(AlertReason, first.reason)
    level = label_of(Severity, first.severity)
    what = f"第{first.report_no}报 · {level} · {reason}"
    mark = first.reason if first.reason in ("severity_raised", "reopened") else "alert"
    sent = tuple(_sent(one, a.at, channel_titles, now) for a in alerts for one in a.deliveries)
    if not sent:
        lines = (*lines, "没有可用的预警通道，未推送。")
    return TimelineEntry(mark, what, moment(first.at, now), lines, sent)


def _sent(
    row: ShownDelivery, decided_at: datetime, channel_titles: Mapping[str, str], now: datetime
) -> Sent:
    to = channel_titles.get(row.channel, row.channel)
    if row.recipient:
        to += f" → {mask(row.recipient)}"
    tries = f"{row.attempts} 次尝试" if row.state != DeliveryState.WITHDRAWN else ""
    if row.delivered_at is not None:
        took = (row.delivered_at - decided_at).total_seconds()
        tries = f"{moment(row.delivered_at, now).short}，用时 {_seconds(took)}" + (
            f"，第 {row.attempts} 次成功" if row.attempts > 1 else ""
        )
    elif row.state == "retry":
        later = row.next_at > now  # else it waits for its channel to work again
        tries += f"，{moment(row.next_at, now).short} 再试" if later else "，等待再试"
    if row.resend:
        tries += "，重发"
    # What a machine says to a message that it took is nobody's business here.
    said = () if row.state == DeliveryState.DELIVERED else (row.last_code, row.last_text)
    answer = " ".join(part for part in said if part)
    return Sent(
        row.state,
        _state(row),
        to,
        tries,
        f"应答：{mask(answer)}" if answer else "",
    )


def _state(row: ShownDelivery) -> str:
    known = next((state for state in DeliveryState if state == row.state), None)
    return row.state if known is None else state_words(known, row.withdrawn_for)


def _seconds(span: float) -> str:
    return f"{max(span, 0):.1f} 秒" if span < 90 else f"{span / 60:.0f} 分钟"
