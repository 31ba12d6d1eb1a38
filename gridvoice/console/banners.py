"""What is wrong right now, each with what to do about it; nothing when all is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from domain.masking import mask
from gridvoice.console.queries import Figures
from gridvoice.console.surroundings import Surroundings, Trouble
from gridvoice.console.words import lasting

LATE_AFTER = timedelta(minutes=2)
_BACKLOG_AFTER = timedelta(minutes=5)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Banner:
    """A line across the page. `level`: alarm, warn or done."""

    level: str
    what: str
    todo: str
    href: str = ""


def banners(
    figures: Figures,
    sources: Sequence[Row[Any]],
    blocked: Sequence[Row[Any]],
    around: Surroundings,
    now: datetime,
) -> list[Banner]:
    """`sources`: failing ones; `blocked`: alert channels held back. The gravest first."""
    found = list(around.troubles())
    if figures.sources and figures.late == figures.sources:
        found.append(
            Trouble(
                "采集可能已停止：所有信息源都过了轮询时间。",
                "请确认 gridvoice run 正在运行；若在运行，请查看其日志。",
                alarm=True,
                href="/sources",
            )
        )
    if figures.dead:
        found.append(
            Trouble(
                f"{figures.dead} 条预警多次推送失败，已停止重试。",
                "请用 gridvoice alerts list 查看原因，修好通道后用 gridvoice alerts retry 重发；"
                "在此之前请电话通知相关人员。",
                alarm=True,
            )
        )
    for channel in blocked:
        until = f"，{lasting(channel.blocked_until - now)}后再试"
        found.append(
            Trouble(
                f"预警通道 {channel.name} 暂停{until}：{mask(channel.problem or '原因未知')}",
                f"请用 gridvoice alerts test {channel.name} 检查。",
                alarm=True,
            )
        )
    if figures.oldest_unjudged and now - figures.oldest_unjudged > _BACKLOG_AFTER:
        waited = lasting(now - figures.oldest_unjudged)
        found.append(
            Trouble(
                f"研判积压 {figures.backlog} 条，最早一条已等 {waited}。",
                "请确认研判任务在运行，并查看日志。",
                alarm=True,
            )
        )
    if sources:
        found.append(_failing(sources, around))
    found.sort(key=lambda trouble: not trouble.alarm)
    return [Banner("alarm" if x.alarm else "warn", x.what, x.todo, x.href) for x in found]


def _failing(sources: Sequence[Row[Any]], around: Surroundings) -> Trouble:
    first = sources[0]
    names = [
        card.title if (card := around.sources.get(row.name)) else row.name
        for row in sources[:_NAMED]
    ]
    more = f" 等 {len(sources)} 个" if len(sources) > _NAMED else ""
    return Trouble(
        f"信息源读取失败：{'、'.join(names)}{more}。",
        f"{mask(first.last_problem or '')} 请用 gridvoice sources check 检查其配置与网站。".strip(),
        href="/sources",
    )
