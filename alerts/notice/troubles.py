"""What the operator is told about the system itself: what is wrong, what to do, what is well again.

Short, masked, and one notice however much goes wrong at once.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.notice.clip import clip
from alerts.notice.escape import harmless
from alerts.notice.notice import Action, Fact, Notice, TroubleItem, Troubles
from domain.clock import SHANGHAI, iso
from domain.masking.mask import mask

_NAMED = 6
_LISTED = 20
_WHAT, _TODO = 140, 110


def compose_troubles(
    of_whom: str,
    troubles: Troubles,
    public_url: str | None,
    now: datetime,
    zone: ZoneInfo = SHANGHAI,
) -> Notice:
    """What the people of `of_whom` are told of its troubles."""
    begun, over = troubles.begun, troubles.over
    facts = [*_begun(begun, now, zone), *_over(over, now, zone)]
    left = max(0, len(begun) - _NAMED) + max(0, len(over) - _NAMED)
    if left:
        facts.append(Fact("", f"另有 {left} 项，见控制台。"))
    return Notice(
        heading=f"【系统告警】{len(begun)} 项异常" if begun else f"【系统恢复】{len(over)} 项",
        number=f"{harmless(of_whom)} {now.astimezone(zone):%m-%d %H:%M}",
        written_at=now,
        action=Action("控制台", public_url) if public_url else Action("详情见控制台。"),
        about=Troubles(_masked(begun), _masked(over)),
        facts=tuple(facts),
    )


def id_of(troubles: Troubles) -> str:
    """The same for the same troubles of the same beginnings."""
    known = sorted(
        f"{verb} {item.key} {iso(item.since)}"
        for verb, items in (("begun", troubles.begun), ("over", troubles.over))
        for item in items
    )
    return "trouble_" + hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]


def _begun(items: Sequence[TroubleItem], now: datetime, zone: ZoneInfo) -> Iterator[Fact]:
    for n, item in enumerate(items[:_NAMED], 1):
        yield Fact("", f"{n}. {_said(item, _WHAT)}（{_clock(item.since, now, zone)}起）")
        if item.todo:
            yield Fact("", f"   → {clip(harmless(mask(item.todo)), _TODO)}")


def _over(items: Sequence[TroubleItem], now: datetime, zone: ZoneInfo) -> Iterator[Fact]:
    for item in items[:_NAMED]:
        yield Fact("已恢复", f"{_said(item, 80)}（{_clock(item.since, now, zone)}起）")


def _said(item: TroubleItem, limit: int) -> str:
    return clip(harmless(mask(item.what)), limit).rstrip("。")


def _clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    same = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if same else f"{local.month}月{local.day}日 {local:%H:%M}"


def _masked(items: Sequence[TroubleItem]) -> tuple[TroubleItem, ...]:
    return tuple(
        dataclasses.replace(item, what=clip(mask(item.what), 300), todo=clip(mask(item.todo), 200))
        for item in items[:_LISTED]
    )
