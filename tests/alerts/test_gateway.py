"""The fake gateway must be as strict as the real ones, else what passes it proves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from alerts.channels.standard_webhooks import read_secrets, sign, timestamp
from gridvoice.demo.receivers.centre import CENTRE, DEMO_SECRET
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM

ROOT = Path(__file__).parents[2]


def to_centre(
    gateway: Gateway, body: dict[str, Any], message_id: str = "m1", age_s: int = 0, raw: bytes = b""
) -> requests.Response:
    sent_at = datetime.now(UTC) - timedelta(seconds=age_s)
    data = json.dumps(body).encode()
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp(sent_at),
        "webhook-signature": sign(read_secrets(DEMO_SECRET), message_id, sent_at, data),
    }
    return requests.post(gateway.centre_url, data=raw or data, headers=headers, timeout=5)


def to_robot(gateway: Gateway, body: bytes, key: str | None = None) -> dict[str, Any]:
    url = gateway.url + WECOM
    params = {"key": key or gateway.key}
    answer = requests.post(url, params=params, data=body, timeout=5)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


def text(content: str, kind: str = "text") -> bytes:
    return json.dumps({"msgtype": kind, kind: {"content": content}}, ensure_ascii=False).encode()


def test_the_centre_takes_a_message_once_and_answers_the_same_again(gateway: Gateway) -> None:
    first = to_centre(gateway, {"n": 1})
    again = to_centre(gateway, {"n": 1, "resend": True})
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert [a.body for a in gateway.accepted] == [{"n": 1}]
    assert gateway.duplicates == 1
    assert to_centre(gateway, {"n": 2}).status_code == 422
    assert to_centre(gateway, {"n": 2}, "m2").status_code == 200


def test_the_centre_refuses_what_is_old_changed_large_or_no_object(gateway: Gateway) -> None:
    assert to_centre(gateway, {}, age_s=400).status_code == 401
    assert to_centre(gateway, {}, raw=b'{"changed":1}').status_code == 401
    assert to_centre(gateway, {"x": "y" * 20_000}).status_code == 413
    assert requests.post(gateway.centre_url, data=b"{}", timeout=5).status_code == 401
    assert gateway.accepted == []


def test_the_robot_says_no_with_a_200(gateway: Gateway) -> None:
    assert to_robot(gateway, text("停电"), key="wrong")["errcode"] == 93000
    assert to_robot(
        gateway, json.dumps({"msgtype": "text", "text": {"content": "停"}}).encode()
    ) == {
        "errcode": 40033,
        "errmsg": "invalid charset, should not contain \\uxxxx, "
        "hint: [1764000000_1_0123456789abcdef]",
    }
    assert to_robot(gateway, text("停" * 683))["errcode"] == 40058
    said = to_robot(gateway, text("a" * 4097, "markdown"))
    assert said["errmsg"].startswith(
        "markdown.content exceed max length 4096. invalid Request Parameter, hint: "
    )
    assert to_robot(gateway, text(""))["errcode"] == 44004
    assert to_robot(gateway, b"not json")["errcode"] == 40008
    assert gateway.accepted == []
    assert to_robot(gateway, text("停" * 682)) == {"errcode": 0, "errmsg": "ok"}


def test_the_robots_quota_slides_over_a_minute() -> None:
    clock = [datetime(2026, 11, 24, tzinfo=UTC)]
    with Gateway(clock=lambda: clock[0]) as gateway:
        for _ in range(20):
            assert to_robot(gateway, text("停电"))["errcode"] == 0
            clock[0] += timedelta(seconds=1)
        said = to_robot(gateway, text("停电"))
        assert said["errcode"] == 45009
        assert said["errmsg"].startswith("api freq out of limit, hint: [")
        assert said["errmsg"].endswith(", from ip: 127.0.0.1")
        clock[0] += timedelta(seconds=40)
        assert to_robot(gateway, text("停电"))["errcode"] == 0


def test_a_script_is_followed_and_then_all_is_well(gateway: Gateway) -> None:
    gateway.script(CENTRE, ["500", "429:9", "refuse", "garbage"])
    answers = [to_centre(gateway, {"n": 1}) for _ in range(5)]
    assert [a.status_code for a in answers] == [500, 429, 200, 200, 200]
    assert answers[1].headers["Retry-After"] == "9"
    assert answers[2].json()["code"] == 1
    assert [len(gateway.accepted), answers[4].json()["code"]] == [1, 0]
    assert [b for _, b in gateway.requests] == ["500", "429:9", "refuse", "garbage", "ok"]


def test_dropped_means_accepted_and_reset_means_not(gateway: Gateway) -> None:
    gateway.script(CENTRE, ["reset", "drop"])
    with pytest.raises(requests.ConnectionError):
        to_centre(gateway, {"n": 1}, "m1")
    assert gateway.accepted == []
    with pytest.raises(requests.ConnectionError):
        to_centre(gateway, {"n": 2}, "m2")
    assert [a.id for a in gateway.accepted] == ["m2"]


def test_an_unknown_behaviour_is_refused(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="'sulk' is no behaviour"):
        gateway.script(CENTRE, ["sulk"])


def test_the_record_outlives_the_gateway_and_a_torn_line(tmp_path: Path) -> None:
    record = tmp_path / "accepted.jsonl"
    with Gateway(record=record) as gateway:
        to_centre(gateway, {"n": 1})
        to_robot(gateway, text("停电"))
    with record.open("a", encoding="utf-8") as torn:
        torn.write('{"path": "/cen')
    with Gateway(record=record) as gateway:
        assert to_centre(gateway, {"n": 1}).status_code == 200
        assert to_centre(gateway, {"n": 3}, "m3").status_code == 200
        assert [a.id for a in gateway.accepted_at(CENTRE)] == ["m1", "m3"]
    with Gateway(record=record) as gateway:
        assert [a.id for a in gateway.accepted] == ["m1", "", "m3"]


def test_it_runs_by_itself_and_is_steered_over_http(tmp_path: Path) -> None:
    record = tmp_path / "accepted.jsonl"
    command = [sys.executable, "-m", "gridvoice.demo.receivers.gateway", "--record", str(record)]
    command += ["--script", f"{CENTRE}=500"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(3)]
            environ = dict(line.split("=", 1) for line in lines)
            url = environ["GRIDVOICE_CENTRE_URL"].removesuffix(CENTRE)
            robot = environ["GRIDVOICE_WECOM_URL"]
            order = {"path": WECOM, "behaviours": ["503"]}
            assert requests.post(url + "/script", json=order, timeout=5).status_code == 200
            assert requests.post(url + CENTRE, timeout=5).status_code == 500
            assert requests.post(robot, data=text("停电"), timeout=5).status_code == 503
            assert requests.post(robot, data=text("停电"), timeout=5).json()["errcode"] == 0
            accepted = requests.get(url + "/accepted", timeout=5).json()["accepted"]
            assert [entry["path"] for entry in accepted] == [WECOM]
        finally:
            process.kill()
    assert len(record.read_text(encoding="utf-8").splitlines()) == 1
