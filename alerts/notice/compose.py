"""What an alert says: one phone screen of Chinese, masked, every report of an incident alike.

Read it as the duty officer at 03:10: what, where, how bad, how fast, why flagged, what to do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.notice.clip import clip
from alerts.notice.escape import clean, harmless
from alerts.notice.excerpt import PublicPost, excerpt, grounds, shown
from alerts.notice.notice import Action, Fact, Notice, Quote
from alerts.notice.playbook import Playbook
from alerts.routing.decide import LastReport
from domain.alerts import AlertReason
from domain.assessments import Area
from domain.clock import SHANGHAI
from domain.incidents.incident import Incident, IncidentState
from domain.masking.mask import mask, mask_address
from domain.posts import PostChannel

_QUOTED = 5
_SAID = 2  # of them, in a line for people
_URL_CHARACTERS = 800
_NOTE = "详情未能生成，请直接查看"


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to be told of an incident, under its `report_no`.

    `posts` in the order in which they are to be quoted; `told` is what people heard before, so
    that the change can be named; `warning` is a line of its own.
    """

    incident: Incident
    reason: AlertReason
    now: datetime
    posts: Sequence[PublicPost] = ()
    playbook: Playbook | None = None
    public_url: str | None = None
    told: LastReport | None = None
    warning: str | None = None
    zone: ZoneInfo = SHANGHAI


def compose(report: Report) -> Notice:
    """The notice of one alert."""
    incident, is_over = report.incident, report.reason is AlertReason.CLOSED
    why = tuple(grounds(report.posts))
    facts = [
        *_change(report),
        *([Fact("注意", harmless(report.warning))] if report.warning else []),
        *_matter(incident, report.now, report.zone),
    ]
    if why and not is_over:
        facts.append(Fact("依据", "；".join(harmless(ground) for ground in why[:4])))
    return Notice(
        heading=_heading(incident, report.reason),
        number=_number(incident),
        written_at=report.now,
        action=_action(incident, report.public_url, is_over),
        about=_masked(incident),
        reason=report.reason,
        facts=tuple(facts),
        why=why,
        quotes=tuple(_quotes(report)),
        playbook=_orders(report.playbook),
    )


def compose_plain(report: Report) -> Notice:
    """The plainest notice there is, where the whole one could not be made: how grave, which and
    where to look. No post, no title, no place is quoted."""
    incident = dataclasses.replace(
        report.incident, title=_NOTE, place=None, place_code=None, station=None, channels=()
    )
    return Notice(
        heading=f"【{incident.severity.label}·{report.reason.label}】",
        number=_number(incident),
        written_at=report.now,
        action=_action(incident, report.public_url, only_look=True),
        about=_masked(incident),
        reason=report.reason,
        facts=(Fact("", _NOTE),),
    )


def compose_test(channel: str, public_url: str | None, now: datetime) -> Notice:
    """What `gridvoice alerts test` sends: plainly a test."""
    local = now.astimezone(SHANGHAI)
    system = (
        Action("系统", public_url.rstrip("/")) if public_url else Action("系统：未配置 public_url")
    )
    return Notice(
        heading="【测试】预警通道测试",
        number=f"测试 {local:%Y-%m-%d %H:%M:%S}",
        written_at=now,
        action=system,
        reason=AlertReason.TEST,
        facts=(
            Fact("通道", harmless(channel)),
            Fact("", "收到即表示本通道可用，无需处置。"),
        ),
    )


def _masked(incident: Incident) -> Incident:
    return dataclasses.replace(
        incident,
        title=clip(shown(incident.title), 200),
        place=_name(incident.place),
        station=_name(incident.station),
        channels=tuple(clip(clean(name), 40) for name in incident.channels[:20]),
    )


def _orders(playbook: Playbook | None) -> Playbook | None:
    """What of a playbook is said at once: who, and the first steps."""
    return playbook and dataclasses.replace(playbook, about="", limits=None, reply="")


def _name(name: str | None) -> str | None:
    return None if name is None else clip(clean(name), 100)


def _number(incident: Incident) -> str:
    return f"{incident.number} 第{incident.report_no}报"


def _action(incident: Incident, public_url: str | None, only_look: bool) -> Action:
    words, verb = ("查看", "show") if only_look else ("接收处置", "ack")
    # None where no address that a phone can reach is configured.
    link = f"{public_url.rstrip('/')}/incidents/{incident.number}" if public_url else None
    who = "" if only_look else " --who 姓名"
    return Action(words, link, f"gridvoice incidents {verb} {incident.number}{who}")


def _heading(incident: Incident, reason: AlertReason) -> str:
    where = clip(harmless(incident.place or ""), 16)
    if incident.area is Area.UNKNOWN:
        where = f"{where}（属地待核）" if where else "属地待核"
    matter = incident.category.label
    title = reason.label
    if reason is AlertReason.CLOSED:
        title = incident.state.label
    return f"【{incident.severity.label}·{title}】{where or '地点不明'} {matter}"


def _change(report: Report) -> list[Fact]:
    incident, told = report.incident, report.told
    if report.reason is AlertReason.CLOSED:
        return [Fact("结果", _ending(incident, report.now))]
    if told is None:
        return []
    parts: list[str] = []
    if report.reason is AlertReason.REOPENED:
        parts.append("办结后又有新反映，请核实是否真正解决")
    if incident.severity is not told.severity:
        parts.append(f"等级 {told.severity.label}→{incident.severity.label}")
    if incident.post_count > told.post_count:
        since = _span(report.now - told.at)
        parts.append(f"{since}内 {told.post_count}帖→{incident.post_count}帖")
    joined = [c for c in incident.channels if c not in told.channels]
    if joined:
        parts.append(f"新增{_channels(joined)}")
    return [Fact("变化", "；".join(parts))] if parts else []


def _ending(incident: Incident, now: datetime) -> str:
    if incident.state is IncidentState.FALSE_ALARM:
        return "经核实为误报，无需再处置"
    if incident.state is IncidentState.MERGED:
        return "已并入同一事由的其他事件，请看链接"
    return f"处置完毕，已办结，历时{_span(now - incident.opened_at)}"


def _matter(incident: Incident, now: datetime, zone: ZoneInfo) -> list[Fact]:
    facts = [Fact("事由", clip(harmless(mask(incident.title)), 40))]
    if incident.area is Area.UNKNOWN:
        facts.append(Fact("属地", "未能判定，请先核实是否本单位供区"))
    elif incident.station:
        facts.append(Fact("责任", clip(harmless(incident.station), 30)))
    size = f"{incident.post_count}帖"
    if incident.post_count > 1:
        size += f"（{_span(incident.last_event_at - incident.first_event_at)}内）"
    first = _when(incident.first_event_at, now, zone)
    facts.append(Fact("规模", f"{size}，{_channels(incident.channels)}；首帖{first}"))
    if incident.previous:
        facts.append(Fact("前情", f"此前同类事件 {incident.previous}"))
    return facts


def _quotes(report: Report) -> Iterator[Quote]:
    for n, post in enumerate(report.posts[:_QUOTED]):
        yield Quote(
            said=_said(post, report.now, report.zone) if n < _SAID else "",
            title=clip(shown(post.title), 80),
            text=clip(shown(post.text), 200),
            channel=clip(clean(post.channel), 40),
            url=_address(post.url),
            # A moment that no clock shows fails here, where it is told plainly, not at each send.
            published_at=post.published_at and post.published_at.astimezone(report.zone),
        )


def _address(url: str | None) -> str | None:
    masked = mask_address(url)
    return masked if masked is not None and len(masked) <= _URL_CHARACTERS else None


def _said(post: PublicPost, now: datetime, zone: ZoneInfo) -> str:
    words = harmless(excerpt(post, 56))
    if not words:
        return ""
    channel = harmless(PostChannel.label_of(post.channel))
    at = _when(post.published_at, now, zone) if post.published_at else ""
    return f"{channel}{at} {words}"


def _channels(names: Sequence[str]) -> str:
    titles = [harmless(PostChannel.label_of(name)) for name in names]
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
