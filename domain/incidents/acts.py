"""处置: from which state an incident may go to which, and what each act of a person requires."""

from __future__ import annotations

from dataclasses import dataclass

from domain.incidents.events import EventKind
from domain.incidents.incident import IncidentState
from domain.incidents.roles import Role

_S = IncidentState
_ENDS = frozenset((_S.CLOSED, _S.FALSE_ALARM, _S.MERGED))

# A closed one is opened again by posts alone (复燃), never by an act.
TRANSITIONS: dict[IncidentState, frozenset[IncidentState]] = {
    _S.DISCOVERED: _ENDS | {_S.ACKNOWLEDGED},
    _S.ACKNOWLEDGED: _ENDS | {_S.INVESTIGATING},
    _S.INVESTIGATING: _ENDS | {_S.RESPONDED},
    _S.RESPONDED: _ENDS | {_S.RECTIFIED},
    _S.RECTIFIED: _ENDS | {_S.REVIEWED},
    _S.REVIEWED: _ENDS,
    _S.CLOSED: frozenset((_S.DISCOVERED,)),
    _S.FALSE_ALARM: frozenset(),
    _S.MERGED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class ActRule:
    """What an act is called, where it leads, of whom and what it asks.

    `to` None: the state stays, any open incident will do. `event`: the kind of entry that it writes
    into the timeline, by default the state's name. `too_late` says why an open incident refuses it,
    with {state} for the one it is in. `asks`: what is said where no word of a person stands
    beside the act; empty: none is needed.
    """

    title: str
    to: IncidentState | None
    role: Role = Role.DUTY
    event: str = ""
    too_late: str = "现为“{state}”"
    asks: str = ""

    @property
    def kind(self) -> str:
        """The kind of entry that the timeline gets."""
        return self.event or (self.to or "")

    def refusal(self, number: str, state: IncidentState) -> str | None:
        """Why an incident in that state does not allow the act, in Chinese; None: it does."""
        allowed = state.is_open and (self.to is None or self.to in TRANSITIONS[state])
        if allowed:
            return None
        is_now = state.label
        if state.is_open:
            return f"事件 {number} {self.too_late.format(state=is_now)}"
        wanted = f"再改为“{self.to.label}”" if self.to else f"再{self.title}"
        return f"事件 {number} 已是“{is_now}”，不能{wanted}"


# By the name that the act has in addresses and commands.
ACTS: dict[str, ActRule] = {
    "ack": ActRule("接收", _S.ACKNOWLEDGED, too_late="已有人接手，现为“{state}”"),
    "close": ActRule("办结", _S.CLOSED, asks="请写明处理结果。"),
    "false_alarm": ActRule("判为误报", _S.FALSE_ALARM, asks="请写明为何是误报。"),
}

# What an entry of the timeline says, by its kind: what happened, or the state that an act led to.
_HAPPENED: dict[str, str] = {
    EventKind.OPENED: "发现事件",
    EventKind.JOINED: "新帖并入",
    EventKind.EDITED: "帖文被修改",
    EventKind.FOLLOW_UP: "静默期满，补报变化",
    EventKind.REOPENED: "复燃，重新打开",
    EventKind.NOTE: "备注",
    _S.ACKNOWLEDGED: "已接收",
    _S.INVESTIGATING: "开始调查",
    _S.RESPONDED: "已回应",
    _S.RECTIFIED: "已整改",
    _S.REVIEWED: "已评估",
    _S.CLOSED: "已办结",
    _S.FALSE_ALARM: "判为误报",
    _S.MERGED: "已合并",
}


def told_as(kind: str) -> str:
    """What an entry of this kind says; of a strange one the kind itself."""
    acts = (f"已{rule.title}" for rule in ACTS.values() if rule.kind == kind)
    return _HAPPENED.get(kind) or next(acts, kind)
