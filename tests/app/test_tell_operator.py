"""Trouble comes to the operator by a channel that is not itself the trouble, over real HTTP."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.channel import Channel
from alerts.routing.route import Destination, Hours, Quiet, Routes
from domain.trouble import Trouble
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM
from gridvoice.health.told import Told
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import tell_operator
from gridvoice.tasks.tell_operator import Operator, destinations

NOW = timedelta(0)
DISK = Trouble(
    "disk", "磁盘快满：只剩 3 MB。", "请清理，或拨打 13812345678。", True, tell_after=NOW
)
SOURCE = Trouble("source:a", "信息源读取失败", "请检查。", subject="甲板", tell_after=NOW)
ROBOT_DOWN = Trouble(
    "channel:duty_group", "预警通道“群”发不出去。", "请检查。", True, tell_after=NOW
)
BOTH_DOWN = (ROBOT_DOWN, dataclasses.replace(ROBOT_DOWN, key="channel:centre"))
ToGateway = Callable[[Gateway], Configuration]


class Scene:
    """An operator task, the troubles that stand and what came to the two receivers and the file."""

    def __init__(self, config: Configuration, gateway: Gateway, folder: Path) -> None:
        self.config, self.gateway, self.folder = config, gateway, folder
        self.standing: list[Trouble] = []
        self.told = Told()
        self.operator = Operator(config, lambda: self.standing, self.told, 0.0)

    def turn(self, *standing: Trouble) -> None:
        self.standing = list(standing)
        self.operator(lambda: True)

    def robot(self) -> list[str]:
        return [a.body["text"]["content"] for a in self.gateway.accepted_at(WECOM)]

    def centre(self) -> list[dict[str, Any]]:
        return [a.body for a in self.gateway.accepted_at(CENTRE)]

    def file(self) -> list[dict[str, Any]]:
        path = self.folder / "alerts.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def scene(
    gateway: Gateway, to_gateway: ToGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    monkeypatch.setattr(tell_operator, "_GAP_S", 0.0)
    monkeypatch.setattr(tell_operator, "_CALM_GAP_S", 0.0)
    return Scene(to_gateway(gateway), gateway, tmp_path)


def with_routes(config: Configuration, **changes: Any) -> Configuration:
    return dataclasses.replace(config, routes=dataclasses.replace(config.routes, **changes))


def test_many_troubles_are_one_message_to_the_group_and_are_told_once(scene: Scene) -> None:
    for _ in range(5):
        scene.turn(DISK, SOURCE)
    (said,) = scene.robot()
    for words in ("【系统告警】2 项异常", "磁盘快满", "→ 请清理", "信息源读取失败：甲板", "起）"):
        assert words in said
    assert "13812345678" not in said
    assert scene.centre() == [], "a system of others, where a chat works"


def test_the_end_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.turn(DISK)
    monkeypatch.setattr("gridvoice.health.told.OVER_AFTER_S", 0.0)
    scene.turn()
    scene.turn()
    _, last = scene.robot()
    assert "【系统恢复】1 项" in last
    assert "已恢复：磁盘快满" in last


def test_a_dead_channel_is_told_by_another(scene: Scene) -> None:
    scene.turn(ROBOT_DOWN)
    assert scene.robot() == []
    (payload,) = scene.centre()
    assert payload["type"] == "system.trouble"
    assert payload["begun"][0]["key"] == "channel:duty_group"


def test_where_every_channel_is_down_the_file_has_it_and_people_hear_when_one_works(
    scene: Scene,
) -> None:
    for _ in range(3):
        scene.turn(DISK, *BOTH_DOWN)
    assert (scene.robot(), scene.centre()) == ([], [])
    assert len(scene.file()) == 1
    scene.turn(DISK, ROBOT_DOWN)
    assert scene.centre()[0]["begun"][0]["key"] == "disk"
    scene.turn(DISK, ROBOT_DOWN)
    assert len(scene.centre()) == 1


def test_a_receiver_that_refuses_is_asked_again(scene: Scene) -> None:
    scene.gateway.script(WECOM, ["500", "refuse"])
    scene.turn(DISK)
    scene.turn(DISK)
    assert scene.robot() == []
    scene.turn(DISK)
    scene.turn(DISK)
    assert len(scene.robot()) == 1


def test_after_a_message_the_next_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell_operator, "_CALM_GAP_S", 3600.0)
    scene.turn(SOURCE)
    others = [dataclasses.replace(SOURCE, key=f"source:{n}") for n in range(20)]
    scene.turn(SOURCE, *others)
    assert len(scene.robot()) == 1, "many that fail one after the other are no stream of messages"
    scene.turn(SOURCE, *others, DISK)
    assert len(scene.robot()) == 2, "an alarm does not wait, and takes the rest along"
    assert "2 项异常" in scene.robot()[-1]
    monkeypatch.setattr(tell_operator, "_GAP_S", 3600.0)
    scene.turn(SOURCE, *others, DISK, dataclasses.replace(DISK, key="people"))
    assert len(scene.robot()) == 2


def test_at_night_only_what_cannot_wait_is_told(
    gateway: Gateway, to_gateway: ToGateway, tmp_path: Path
) -> None:
    always = Quiet(("duty_group",), Hours("00:00", "24:00"))
    scene = Scene(with_routes(to_gateway(gateway), quiet=(always,)), gateway, tmp_path)
    scene.turn(SOURCE)
    assert scene.robot() == []
    scene.turn(SOURCE, DISK)
    (said,) = scene.robot()
    assert "磁盘快满" in said
    assert "甲板" not in said


def test_without_a_way_to_people_it_is_written_into_the_file_once(
    config: Configuration, gateway: Gateway, tmp_path: Path
) -> None:
    scene = Scene(config, gateway, tmp_path)
    for _ in range(3):
        scene.turn(DISK)
    (line,) = scene.file()
    assert line["payload"]["begun"][0]["key"] == "disk"


def test_nothing_is_told_before_what_was_told_is_known(scene: Scene) -> None:
    scene.operator = Operator(scene.config, lambda: scene.standing, scene.told, 3600.0)
    scene.turn(DISK)
    assert scene.robot() == []
    scene.told.loaded = True
    scene.turn(DISK)
    assert len(scene.robot()) == 1


def test_a_channel_that_raises_costs_nobody_else(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    robot = scene.config.channels["duty_group"].channel
    assert robot is not None
    monkeypatch.setattr(type(robot), "send", _raises)
    scene.config = with_routes(
        scene.config, operator=(Destination("duty_group"), Destination("centre"))
    )
    scene.operator = Operator(scene.config, lambda: scene.standing, scene.told, 0.0)
    scene.turn(DISK)
    assert len(scene.centre()) == 1


def _raises(self: Channel, *_: object) -> None:
    raise ValueError("a mistake of the channel's own")


def test_destinations_are_those_of_the_configuration_while_one_of_them_works(
    gateway: Gateway, to_gateway: ToGateway
) -> None:
    config = to_gateway(gateway)
    assert destinations(config) == [Destination("duty_group")]
    assert destinations(config, {"duty_group"}) == [Destination("centre")]
    own = with_routes(config, operator=(Destination("centre", "x"), Destination("duty_group", "y")))
    assert destinations(own) == [Destination("centre", "x"), Destination("duty_group", "y")]
    assert destinations(own, {"centre"}) == [Destination("duty_group", "y")]
    assert destinations(with_routes(config, operator=(Destination("file"),))) == [
        Destination("file")
    ]


def test_the_duty_roster_is_not_the_operators() -> None:
    wrong = Routes((Destination("file"),), operator=(Destination("duty_group", "on_duty"),))
    assert [key for key, _ in wrong.problems()] == ["operator"]
    assert "duty_group" in wrong.channel_names()
