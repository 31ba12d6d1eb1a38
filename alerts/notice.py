"""What the operator is told about the system itself: what is wrong, what to do, what is well again.

Short, masked, and one message however much goes wrong at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.fit import clip, clip_lines, escape
from alerts.render import MARKDOWN_BYTES, NAME, TEXT_BYTES
from domain.clock import SHANGHAI, iso
from domain.masking import mask
from domain.model import Message

_NAMED = 6
_WHAT, _TODO = 140, 110


@dataclass(frozen=True, slots=True)
class Item:
    """One trouble that began or ended."""

    key: str
    what: str
    todo: str
    since: datetime
    alarm: bool = False


def render_notice(
    of_whom: str,
    begun: Sequence[Item],
    over: Sequence[Item],
    public_url: str | None,
    now: datetime,
    zone: ZoneInfo = SHANGHAI,
) -> Message:
    """The message; the same troubles of the same beginnings give the same id."""
    heading = f"【系统告警】{len(begun)} 项异常" if begun else f"【系统恢复】{len(over)} 项"
    number = f"{NAME} {escape(of_whom)} {now.astimezone(zone):%m-%d %H:%M}"
    lines = []
    for n, item in enumerate(begun[:_NAMED], 1):
        lines.append(f"{n}. {_said(item, _WHAT)}（{_clock(item.since, now, zone)}起）")
        if item.todo:
            lines.append(f"   → {clip(escape(mask(item.todo)), _TODO)}")
    for item in over[:_NAMED]:
        lines.append(f"已恢复：{_said(item, 80)}（{_clock(item.since, now, zone)}起）")
    left = max(0, len(begun) - _NAMED) + max(0, len(over) - _NAMED)
    if left:
        lines.append(f"另有 {left} 项，见控制台。")
    way = f"控制台：{public_url}" if public_url else "详情见控制台。"
    whole = [heading, number, *lines, way]
    return Message(
        delivery_id=_id(begun, over),
        title=heading,
        text=clip_lines("\n".join(whole), TEXT_BYTES),
        markdown=clip_lines("\n".join([f"**{heading}**", *whole[1:]]), MARKDOWN_BYTES),
        payload={
            "type": "system.trouble",
            "title": heading,
            "at": iso(now),
            "begun": [_payload(item, zone) for item in begun[:20]],
            "over": [_payload(item, zone) for item in over[:20]],
            "link": public_url,
            "resend": False,
        },
    )


def _said(item: Item, limit: int) -> str:
    return clip(escape(mask(item.what)), limit).rstrip("。")


def _clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    same = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if same else f"{local.month}月{local.day}日 {local:%H:%M}"


def _payload(item: Item, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "key": item.key,
        "what": clip(mask(item.what), 300),
        "todo": clip(mask(item.todo), 200),
        "since": iso(item.since, zone),
        "alarm": item.alarm,
    }


def _id(begun: Sequence[Item], over: Sequence[Item]) -> str:
    known = sorted(
        f"{verb} {item.key} {iso(item.since)}"
        for verb, items in (("begun", begun), ("over", over))
        for item in items
    )
    return "trouble_" + hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]
