"""Settings that fit their types and still cannot work: each contradiction is named."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.channels.opening import Channels
from alerts.notice.playbook import Playbook
from alerts.routing.roster import Roster, fits_place
from alerts.routing.route import Routes
from domain.assessments import Category
from domain.input.load import BadSettings, load_text

PERSON = "people: [{name: 甲, reach: {group: a}}, {name: 乙, reach: {phone: '1'}}]\n"
SHIFT = "shifts: [{name: 早, start: '08:00', end: '20:00', who: [甲, 乙]}]\n"


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        (Routes, "default: []", "default: 为空"),
        (Routes, "default: [{channel: a}]\nroutes: ["
         "{name: x, to: [{channel: a}]}, {name: x, to: [{channel: b}]}]", "'x' 重名"),
        (Routes, "default: [{channel: a}]\noperator: [{channel: a, recipient: on_duty}]",
         "不适用于运维"),
        (Roster, PERSON.replace("乙", "甲"), "'甲' 列了两次"),
        (Roster, PERSON + SHIFT.replace("乙", "丙"), "早: people 中没有 '丙'"),
        (Channels, "channels: [{name: a, kind: file}, {name: a, kind: stdout}]", "'a' 重名"),
    ],
)  # fmt: skip
def test_a_contradiction_is_named(shape: Any, text: str, said: str) -> None:
    with pytest.raises(BadSettings) as raised:
        load_text(text, shape, "x.yaml")
    assert said in str(raised.value)
    assert len(raised.value.problems) == 1


def test_what_contradicts_nothing_is_read() -> None:
    text = "default: [{channel: a, recipient: on_duty}]\noperator: [{channel: b}]\n"
    routes = load_text(text + "quiet: [{channels: [c], hours: {}}]", Routes, "r.yaml")
    assert (routes.channel_names(), routes.duty_channels()) == ({"a", "b", "c"}, {"a"})
    roster = load_text(PERSON + SHIFT, Roster, "r.yaml")
    assert roster.in_use
    assert not Roster().in_use
    assert roster.unreached(["group"]) == ["乙"]
    assert roster.unreached(["group", "phone"]) == []
    assert roster.unreached([]) == ["甲", "乙"]


def test_a_place_fits_by_the_beginning_of_its_code_or_by_a_part_of_its_name() -> None:
    for wanted, code, name, fits in (
        (("411003",), "411003102", "小召乡", True), (("411003102",), "411003", "建安区", False),
        (("小召",), None, "小召乡", True), (("小召乡",), "411003102", "小召", False),
        (("411003",), None, "小召乡", False), (("小召",), "411003102", None, False),
        ((), "411003102", "小召乡", False), (("x", "小召"), None, "小召乡", True),
    ):  # fmt: skip
        assert fits_place(wanted, code, name) is fits, (wanted, code, name)


def test_a_playbook_fits_on_a_telephone() -> None:
    def problems(*steps: str) -> list[tuple[str, str]]:
        return list(Playbook(Category.SUPPLY_QUALITY, "停电", "运检", steps).problems())

    assert problems("a" * 60) == problems(*"abcde") == []
    assert problems() == [("steps", "有 0 步; 手机上容得下一至五步")]
    assert problems(*"abcdef") == [("steps", "有 6 步; 手机上容得下一至五步")]
    assert problems("a", "b" * 61) == [("steps", "bbbbbbbbbbbb… 有 61 字; 至多 60")]
