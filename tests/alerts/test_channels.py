"""What every channel promises, over the whole registry, against a real receiver on loopback."""

from __future__ import annotations

import dataclasses
import inspect
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from alert_stories import NOW, Post, notice
from machine import SOON_S
from toy_channel import ToyChannel
from wire import answering, listening

from alerts.channel import Channel
from alerts.channels import CHANNELS
from alerts.channels.base import HttpChannel
from alerts.channels.file import FileChannel
from alerts.channels.opening import Channels, ChannelStatus, open_channels
from alerts.channels.webhook import SuccessWhen, WebhookChannel
from alerts.channels.wecom import WeComChannel
from alerts.notice.notice import Action, Fact, Notice
from alerts.notice.playbook import Playbook
from alerts.sending.http import retry_after_s
from alerts.sending.secrets import Secrets
from domain.alerts import Outcome, Receipt, SendError
from domain.assessments import Category
from domain.input.load import load_text
from gridvoice.demo.receivers.centre import CENTRE, DEMO_SECRET
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM

LONG = "小召乡又停电了，" * 2000
KINDS = (*CHANNELS, "toy")
HTTP_KINDS = [k for k in KINDS if issubclass({**CHANNELS, "toy": ToyChannel}[k], HttpChannel)]  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def a_new_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this page holds is held by a channel of 20 lines too, once it is registered."""
    monkeypatch.setitem(CHANNELS, "toy", ToyChannel)


def told(text: str = "停电三天没人管", resend: bool = False) -> Notice:
    made = notice(Post("停电", text, "weibo", "https://weibo.example.com/1", NOW))
    return dataclasses.replace(made, resend=resend)


def send(
    channel: Channel, what: Notice | None = None, recipient: str = "", delivery_id: str = "dlv_1"
) -> Receipt:
    return channel.send(what or told(), recipient, delivery_id)


def settings(kind: str, **changes: Any) -> Any:
    """The entry of channels.yaml of a channel whose receiver stands here."""
    here: dict[str, Any] = {}
    if kind in HTTP_KINDS:
        here = {"timeout": timedelta(seconds=1), "hosts": ("127.0.0.1",)}
    return CHANNELS[kind].Settings(name=f"my_{kind}", kind=kind, **{**here, **changes})


def secrets_for(kind: str, gateway: Gateway) -> Secrets:
    if kind not in HTTP_KINDS:
        return Secrets()
    receiver = gateway.receivers[kind]
    return Secrets(gateway.url + receiver.address, receiver.secret)


def path_of(kind: str, gateway: Gateway) -> str:
    return gateway.receivers[kind].path


OpenChannel = Callable[..., Any]


@pytest.fixture
def open_channel(gateway: Gateway, tmp_path: Path) -> OpenChannel:
    def open_it(kind: str, **changes: Any) -> Any:
        return CHANNELS[kind](settings(kind, **changes), secrets_for(kind, gateway), tmp_path)

    return open_it


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_of_any_length_is_delivered(kind: str, open_channel: OpenChannel) -> None:
    channel = open_channel(kind)
    assert channel.name == f"my_{kind}"
    assert send(channel, told(LONG)).code
    assert send(channel, told(LONG, resend=True), "zhangsan").code


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_that_nobody_composed_is_still_cut_to_the_limit(
    kind: str, open_channel: OpenChannel
) -> None:
    raw = Notice("头", "7", NOW, Action("处置", "https://x/7"), facts=(Fact("", LONG),))
    assert send(open_channel(kind), raw).code


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize(
    ("behaviour", "outcomes"),
    [
        ("500", {Outcome.RETRY}),
        ("502", {Outcome.UNKNOWN}),
        ("503", {Outcome.RETRY}),
        ("504", {Outcome.UNKNOWN}),
        ("429", {Outcome.RETRY}),
        ("408", {Outcome.RETRY}),
        ("400", {Outcome.BAD_RECEIVER}),
        ("422", {Outcome.BAD_RECEIVER}),
        ("401", {Outcome.BAD_CONFIG}),
        ("403", {Outcome.BAD_CONFIG}),
        ("404", {Outcome.BAD_CONFIG}),
        ("410", {Outcome.BAD_CONFIG}),
        ("301", {Outcome.BAD_CONFIG}),
        ("redirect", {Outcome.BAD_CONFIG}),
        ("413", {Outcome.TOO_LONG}),
        ("reset", {Outcome.UNKNOWN}),
        ("drop", {Outcome.UNKNOWN}),
        ("hang", {Outcome.UNKNOWN}),
    ],
)
def test_what_a_receiver_does_decides_whether_trying_again_can_help(
    kind: str, behaviour: str, outcomes: set[Outcome], open_channel: OpenChannel, gateway: Gateway
) -> None:
    # A robot answers 413 for ever: both forms are refused.
    gateway.script(path_of(kind, gateway), [behaviour, behaviour])
    with pytest.raises(SendError) as caught:
        send(open_channel(kind))
    assert caught.value.outcome in outcomes
    # All is well again: the same message passes.
    gateway.script(path_of(kind, gateway), [])
    assert send(open_channel(kind)).code


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("behaviour", ["429:7", "503:7"])
def test_retry_after_is_handed_on(
    kind: str, behaviour: str, open_channel: OpenChannel, gateway: Gateway
) -> None:
    gateway.script(path_of(kind, gateway), [behaviour])
    with pytest.raises(SendError) as caught:
        send(open_channel(kind))
    assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_nothing_is_sent_to_where_a_redirect_points(
    kind: str, open_channel: OpenChannel, gateway: Gateway
) -> None:
    gateway.script(path_of(kind, gateway), ["redirect"])
    with pytest.raises(SendError, match="不跟随转向"):
        send(open_channel(kind))
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_no_receiver_is_worth_a_retry_and_no_duplicate(kind: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/cgi-bin/webhook/send?key=secret-key-0001"
        secrets = Secrets(url, DEMO_SECRET)
        with pytest.raises(SendError) as caught:
            send(CHANNELS[kind](settings(kind), secrets, tmp_path))
    assert caught.value.outcome is Outcome.RETRY


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_an_answer_that_drips_ends_with_the_timeout(
    kind: str, open_channel: OpenChannel, gateway: Gateway
) -> None:
    gateway.script(path_of(kind, gateway), ["drip"])
    began = monotonic()
    with pytest.raises(SendError) as caught:
        send(open_channel(kind))
    # Its status said yes; what its body was about to say, nobody knows.
    assert (caught.value.outcome, caught.value.code) == (Outcome.UNKNOWN, "timeout")
    assert monotonic() - began < SOON_S
    assert len(gateway.accepted) == 1


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize(
    "behaviour", ["401", "404", "500", "redirect", "garbage", "refuse", "reset", "hang", "drop"]
)
def test_no_error_and_no_log_line_holds_address_key_or_signature(
    kind: str,
    behaviour: str,
    open_channel: OpenChannel,
    gateway: Gateway,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.script(path_of(kind, gateway), [behaviour])
    success = {"success_when": SuccessWhen("code", (0,))} if kind == "webhook" else {}
    with caplog.at_level(logging.DEBUG):
        try:
            text = send(open_channel(kind, **success)).text
        except SendError as error:
            text = f"{error} {error.text} {error!r} {error.__cause__!r} {error.__context__!r}"
    everything = text + caplog.text
    for secret in (gateway.key, gateway.secret, "v1,", "cgi-bin", "key="):
        assert secret not in everything


@pytest.fixture
def receiver() -> Iterator[Callable[[bytes], str]]:
    """Starts a receiver that gives everybody the same answer, byte for byte; its address."""
    with ExitStack() as running:

        def make(answer: bytes) -> str:
            return running.enter_context(listening(answering(lambda _: answer)))

        yield make


def http(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def test_a_receiver_that_repeats_our_key_does_not_get_it_into_our_books(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    key = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
    words = f'{{"errcode":93000,"errmsg":"bad key {key} of 13812345678\\nat host"}}'
    url = f"{receiver(http(words.encode()))}/cgi-bin/webhook/send?key={key}"
    with pytest.raises(SendError) as caught:
        send(WeComChannel(settings("wecom"), Secrets(url), tmp_path))
    assert "bad key *** of 138****5678" in caught.value.text
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("errcode", "outcome", "wait"),
    [
        (-1, Outcome.RETRY, None),
        (45009, Outcome.RETRY, 60.0),
        (45033, Outcome.RETRY, 10.0),
        (93000, Outcome.BAD_CONFIG, None),
        (60020, Outcome.BAD_CONFIG, None),
        (81013, Outcome.BAD_RECEIVER, None),
        (82001, Outcome.BAD_RECEIVER, None),
        (44004, Outcome.BAD_RECEIVER, None),
        (40058, Outcome.TOO_LONG, None),
        (45002, Outcome.TOO_LONG, None),
        (99999, Outcome.RETRY, None),
    ],
)
def test_the_robots_error_codes(
    errcode: int,
    outcome: Outcome,
    wait: float | None,
    receiver: Callable[[bytes], str],
    tmp_path: Path,
) -> None:
    url = receiver(http(json.dumps({"errcode": errcode, "errmsg": "x"}).encode()))
    with pytest.raises(SendError) as caught:
        send(WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path))
    assert (caught.value.outcome, caught.value.retry_after_s) == (outcome, wait)
    assert caught.value.code == str(errcode)


@pytest.mark.parametrize(
    "body",
    [b"", b"ok", b"<html>", b"[]", b"null", b"{}", b'{"errcode":"0"}', b'{"errcode":null}',
     b'{"errcode":false}', b"\xff\xfe", b'{"errcode":0'],
)  # fmt: skip
def test_a_200_that_does_not_say_ok_is_not_delivered(
    body: bytes, receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(http(body))
    robot = WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path)
    with pytest.raises(SendError) as caught:
        send(robot)
    assert caught.value.outcome is Outcome.UNKNOWN
    strict = settings("webhook", success_when=SuccessWhen("errcode", (0,)))
    centre = WebhookChannel(strict, Secrets(url, DEMO_SECRET), tmp_path)
    with pytest.raises(SendError) as caught:
        send(centre)
    if body.startswith(b'{"errcode":') and body.endswith(b"}"):
        assert caught.value.outcome is Outcome.RETRY, "it says something else"
    else:
        is_answer = not body.startswith((b"<", b"null"))
        assert caught.value.outcome is (Outcome.UNCLEAR if is_answer else Outcome.UNKNOWN)


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_a_yes_that_breaks_off_is_no_yes_yet_and_a_no_is_one(
    kind: str, receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    for status, outcome, code in (
        ("200 OK", Outcome.UNKNOWN, "broken"),
        ("503 Busy", Outcome.RETRY, "503"),
    ):
        half = http(b'{"errcode":0}' * 9, status)[:-60]
        url = receiver(half) + "/send?key=k"
        with pytest.raises(SendError) as caught:
            send(CHANNELS[kind](settings(kind), Secrets(url, DEMO_SECRET), tmp_path))
        assert (caught.value.outcome, caught.value.code) == (outcome, code)


def test_an_endless_answer_is_not_read_to_its_end(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000)
    robot = WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path)
    with pytest.raises(SendError) as caught:
        send(robot)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(caught.value.text) < 400


def test_what_is_no_http_at_all_is_an_unknown_outcome(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(SendError) as caught:
        send(WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path))
    assert caught.value.outcome is Outcome.UNKNOWN


def test_the_centre_receives_what_was_signed_and_takes_a_resend_once(
    open_channel: OpenChannel, gateway: Gateway
) -> None:
    channel = open_channel("webhook", success_when=SuccessWhen("code", (0,)))
    gateway.script(CENTRE, ["drop"])
    with pytest.raises(SendError) as caught:
        send(channel)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert send(channel, told(resend=True)).code == "200"
    assert [a.id for a in gateway.accepted] == ["dlv_1"]
    assert gateway.accepted[0].body["number"] == "20261124-007"
    assert gateway.duplicates == 1


def test_each_attempt_is_signed_at_its_own_time(gateway: Gateway, tmp_path: Path) -> None:
    secrets = secrets_for("webhook", gateway)
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    now = two_hours_ago
    channel = WebhookChannel(settings("webhook"), secrets, tmp_path, clock=lambda: now)
    with pytest.raises(SendError, match="5 minutes away"):
        send(channel)
    now = datetime.now(UTC)
    assert send(channel).code == "200"


def test_success_when_reaches_into_the_body(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(http(b'{"result":[{"state":"OK"}]}'))
    secrets = Secrets(url, DEMO_SECRET)
    when = SuccessWhen("result.0.state", ("OK", 0))
    channel = WebhookChannel(settings("webhook", success_when=when), secrets, tmp_path)
    assert send(channel).code == "200"
    when = SuccessWhen("result.0.state", ("FINE",))
    channel = WebhookChannel(settings("webhook", success_when=when), secrets, tmp_path)
    with pytest.raises(SendError, match=r"result\.0\.state 不是约定的成功值") as caught:
        send(channel)
    assert caught.value.outcome is Outcome.RETRY


def test_a_payload_of_20_kilobytes_is_not_sent(open_channel: OpenChannel, gateway: Gateway) -> None:
    endless = Playbook(Category.SUPPLY_QUALITY, "预案", "配电班", ("停" * 7000,))
    with pytest.raises(SendError) as caught:
        send(open_channel("webhook"), notice(playbook=endless))
    assert caught.value.outcome is Outcome.TOO_LONG
    assert gateway.requests == []


def test_the_robot_gets_chinese_as_it_is_and_the_people_on_duty_are_named(
    open_channel: OpenChannel, gateway: Gateway
) -> None:
    send(open_channel("wecom"), recipient="zhangsan,lisi")
    body = gateway.accepted[0].body
    assert body["text"]["mentioned_list"] == ["zhangsan", "lisi"]
    assert "20261124-007" in body["text"]["content"]
    send(open_channel("wecom", form="markdown"), told(LONG), "zhangsan")
    content = gateway.accepted[1].body["markdown"]["content"]
    assert content.endswith("\n<@zhangsan>")
    assert "https://gv.example.com/incidents/20261124-007" in content


def test_a_refused_form_is_sent_short_once(open_channel: OpenChannel, gateway: Gateway) -> None:
    gateway.script(WECOM, ["413"])
    assert send(open_channel("wecom", form="markdown"), told(LONG)).code == "0"
    body = gateway.accepted[0].body
    assert body["msgtype"] == "text"
    assert len(body["text"]["content"].encode()) <= 600
    assert "https://gv.example.com/incidents/20261124-007" in body["text"]["content"]


def test_the_21st_message_of_a_minute_is_told_to_wait_a_minute(
    open_channel: OpenChannel, gateway: Gateway
) -> None:
    channel = open_channel("wecom")
    for _ in range(20):
        send(channel)
    with pytest.raises(SendError) as caught:
        send(channel)
    assert caught.value.retry_after_s == 60
    assert caught.value.code == "45009"
    assert len(gateway.accepted) == 20


def test_a_file_line_is_whole_and_on_disk(open_channel: OpenChannel, tmp_path: Path) -> None:
    channel = open_channel("file", path=Path("out/alerts.jsonl"))
    file = tmp_path / "out" / "alerts.jsonl"
    send(channel)
    with file.open("ab") as torn:
        torn.write(b'{"delivery": "half')
    send(channel, recipient="甲", delivery_id="dlv_2")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["delivery"] == "dlv_1"
    assert lines[1] == '{"delivery": "half'
    second = json.loads(lines[2])
    assert (second["delivery"], second["recipient"]) == ("dlv_2", "甲")
    assert second["payload"]["number"] == "20261124-007"
    assert file.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_worth_a_retry(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder", encoding="utf-8")
    channel = FileChannel(settings("file", path=Path("out/alerts.jsonl")), Secrets(), tmp_path)
    with pytest.raises(SendError) as caught:
        send(channel)
    assert caught.value.outcome is Outcome.RETRY
    assert str(tmp_path) not in str(caught.value)


def test_many_threads_write_whole_lines(open_channel: OpenChannel, tmp_path: Path) -> None:
    channel = open_channel("file")
    threads = [
        threading.Thread(target=send, args=(channel, told(LONG), "", f"dlv_{n}")) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["delivery"] for line in lines} == {f"dlv_{n}" for n in range(20)}


def test_an_alert_is_one_line_on_the_terminal(
    open_channel: OpenChannel, capsys: pytest.CaptureFixture[str]
) -> None:
    send(open_channel("stdout", stream="stdout"))
    send(open_channel("stdout"))
    out, err = capsys.readouterr()
    for shown in (out, err):
        assert shown.count("\n") == 1
        assert "20261124-007 第1报" in shown


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("soon", None),
        ("-3", None),
        ("Mon, 23 Nov 2026 19:11:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 19:00:00 GMT", 0.0),
        ("9" * 400, 999999999.0),
    ],
)
def test_retry_after_as_seconds_or_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_a_new_vendor_is_a_module_of_twenty_lines_and_an_entry_of_its_kind(
    gateway: Gateway, tmp_path: Path
) -> None:
    assert len(Path(inspect.getfile(ToyChannel)).read_text("utf-8").splitlines()) <= 20
    entry = "- {name: toy, kind: toy, url_env: TOY_URL, timeout: 5s}"
    channels = load_text(f"channels:\n  {entry}\n", Channels, "channels.yaml")
    environ = {"TOY_URL": gateway.url + gateway.receivers["toy"].path}
    opened = open_channels(channels, environ, tmp_path, tmp_path)["toy"]
    assert (opened.status, opened.is_way_to_people) == (ChannelStatus.READY, True)
    assert opened.channel is not None
    assert send(opened.channel, recipient="zhangsan").code == "0"
    assert gateway.accepted[0].body["to"] == "zhangsan"
    assert gateway.accepted[0].body["words"].splitlines()[1] == "电力民声 20261124-007 第1报"
