"""Alerts 预警 and deliveries 推送: why people are told, and what came of a sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.labelled import Labelled


class AlertReason(Labelled):
    """预警缘由: why people are told, now."""

    FIRST = "first", "首报"
    SEVERITY_RAISED = "severity_raised", "等级升高"
    GREW = "grew", "扩散"  # passed a growth threshold
    NEW_CHANNEL = "new_channel", "跨渠道传播"
    REOPENED = "reopened", "复燃"
    CLOSED = "closed", "办结"  # the recovery notice
    TEST = "test", "测试"


class DeliveryState(Labelled):
    """推送状态."""

    NEW = "new", "待发送"
    SENDING = "sending", "发送中"
    RETRY = "retry", "等待重试"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "失败，已停止重试"
    WITHDRAWN = "withdrawn", "已撤回"  # held by quiet hours until a later report said it better


def state_words(state: DeliveryState, withdrawn_for: int | None) -> str:
    """How a delivery stands, for people; `withdrawn_for`: the number of the report that did so."""
    if state is DeliveryState.WITHDRAWN and withdrawn_for is not None:
        return f"{state.label}（由第{withdrawn_for}报代替）"
    return state.label


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How an alert channel fares. `down_since`: the first of its present `failures` in a row.

    `blocked_until`: its receiver asked for rest. `probe_at`: while it is down or held, from when on
    one delivery may try it again. `problem`: what its receiver said last, no secrets.
    """

    name: str
    blocked_until: datetime | None = None
    problem: str | None = None
    down_since: datetime | None = None
    failures: int = 0
    probe_at: datetime | None = None
    succeeded_at: datetime | None = None


class Outcome(StrEnum):
    """What one attempt came to (`SendError` carries all but DELIVERED)."""

    DELIVERED = "delivered"
    RETRY = "retry"
    BAD_CONFIG = "bad_config"
    BAD_RECEIVER = "bad_receiver"
    TOO_LONG = "too_long"
    UNKNOWN = "unknown"  # may have been accepted: resend, marked
    UNCLEAR = "unclear"  # 2xx, and neither yes nor no: likely accepted, so few resends, marked


MAY_BE_SEEN = frozenset({Outcome.UNKNOWN, Outcome.UNCLEAR})


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's own words on an accepted message."""

    code: str
    text: str


class SendError(Exception):
    """A message was not delivered. The text never holds a URL, key or signature."""

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        text: str,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{outcome}: {code} {text}".strip())
        self.outcome = outcome
        self.code = code
        self.text = text
        self.retry_after_s = retry_after_s
