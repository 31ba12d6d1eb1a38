"""Whether alerts reach anybody, told in Chinese for the operator who looks at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from alerts.sending.outage import failing_since, is_held, unclear_since
from domain.alerts import ChannelState
from domain.clock import short


def reach_lines(
    channels: Iterable[ConfiguredChannel], states: Mapping[str, ChannelState], now: datetime
) -> list[str]:
    """A line a channel that is meant to reach people or is not well, and one when none of them
    reaches anybody now."""
    lines, reached = [], False
    for opened in channels:
        state = states.get(opened.name, ChannelState(opened.name))
        trouble = _trouble(opened, state, now)
        if opened.reaches_people or trouble:
            lines.append(f"通道 {opened.name}（{opened.title}）：{trouble or '通到人'}")
        reached |= opened.is_way_to_people and not trouble
    if not reached:
        lines.append("注意：目前没有任何通道能把预警送到人，请检查 channels.yaml 并电话值守")
    return lines


def _trouble(opened: ConfiguredChannel, state: ChannelState, now: datetime) -> str:
    if opened.status is ChannelStatus.NOT_CONFIGURED:
        return opened.problem
    if opened.status is ChannelStatus.BROKEN:
        return f"{opened.status.label}：{opened.problem}"
    since = failing_since(state)
    if since is not None:
        # A clock that was put back must not tell of an outage to come.
        return f"自{short(min(since, now))}起不通，连续失败 {state.failures} 次：{state.problem}"
    since = unclear_since(state)
    if since is not None:
        return f"自{short(min(since, now))}起，应答看不出是否收下：{state.problem}"
    if is_held(state, now) and state.blocked_until is not None:
        rest = (state.blocked_until - now) // timedelta(seconds=1)
        return f"对方要求暂停，{rest} 秒后再发：{state.problem}"
    return ""
