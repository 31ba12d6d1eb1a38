"""What each act requires: the whole table, every act in every state."""

from __future__ import annotations

import pytest

from domain.incidents.acts import ACTS, TRANSITIONS, ActRule
from domain.incidents.incident import IncidentState
from domain.incidents.roles import Role

S = IncidentState
OPEN = {S.DISCOVERED, S.ACKNOWLEDGED, S.INVESTIGATING, S.RESPONDED, S.RECTIFIED, S.REVIEWED}
ALLOWED = {"ack": {S.DISCOVERED}, "close": OPEN, "false_alarm": OPEN}


@pytest.mark.parametrize("state", list(IncidentState))
@pytest.mark.parametrize("name", list(ALLOWED))
def test_every_act_in_every_state(name: str, state: IncidentState) -> None:
    refusal = ACTS[name].refusal("20261124-007", state)
    assert (refusal is None) is (state in ALLOWED[name])
    if refusal is not None:
        assert "20261124-007" in refusal
        assert state.label in refusal


def test_the_table_above_names_every_act() -> None:
    assert set(ALLOWED) == set(ACTS)


def test_a_refusal_says_what_stands_in_the_way() -> None:
    ack, close = ACTS["ack"], ACTS["close"]
    assert ack.refusal("1", S.INVESTIGATING) == "事件 1 已有人接手，现为“调查中”"
    assert ack.refusal("1", S.CLOSED) == "事件 1 已是“已办结”，不能再改为“已接收”"
    assert close.refusal("1", S.FALSE_ALARM) == "事件 1 已是“误报”，不能再改为“已办结”"
    note = ActRule("催办", None, event="urged")
    assert note.refusal("1", S.CLOSED) == "事件 1 已是“已办结”，不能再催办"
    assert [s for s in S if note.refusal("1", s) is None] == [s for s in S if s in OPEN]


def test_every_state_has_its_row_and_no_way_leads_to_itself() -> None:
    assert set(TRANSITIONS) == set(IncidentState)
    assert not [state for state, ends in TRANSITIONS.items() if state in ends]
    for state in OPEN:
        assert {S.CLOSED, S.FALSE_ALARM, S.MERGED} <= TRANSITIONS[state]
    assert TRANSITIONS[S.CLOSED] == {S.DISCOVERED}
    assert TRANSITIONS[S.FALSE_ALARM] == TRANSITIONS[S.MERGED] == frozenset()


def test_each_act_writes_an_entry_of_its_own_kind_and_has_a_role() -> None:
    kinds = [rule.kind for rule in ACTS.values()]
    assert len(set(kinds)) == len(kinds)
    assert all(kinds)
    assert {rule.role for rule in ACTS.values()} <= set(Role)
