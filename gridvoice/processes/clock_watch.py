"""Steps of the wall clock: seen against the monotonic one, said, and remembered for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.clock import SHANGHAI, utc_now
from domain.trouble import Trouble

STEP_S = 5.0  # less than this is ordinary correction
_SHOWN_S = 600.0
_KEPT = 3


class ClockWatch:
    """Asked every second or so. The two clocks may be handed in."""

    def __init__(
        self,
        zone: ZoneInfo = SHANGHAI,
        wall: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._zone, self._wall, self._monotonic = zone, wall, monotonic
        self._offset = self._difference()
        self._steps: list[tuple[float, datetime, float]] = []  # (when, as it was then, seconds)

    def _difference(self) -> float:
        return self._wall().timestamp() - self._monotonic()

    def look(self) -> float | None:
        """Seconds by which the clock was set forward (back: below 0) since the last look."""
        before, self._offset = self._offset, self._difference()
        step = self._offset - before
        if abs(step) < STEP_S:
            return None
        self._steps.append((self._monotonic(), self._wall() - timedelta(seconds=step), step))
        del self._steps[:-_KEPT]
        return step

    def troubles(self) -> list[Trouble]:
        """The steps of the last minutes."""
        now = self._monotonic()
        shown = [(at, step) for when, at, step in self._steps if now - when < _SHOWN_S]
        if not shown:
            return []
        told = "，".join(
            f"{at.astimezone(self._zone):%H:%M} 被{'拨快' if step > 0 else '拨慢'} {_span(step)}"
            for at, step in shown
        )
        return [
            Trouble(
                key="clock",
                what=f"系统时钟{told}。",
                todo="采集、研判与推送照常；请检查对时服务，若机器刚从休眠恢复可不理会。",
                tell_after=timedelta(seconds=10),
                lasts=False,
            )
        ]


def _span(seconds: float) -> str:
    whole = round(abs(seconds))
    if whole < 120:
        return f"{whole} 秒"
    if whole < 7200:
        return f"{whole // 60} 分钟"
    return f"{whole // 3600} 小时" if whole < 48 * 3600 else f"{whole // 86400} 天"
