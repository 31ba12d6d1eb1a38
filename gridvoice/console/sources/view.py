"""The sources page: what comes in (sources), what goes out (alert channels), how it fares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from alerts.sending.outage import is_held
from db.channel_states import channel_state_rows
from db.health import is_late
from db.pages.sources import ShownSource, read_sources
from domain.alerts import ChannelState
from domain.masking.mask import mask
from gridvoice.console.shared.banners import banners
from gridvoice.console.shared.context import Context, SourceCard
from gridvoice.console.shared.wording import Moment, counted, lasting, moment

_IN_THE_TABLE = ("source", "late")


@dataclass(frozen=True, slots=True)
class SourceView:
    """信息源 for a template. `health`: good, late, failing or new."""

    title: str
    about: str
    health: str
    health_label: str
    problem: str
    success: Moment | None
    success_ago: str
    fresh: Moment | None
    next: Moment | None
    polls: str
    posts: str


@dataclass(frozen=True, slots=True)
class ChannelView:
    """预警通道 for a template. `health` as of a source."""

    title: str
    about: str
    health: str
    health_label: str
    problem: str
    success: Moment | None


def sources_page(conn: Connection, context: Context, now: datetime) -> dict[str, Any]:
    """What sources.html shows."""
    return {
        "banners": banners(t for t in context.troubles() if t.kind not in _IN_THE_TABLE),
        "rows": [_view(row, context, now) for row in read_sources(conn)],
        "channels": _channels(conn, context.config.channels.values(), now),
    }


def _channels(
    conn: Connection, configured: Iterable[ConfiguredChannel], now: datetime
) -> list[ChannelView]:
    states = {state.name: state for state in channel_state_rows(conn)}
    return [_channel(one, states.get(one.name, ChannelState(one.name)), now) for one in configured]


def _channel(one: ConfiguredChannel, state: ChannelState, now: datetime) -> ChannelView:
    health, label, problem = "good", one.status.label, ""
    if one.status is not ChannelStatus.READY:
        health, problem = "failing", one.problem
    elif state.down_since is not None:
        health, problem = "failing", state.problem or ""
        label = f"自{moment(state.down_since, now).short}起发不出去"
    elif is_held(state, now) and state.blocked_until is not None:
        health, problem = "late", state.problem or ""
        label = f"应对方要求暂停到{moment(state.blocked_until, now).short}"
    return ChannelView(
        title=one.title,
        about="通到人" if one.reaches_people else "只留在本机",
        health=health,
        health_label=label,
        problem=mask(problem),
        success=moment(state.succeeded_at, now) if state.succeeded_at else None,
    )


def _view(row: ShownSource, context: Context, now: datetime) -> SourceView:
    card = context.sources.get(row.name) or SourceCard(row.name)
    health, label = _health(row, now)
    success = row.last_success_at
    return SourceView(
        title=card.title,
        about=card.about,
        health=health,
        health_label=label,
        problem=mask((row.last_problem if row.failures else row.last_notice) or ""),
        success=moment(success, now) if success else None,
        success_ago=f"{lasting(now - success)}前" if success else "",
        fresh=moment(row.last_new_at, now) if row.last_new_at else None,
        next=moment(row.next_at, now),
        polls=counted(row.polls),
        posts=counted(row.posts_found),
    )


def _health(row: ShownSource, now: datetime) -> tuple[str, str]:
    if row.failures:
        return "failing", f"连续失败 {row.failures} 次"
    if is_late(row, now):
        return "late", f"迟到 {lasting(now - row.next_at)}"
    if row.last_success_at is None:
        polled_now = row.lease_until is not None and row.lease_until > now
        return "new", "读取中" if polled_now else "等待首次读取"
    if row.last_notice:
        return "good", "正常，请留意"
    return "good", "正常"
