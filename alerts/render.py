"""What an alert says: one phone screen of Chinese, masked, every report of an incident alike.

Read it as the duty officer at 03:10: what, where, how bad, how fast, why flagged, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.decide import Told
from alerts.fit import clip, clip_lines, escape
from alerts.message import RESEND_MARK, mark_resend
from alerts.payload import payload_of
from alerts.playbook import Playbook
from alerts.quote import QuotedPost, excerpt, grounds
from domain.clock import SHANGHAI
from domain.masking import mask
from domain.model import (
    ALERT_REASON_TITLES,
    CATEGORY_TITLES,
    CHANNEL_TITLES,
    STATE_TITLES,
    AlertReason,
    Area,
    Incident,
    IncidentState,
    Message,
)

TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
_MARK_BYTES = len(RESEND_MARK.encode())
NAME = "电力民声"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message: its label (empty: none) and what it says."""

    label: str
    words: str


def render(
    incident: Incident,
    reason: AlertReason,
    report_no: int,
    posts: Sequence[QuotedPost],
    playbook: Playbook | None,
    public_url: str | None,
    delivery_id: str,
    now: datetime,
    told: Told | None = None,
    warning: str | None = None,
    resend: bool = False,
    zone: ZoneInfo = SHANGHAI,
) -> Message:
    """The message of one alert.

    `posts` in the order in which they should be quoted (two in text, five in the payload); `told`
    is what people heard before, so that the change can be named; `warning` a line of its own.
    Text ≤ 2,048 bytes, markdown ≤ 4,096, payload < 20,000; number and link are always kept, and
    there is room for the mark of a resend.
    """
    why = grounds(posts)
    heading = _heading(incident, reason)
    number = f"{NAME} {incident.number} 第{report_no}报"
    link = link_of(incident.number, public_url)
    act = "查看" if _is_over(reason) else "接收处置"
    lines = [
        *_change(incident, reason, told, now),
        *([Line("注意", escape(warning))] if warning else []),
        *_matter(incident, now, zone),
        *([] if _is_over(reason) else _grounds(why, posts, now, zone)),
    ]
    steps = _steps(reason, playbook)
    message = Message(
        delivery_id=delivery_id,
        title=f"{heading} {incident.number} 第{report_no}报",
        text=_text(heading, number, lines, steps, _way(incident.number, link, act)),
        markdown=_markdown(
            heading, number, lines, steps, _way_markdown(incident.number, link, act)
        ),
        payload=payload_of(incident, reason, report_no, posts, why, playbook, link, now),
    )
    return mark_resend(message) if resend else message


def render_test(channel: str, public_url: str | None, delivery_id: str, now: datetime) -> Message:
    """The message of `gridvoice alerts test`: plainly a test, through the same limits."""
    local = now.astimezone(SHANGHAI)
    heading = "【测试】预警通道测试"
    number = f"{NAME} 测试 {local:%Y-%m-%d %H:%M:%S}"
    lines = [Line("通道", escape(channel)), Line("", "收到即表示本通道可用，无需处置。")]
    way = f"系统：{public_url.rstrip('/')}" if public_url else "系统：未配置 public_url"
    return Message(
        delivery_id=delivery_id,
        title=heading,
        text=_text(heading, number, lines, [], way),
        markdown=_markdown(heading, number, lines, [], way),
        payload={
            "type": "incident.alert",
            "number": None,
            "report_no": 0,
            "reason": AlertReason.TEST.value,
            "reason_title": ALERT_REASON_TITLES[AlertReason.TEST],
            "title": heading,
            "link": public_url,
            "resend": False,
        },
    )


def link_of(number: str, public_url: str | None) -> str | None:
    """The page of an incident, None where no address reachable from a phone is configured."""
    return f"{public_url.rstrip('/')}/incidents/{number}" if public_url else None


def _is_over(reason: AlertReason) -> bool:
    return reason is AlertReason.CLOSED


def _heading(incident: Incident, reason: AlertReason) -> str:
    where = clip(escape(incident.place or ""), 16)
    if incident.area is Area.UNKNOWN:
        where = f"{where}（属地待核）" if where else "属地待核"
    matter = CATEGORY_TITLES.get(incident.category, str(incident.category))
    title = ALERT_REASON_TITLES[reason]
    if _is_over(reason):
        title = STATE_TITLES[incident.state]
    return f"【{incident.severity.label}·{title}】{where or '地点不明'} {matter}"


def _change(
    incident: Incident, reason: AlertReason, told: Told | None, now: datetime
) -> list[Line]:
    if _is_over(reason):
        return [Line("结果", _ending(incident, now))]
    if told is None:
        return []
    parts: list[str] = []
    if reason is AlertReason.REOPENED:
        parts.append("办结后又有新反映，请核实是否真正解决")
    if incident.severity is not told.severity:
        parts.append(f"等级 {told.severity.label}→{incident.severity.label}")
    if incident.post_count > told.post_count:
        since = _span(now - told.at)
        parts.append(f"{since}内 {told.post_count}帖→{incident.post_count}帖")
    joined = [c for c in incident.channels if c not in told.channels]
    if joined:
        parts.append(f"新增{_channels(joined)}")
    return [Line("变化", "；".join(parts))] if parts else []


def _ending(incident: Incident, now: datetime) -> str:
    if incident.state is IncidentState.FALSE_ALARM:
        return "经核实为误报，无需再处置"
    if incident.state is IncidentState.MERGED:
        return "已并入同一事由的其他事件，请看链接"
    return f"处置完毕，已办结，历时{_span(now - incident.opened_at)}"


def _matter(incident: Incident, now: datetime, zone: ZoneInfo) -> list[Line]:
    lines = [Line("事由", clip(escape(mask(incident.title)), 40))]
    if incident.area is Area.UNKNOWN:
        lines.append(Line("属地", "未能判定，请先核实是否本单位供区"))
    elif incident.station:
        lines.append(Line("责任", clip(escape(incident.station), 30)))
    size = f"{incident.post_count}帖"
    if incident.post_count > 1:
        size += f"（{_span(incident.last_event_at - incident.first_event_at)}内）"
    first = _when(incident.first_event_at, now, zone)
    lines.append(Line("规模", f"{size}，{_channels(incident.channels)}；首帖{first}"))
    if incident.previous:
        lines.append(Line("前情", f"此前同类事件 {incident.previous}"))
    return lines


def _grounds(
    why: Sequence[str], posts: Sequence[QuotedPost], now: datetime, zone: ZoneInfo
) -> list[Line]:
    lines: list[Line] = []
    if why:
        lines.append(Line("依据", "；".join(escape(ground) for ground in why[:4])))
    for post in posts[:2]:
        words = escape(excerpt(post, 56))
        if words:
            channel = CHANNEL_TITLES.get(post.channel, post.channel)
            at = _when(post.published_at, now, zone) if post.published_at else ""
            lines.append(Line("原帖", f"{escape(channel)}{at} {words}"))
    return lines


def _steps(reason: AlertReason, playbook: Playbook | None) -> list[str]:
    if _is_over(reason) or playbook is None:
        return []
    head = f"先做（{clip(escape(playbook.who), 30)}）："
    steps = enumerate(playbook.steps[:3], 1)
    return [head, *(f"{n}. {clip(escape(step), 60)}" for n, step in steps)]


def _way(number: str, link: str | None, act: str) -> str:
    return f"{act}：{link}" if link else _by_command(number, act)


def _way_markdown(number: str, link: str | None, act: str) -> str:
    return f"[{act} {number}]({link})" if link else _by_command(number, act)


def _by_command(number: str, act: str) -> str:
    verb = "show" if act == "查看" else "ack"
    return f"{act}：在值班电脑执行 gridvoice incidents {verb} {number}"


def _text(heading: str, number: str, lines: Sequence[Line], steps: Sequence[str], way: str) -> str:
    body = [f"{line.label}：{line.words}" if line.label else line.words for line in lines]
    whole = "\n".join([heading, number, *body, *steps, way])
    return clip_lines(whole, TEXT_BYTES - _MARK_BYTES)


def _markdown(
    heading: str, number: str, lines: Sequence[Line], steps: Sequence[str], way: str
) -> str:
    body = [f"**{line.label}**：{line.words}" if line.label else line.words for line in lines]
    whole = "\n".join([f"**{heading}**", number, *body, *steps, way])
    return clip_lines(whole, MARKDOWN_BYTES - _MARK_BYTES)


def _channels(names: Sequence[str]) -> str:
    titles = [escape(CHANNEL_TITLES.get(name, name)) for name in names]
    if len(titles) > 4:
        return "、".join(titles[:3]) + f"等{len(titles)}个渠道"
    return "、".join(titles)


def _when(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"昨天{local:%H:%M}"
    year = f"{local.year}年" if local.year != today.year else ""
    return f"{year}{local.month}月{local.day}日{local:%H:%M}"


def _span(length: timedelta) -> str:
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes}分钟"
    hours = round(minutes / 60)
    return f"{hours}小时" if hours < 48 else f"{round(hours / 24)}天"
