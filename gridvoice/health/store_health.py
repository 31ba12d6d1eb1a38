"""What the store tells of the system's troubles: sources, channels, backlogs, things set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.sending.outage import is_down, is_held, unclear_since
from db import health, undated
from db.channel_states import channel_state_rows
from domain.alerts import ChannelState
from domain.clock import SHANGHAI
from domain.masking.mask import mask
from domain.trouble import Trouble

_BACKLOG_AFTER = timedelta(minutes=5)
_SOON = timedelta(minutes=1)
_UNDATED_WITHIN = timedelta(hours=24)
_BLIND_AFTER = timedelta(minutes=30)
_DOWN_AFTER = timedelta(minutes=2)
_SUCCESS_WHEN = "请向对方问明怎样的应答才算收下，并在 channels.yaml 写明 success_when。"
_CHECK = "请用 gridvoice sources check 检查其配置与网站。"
Part = Callable[[Connection, datetime], Iterable[Trouble]]
_ASIDE = {  # lane → what befell it, whether somebody may miss a complaint by it
    "take": ("帖文入库出错，已单独搁置", True),
    "assess": ("帖文研判出错，已单独搁置", True),
    "group": ("帖文归并出错，已单独搁置", True),
    "incident": ("事件处理出错，已单独搁置", True),
    "rescore": ("帖文重新研判出错，已单独搁置", False),
    "timer": ("事件续报出错，已单独搁置", True),
    "poll": ("采集条目无法入库，已单独搁置", False),
}


def store_troubles(
    conn: Connection,
    now: datetime,
    source_titles: Mapping[str, str] | None = None,
    channel_titles: Mapping[str, str] | None = None,
    zone: ZoneInfo = SHANGHAI,
) -> list[Trouble]:
    """All that its rows show, from a fixed number of statements.

    Channels that `channel_titles` does not name are configured no longer and trouble nobody.
    """
    parts = store_parts(source_titles, channel_titles, zone)
    return [trouble for part in parts.values() for trouble in part(conn, now)]


def store_parts(
    source_titles: Mapping[str, str] | None = None,
    channel_titles: Mapping[str, str] | None = None,
    zone: ZoneInfo = SHANGHAI,
) -> dict[str, Part]:
    """The same by what they look at, for whoever wants one that raises to cost only itself."""
    titles = source_titles or {}
    return {
        "信息源": lambda conn, now: _sources(conn, titles, now, zone),
        "帖文时间": lambda conn, now: _undated(conn, titles, now),
        "预警通道": lambda conn, now: _channels(conn, channel_titles, now, zone),
        "积压": _backlogs,
        "搁置": lambda conn, now: _set_aside(conn),
    }


def _sources(
    conn: Connection, titles: Mapping[str, str], now: datetime, zone: ZoneInfo
) -> Iterator[Trouble]:
    rows = health.configured_sources(conn)
    late = [row for row in rows if health.is_late(row, now)]
    if late and len(late) == len(rows):
        yield Trouble(
            key="crawl:stopped",
            what="采集可能已停止：所有信息源都过了轮询时间。",
            todo="请确认 gridvoice run 正在运行；若在运行，请查看其日志。",
            alarm=True,
            href="/sources",
            tell_after=_SOON,
        )
        late = []
    for row in rows:
        subject = titles.get(row.name, row.name)
        if row.failures:
            success = row.last_success_at
            since = f"上次成功 {_clock(success, now, zone)}；" if success else "从未成功；"
            yield Trouble(
                key=f"source:{row.name}",
                what="信息源读取失败",
                subject=subject,
                todo=f"{since}{mask(row.last_problem or '')} {_CHECK}",
                href="/sources",
                tell_after=_BLIND_AFTER,
            )
        elif row in late:
            yield Trouble(
                key=f"late:{row.name}",
                what="信息源迟迟没有轮询",
                subject=subject,
                todo="请确认采集进程在运行，并查看日志。",
                href="/sources",
                tell_after=_BLIND_AFTER,
            )


def _undated(conn: Connection, titles: Mapping[str, str], now: datetime) -> Iterator[Trouble]:
    """Posts that may be news and are told to nobody, because their times cannot be read."""
    for row in undated.undated(conn, now - _UNDATED_WITHIN):
        yield Trouble(
            key=f"undated:{row.source}",
            what=f"近 24 小时有 {row.count} 条帖文的时间读不懂（例如“{mask(row.example)[:40]}”），"
            "不知新旧，可能没有推送",
            subject=titles.get(row.source, row.source),
            todo=f"请人工查看这些帖文。{_CHECK}",
            href="/sources",
            tell_after=_SOON,
        )


def _channels(
    conn: Connection, configured: Mapping[str, str] | None, now: datetime, zone: ZoneInfo
) -> Iterator[Trouble]:
    titles = configured or {}
    for state in channel_state_rows(conn):
        if configured is not None and state.name not in configured:
            continue
        name = titles.get(state.name, state.name)
        todo = f"请用 gridvoice alerts test {state.name} 检查；在此之前请电话通知相关人员。"
        why = mask(state.problem or "原因未知")
        since = state.down_since
        if since is not None and (is_down(state) or now - since > _DOWN_AFTER):
            yield Trouble(
                key=f"channel:{state.name}",
                what=f"预警通道“{name}”自 {_clock(since, now, zone)} 起{_fares(state)}：{why}",
                todo=f"{todo}{_SUCCESS_WHEN}" if unclear_since(state) else todo,
                alarm=True,
                tell_after=_SOON,
            )
        elif is_held(state, now):
            assert state.blocked_until is not None
            until = _clock(state.blocked_until, now, zone)
            yield Trouble(
                key=f"held:{state.name}",
                what=f"预警通道“{name}”应对方要求暂停到 {until}：{why}",
                todo=todo,
                alarm=True,
                tell_after=_DOWN_AFTER,
            )
    for channel, count in health.dead_by_channel(conn).items():
        yield Trouble(
            key=f"dead:{channel}",
            what=f"{count} 条预警经“{titles.get(channel, channel)}”多次推送失败，已停止重试。",
            todo="请用 gridvoice alerts list --dead 查看原因，修好通道后用 gridvoice alerts retry"
            " 重发；在此之前请电话通知相关人员。",
            alarm=True,
            tell_after=_SOON,
        )


def _fares(state: ChannelState) -> str:
    if unclear_since(state):
        return "应答看不出是否收下"
    return f"发不出去（连续失败 {state.failures} 次）"


def _backlogs(conn: Connection, now: datetime) -> Iterator[Trouble]:
    waiting = health.unassessed(conn)
    if waiting.oldest is not None and now - waiting.oldest > _BACKLOG_AFTER:
        yield Trouble(
            key="backlog:assess",
            what=f"研判积压 {waiting.count} 条，最早一条已等 {_lasting(now - waiting.oldest)}。",
            todo="请确认研判任务在运行，并查看日志。",
            alarm=True,
            tell_after=_SOON,
        )
    waiting = health.unsent(conn, now)
    if waiting.oldest is not None and now - waiting.oldest > _BACKLOG_AFTER:
        yield Trouble(
            key="backlog:send",
            what=f"推送积压 {waiting.count} 条，最早一条已等 {_lasting(now - waiting.oldest)}。",
            todo="请用 gridvoice alerts list 查看是哪个通道；在此之前请电话通知相关人员。",
            alarm=True,
            tell_after=_SOON,
        )


def _set_aside(conn: Connection) -> Iterator[Trouble]:
    for lane, names in health.aside_by_lane(conn).items():
        what, alarm = _ASIDE.get(lane, ("处理出错，已单独搁置", False))
        more = f" 等 {len(names)} 条" if len(names) > 1 else ""
        yield Trouble(
            key=f"aside:{lane}",
            what=f"{what}：{mask(names[0])}{more}。",
            todo="其余照常处理；请用 gridvoice set-aside list 查看，并把日志交给维护人员；"
            "升级后会自动再试。",
            alarm=alarm,
            tell_after=_SOON,
        )


def _clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _lasting(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} 分钟" if minutes < 120 else f"{minutes // 60} 小时"
