"""Keys come from the environment or from files of their owner; nothing here ever shows one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from alert_stories import notice
from own_config import change, robot_here

from alerts.channel import ChannelSettings
from alerts.channels import CHANNELS
from alerts.channels.opening import Channels, ChannelStatus, ConfiguredChannel, open_channels
from alerts.channels.webhook import WebhookSettings
from alerts.channels.wecom import WeComSettings
from alerts.notice.playbook import load_playbooks
from alerts.routing.roster import Roster
from alerts.routing.route import Routes
from alerts.sending.secrets import Secrets
from domain.alerts import Outcome, SendError
from domain.input.load import BadSettings, load_file, load_text
from gridvoice.demo.receivers.centre import DEMO_SECRET
from gridvoice.demo.receivers.gateway import Gateway

CONFIG = Path(__file__).parents[2] / "config"
KEY = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
ROBOT = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"


def open_one(entry: ChannelSettings, environ: dict[str, str], folder: Path) -> ConfiguredChannel:
    return open_channels(Channels((entry,)), environ, folder, folder)[entry.name]


def robot(**changes: Any) -> WeComSettings:
    return WeComSettings(name="group", kind="wecom", **{"url_env": "WECOM_URL", **changes})


def centre(**changes: Any) -> WebhookSettings:
    facts: dict[str, Any] = {"url_env": "CENTRE_URL", "secret_env": "CENTRE_SECRET"}
    return WebhookSettings(name="centre", kind="webhook", **{**facts, **changes})


def test_the_shipped_configuration_runs_without_any_key(tmp_path: Path) -> None:
    routes = load_file(CONFIG / "routes.yaml", Routes)
    load_file(CONFIG / "roster.yaml", Roster)
    channels = load_file(CONFIG / "channels.yaml", Channels)
    assert routes.channel_names() <= set(channels.names)
    assert {c.kind for c in channels.channels} == set(CHANNELS)
    opened = open_channels(channels, {}, tmp_path, CONFIG)
    status = {name: entry.status for name, entry in opened.items()}
    assert status == {
        "file": ChannelStatus.READY,
        "log": ChannelStatus.READY,
        "centre": ChannelStatus.NOT_CONFIGURED,
        "duty_group": ChannelStatus.NOT_CONFIGURED,
    }
    assert opened["centre"].problem == "未配置：环境变量 GRIDVOICE_CENTRE_URL 为空"
    assert opened["centre"].status.label == "未配置"
    assert list(tmp_path.iterdir()) == []
    load_playbooks(CONFIG / "playbooks.yaml")


def test_the_environment_alone_switches_the_channels_on(tmp_path: Path) -> None:
    own = tmp_path / "channels.yaml"
    own.write_bytes((CONFIG / "channels.yaml").read_bytes())
    change(own, robot_here)
    channels = load_file(own, Channels)
    with Gateway() as gateway:
        opened = open_channels(channels, gateway.environment(), tmp_path, CONFIG)
        assert {entry.status for entry in opened.values()} == {ChannelStatus.READY}
        for name in ("centre", "duty_group"):
            channel = opened[name].channel
            assert channel is not None
            channel.send(notice(), "", "d1")
        assert len(gateway.accepted) == 2


def test_an_empty_variable_is_not_configured_rather_than_broken(tmp_path: Path) -> None:
    assert open_one(robot(), {"WECOM_URL": "  "}, tmp_path).status is ChannelStatus.NOT_CONFIGURED


def test_a_key_file_must_belong_to_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "wecom.url"
    entry = robot(url_env=None, url_file=Path("wecom.url"))
    assert open_one(entry, {}, tmp_path).status is ChannelStatus.NOT_CONFIGURED
    file.write_text(ROBOT + "\n", encoding="utf-8")
    file.chmod(0o644)
    opened = open_one(entry, {}, tmp_path)
    assert opened.status is ChannelStatus.BROKEN
    assert f"chmod 600 {file}" in opened.problem
    file.chmod(0o600)
    assert open_one(entry, {}, tmp_path).status is ChannelStatus.READY
    file.write_text("", encoding="utf-8")
    assert open_one(entry, {}, tmp_path).status is ChannelStatus.NOT_CONFIGURED


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "wecom.url"
    file.write_text("not an address", encoding="utf-8")
    file.chmod(0o600)
    entry = robot(url_file=Path("wecom.url"))
    assert open_one(entry, {"WECOM_URL": ROBOT}, tmp_path).status is ChannelStatus.READY
    assert open_one(entry, {}, tmp_path).status is ChannelStatus.BROKEN


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("qyapi.weixin.qq.com/x?key=" + KEY, "https://"),
        ("ftp://qyapi.weixin.qq.com/x?key=" + KEY, "https://"),
        ("https://evil.example/x?key=" + KEY, "evil.example 不在允许之列"),
        ("https://user@qyapi.weixin.qq.com/x?key=" + KEY, "用户名"),
        ("https://qyapi.weixin.qq.com\\@evil.example/x?key=" + KEY, ""),
        ("https://qyapi.weixin.qq.com:port/x?key=" + KEY, "网址"),
        ("https://qyapi.weixin.qq.com/x y?key=" + KEY, "空白"),
        ("https://[::1/x?key=" + KEY, "网址"),
    ],
)
def test_a_bad_address_is_named_without_its_key(url: str, problem: str, tmp_path: Path) -> None:
    opened = open_one(robot(), {"WECOM_URL": url}, tmp_path)
    assert opened.status is ChannelStatus.BROKEN
    assert problem in opened.problem
    assert KEY not in opened.problem + repr(opened)


def test_a_gateway_of_the_company_may_stand_before_the_robot(tmp_path: Path) -> None:
    url = "https://msg.example.com/send?key=" + KEY
    entry = robot(hosts=("msg.example.com",))
    assert open_one(entry, {"WECOM_URL": url}, tmp_path).status is ChannelStatus.READY


@pytest.mark.parametrize("secret", ["whsec_short", "hunter2-hunter2-hunter2", "whsec_%%%"])
def test_a_bad_signing_secret_is_named_without_being_shown(secret: str, tmp_path: Path) -> None:
    environ = {"CENTRE_URL": "https://centre.example.com/in", "CENTRE_SECRET": secret}
    opened = open_one(centre(), environ, tmp_path)
    assert opened.status is ChannelStatus.BROKEN
    assert "签名密钥" in opened.problem
    assert secret not in opened.problem


def test_a_webhook_without_any_secret_is_broken(tmp_path: Path) -> None:
    environ = {"CENTRE_URL": "https://centre.example.com/in"}
    opened = open_one(centre(secret_env=None), environ, tmp_path)
    assert (opened.status, "secret_env" in opened.problem) == (ChannelStatus.BROKEN, True)


def test_a_broken_channel_takes_messages_and_fails_by_name(tmp_path: Path) -> None:
    opened = open_one(robot(), {"WECOM_URL": "nonsense"}, tmp_path)
    assert opened.channel is not None
    with pytest.raises(SendError) as caught:
        opened.channel.send(notice(), "", "d")
    assert caught.value.outcome is Outcome.BAD_CONFIG


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{name: fax, kind: fax}", "'fax' 不行；可写 webhook, wecom, file, stdout"),
        ("{name: group, kind: weixin}", "'weixin' 不行；可写 webhook, wecom, file, stdout"),
        ("{name: group, kind: wecon}", "'wecon' 不行；是不是 'wecom'？"),
        ("{name: group}", "缺少；可写 webhook, wecom, file, stdout"),
        ("group", "这里要逐行写"),
    ],
)
def test_an_unknown_kind_is_refused_and_the_kinds_are_named(entry: str, message: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load_text(f"channels:\n  - {entry}\n", Channels, "channels.yaml")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("channels.yaml", 2)
    assert message in problem.message


@pytest.mark.parametrize(
    ("kind", "line", "message"),
    [
        ("wecom", f"url: {ROBOT}", "没有这一项；是不是 'url_env'"),
        ("wecom", f"url_env: {ROBOT}", "不是环境变量名"),
        ("wecom", "timeout: 10m", "须在 1s 与 60s 之间"),
        ("wecom", "form: card", "写 text 或 markdown"),
        ("stdout", "stream: syslog", "写 stdout 或 stderr"),
        ("file", "stream: stderr", "没有这一项；可写 name, kind, title, path"),
    ],
)
def test_a_key_in_the_yaml_is_refused_and_not_repeated(kind: str, line: str, message: str) -> None:
    text = f"channels:\n  - name: group\n    kind: {kind}\n    {line}\n"
    with pytest.raises(BadSettings) as caught:
        load_text(text, Channels, "channels.yaml")
    assert "channels.yaml:4: " in str(caught.value)
    assert message in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_robot_on_this_machine_must_be_named_like_any_other_host(tmp_path: Path) -> None:
    environ = {"WECOM_URL": "http://127.0.0.1:8080/send?key=" + KEY}
    assert open_one(robot(), environ, tmp_path).status is ChannelStatus.BROKEN
    allowed = robot(hosts=("127.0.0.1",))
    assert open_one(allowed, environ, tmp_path).status is ChannelStatus.READY


def test_two_channels_of_one_name_are_refused() -> None:
    text = "channels:\n  - {name: a, kind: file}\n  - {name: a, kind: stdout}\n"
    with pytest.raises(BadSettings, match="'a' 重名"):
        load_text(text, Channels, "channels.yaml")


def test_secrets_do_not_show_in_their_repr() -> None:
    secrets = Secrets(ROBOT, DEMO_SECRET, "http://user:pass@proxy.example:3128")
    assert repr(secrets) == "Secrets()"


def test_redaction_covers_every_spelling_and_keeps_the_words() -> None:
    secrets = Secrets("https://centre.example.com/in/tok%2Bken-123456?sig=abc%2Fdef-ghi-jkl")
    text = (
        "refused: tok+ken-123456 and tok%2Bken-123456, abc/def-ghi-jkl\n"
        "at https://centre.example.com/in/tok%2Bken-123456?sig=abc%2Fdef-ghi-jkl"
    )
    shown = secrets.redact(text)
    assert shown == "refused: *** and ***, *** at ***"
    assert secrets.redact("x" * 10**6) == "x" * 200


@pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX systems only")
def test_a_key_file_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    opened = open_one(robot(url_env=None, url_file=Path("folder")), {}, tmp_path)
    assert opened.status is ChannelStatus.BROKEN
