"""What every channel promises, over the whole registry, against a real receiver on loopback."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from alert_stories import INCIDENT, NOW
from machine import SOON_S
from wire import whole_request

from alerts.channel import ChannelSettings, Secrets, SuccessWhen
from alerts.channels import CHANNELS
from alerts.channels.file import FileChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.wecom import WeComChannel
from alerts.exchange import retry_after_s
from alerts.message import mark_resend
from alerts.quote import QuotedPost
from alerts.render import render
from domain.model import AlertReason, Message, Outcome, SendError
from gridvoice.demo.gateway import CENTRE, DEMO_SECRET, WECOM, Gateway

LONG = "小召乡又停电了，" * 2000
HTTP_KINDS = ("webhook", "wecom")
PATHS = {"webhook": CENTRE, "wecom": WECOM}


def message(text: str = "停电三天没人管", delivery_id: str = "dlv_1") -> Message:
    post = QuotedPost("停电", text, "weibo", "https://weibo.example.com/1", NOW)
    return render(
        INCIDENT, AlertReason.FIRST, 1, [post], None, "https://gv.example.com", delivery_id, NOW
    )


def settings(kind: str, **changes: Any) -> ChannelSettings:
    return ChannelSettings(
        name=f"my_{kind}", kind=kind, **{"timeout": timedelta(seconds=1), **changes}
    )


def secrets_for(kind: str, gateway: Gateway) -> Secrets:
    if kind == "webhook":
        return Secrets(gateway.centre_url, gateway.secret)
    return Secrets(gateway.wecom_url) if kind == "wecom" else Secrets()


OpenChannel = Callable[..., Any]


@pytest.fixture
def open_channel(gateway: Gateway, tmp_path: Path) -> OpenChannel:
    def open_it(kind: str, **changes: Any) -> Any:
        return CHANNELS[kind](settings(kind, **changes), secrets_for(kind, gateway), tmp_path)

    return open_it


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_message_of_any_length_is_delivered(kind: str, open_channel: OpenChannel) -> None:
    channel = open_channel(kind)
    assert channel.name == f"my_{kind}"
    assert channel.send(message(LONG)).code
    assert channel.send(mark_resend(message(LONG)), "zhangsan").code


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_message_that_nobody_rendered_is_still_cut_to_the_limit(
    kind: str, open_channel: OpenChannel
) -> None:
    raw = Message("dlv_9", "题", "头\n编号 7\n" + LONG + "\n处置：https://x/7", LONG, {"a": 1})
    assert open_channel(kind).send(raw).code


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
    gateway.script(PATHS[kind], [behaviour, behaviour])
    with pytest.raises(SendError) as caught:
        open_channel(kind).send(message())
    assert caught.value.outcome in outcomes
    # All is well again: the same message passes.
    gateway.script(PATHS[kind], [])
    assert open_channel(kind).send(message()).code


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("behaviour", ["429:7", "503:7"])
def test_retry_after_is_handed_on(
    kind: str, behaviour: str, open_channel: OpenChannel, gateway: Gateway
) -> None:
    gateway.script(PATHS[kind], [behaviour])
    with pytest.raises(SendError) as caught:
        open_channel(kind).send(message())
    assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_nothing_is_sent_to_where_a_redirect_points(
    kind: str, open_channel: OpenChannel, gateway: Gateway
) -> None:
    gateway.script(PATHS[kind], ["redirect"])
    with pytest.raises(SendError, match="redirects are never followed"):
        open_channel(kind).send(message())
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_no_receiver_is_worth_a_retry_and_no_duplicate(kind: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/cgi-bin/webhook/send?key=secret-key-0001"
        secrets = Secrets(url, DEMO_SECRET)
        with pytest.raises(SendError) as caught:
            CHANNELS[kind](settings(kind), secrets, tmp_path).send(message())
    assert caught.value.outcome is Outcome.RETRY


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_an_answer_that_drips_ends_with_the_timeout(
    kind: str, open_channel: OpenChannel, gateway: Gateway
) -> None:
    gateway.script(PATHS[kind], ["drip"])
    began = monotonic()
    if kind == "webhook":
        # The status said yes; nothing in the body is asked for.
        assert open_channel(kind).send(message()).code == "200"
    else:
        with pytest.raises(SendError) as caught:
            open_channel(kind).send(message())
        assert caught.value.outcome is Outcome.UNKNOWN
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
    gateway.script(PATHS[kind], [behaviour])
    success = SuccessWhen("code", (0,))
    with caplog.at_level(logging.DEBUG):
        try:
            text = open_channel(kind, success_when=success).send(message()).text
        except SendError as error:
            text = f"{error} {error.text} {error!r} {error.__cause__!r} {error.__context__!r}"
    everything = text + caplog.text
    for secret in (gateway.key, gateway.secret, "v1,", "cgi-bin", "key="):
        assert secret not in everything


def echo_server(reply: Callable[[bytes], bytes]) -> tuple[str, Callable[[], None]]:
    """A receiver that answers each request with `reply(request)`, byte for byte."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.sendall(reply(whole_request(connection)))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def stop() -> None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", stop


@pytest.fixture
def receiver() -> Iterator[Callable[[bytes], str]]:
    stops = []

    def make(answer: bytes) -> str:
        url, stop = echo_server(lambda _: answer)
        stops.append(stop)
        return url

    yield make
    for stop in stops:
        stop()


def http(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def test_a_receiver_that_repeats_our_key_does_not_get_it_into_our_books(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    key = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
    words = f'{{"errcode":93000,"errmsg":"bad key {key} of 13812345678\\nat host"}}'
    url = f"{receiver(http(words.encode()))}/cgi-bin/webhook/send?key={key}"
    with pytest.raises(SendError) as caught:
        WeComChannel(settings("wecom"), Secrets(url), tmp_path).send(message())
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
        WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path).send(message())
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
        robot.send(message())
    assert caught.value.outcome is Outcome.UNKNOWN
    strict = settings("webhook", success_when=SuccessWhen("errcode", (0,)))
    centre = WebhookChannel(strict, Secrets(url, DEMO_SECRET), tmp_path)
    with pytest.raises(SendError) as caught:
        centre.send(message())
    assert caught.value.outcome in (Outcome.UNKNOWN, Outcome.RETRY)


def test_an_endless_answer_is_not_read_to_its_end(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000)
    robot = WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path)
    with pytest.raises(SendError) as caught:
        robot.send(message())
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(caught.value.text) < 400


def test_what_is_no_http_at_all_is_an_unknown_outcome(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(SendError) as caught:
        WeComChannel(settings("wecom"), Secrets(url + "/send?key=k"), tmp_path).send(message())
    assert caught.value.outcome is Outcome.UNKNOWN


def test_the_centre_receives_what_was_signed_and_takes_a_resend_once(
    open_channel: OpenChannel, gateway: Gateway
) -> None:
    channel = open_channel("webhook", success_when=SuccessWhen("code", (0,)))
    gateway.script(CENTRE, ["drop"])
    with pytest.raises(SendError) as caught:
        channel.send(message())
    assert caught.value.outcome is Outcome.UNKNOWN
    assert channel.send(mark_resend(message())).code == "200"
    assert [a.id for a in gateway.accepted] == ["dlv_1"]
    assert gateway.accepted[0].body["number"] == "20261124-007"
    assert gateway.duplicates == 1


def test_each_attempt_is_signed_at_its_own_time(gateway: Gateway, tmp_path: Path) -> None:
    secrets = secrets_for("webhook", gateway)
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    clock = iter([two_hours_ago, datetime.now(UTC)])
    channel = WebhookChannel(settings("webhook"), secrets, tmp_path, clock=lambda: next(clock))
    with pytest.raises(SendError, match="5 minutes away"):
        channel.send(message())
    assert channel.send(message()).code == "200"


def test_success_when_reaches_into_the_body(
    receiver: Callable[[bytes], str], tmp_path: Path
) -> None:
    url = receiver(http(b'{"result":[{"state":"OK"}]}'))
    secrets = Secrets(url, DEMO_SECRET)
    when = SuccessWhen("result.0.state", ("OK", 0))
    channel = WebhookChannel(settings("webhook", success_when=when), secrets, tmp_path)
    assert channel.send(message()).code == "200"
    when = SuccessWhen("result.0.state", ("FINE",))
    channel = WebhookChannel(settings("webhook", success_when=when), secrets, tmp_path)
    with pytest.raises(SendError, match=r"result\.0\.state does not say success") as caught:
        channel.send(message())
    assert caught.value.outcome is Outcome.RETRY


def test_a_payload_of_20_kilobytes_is_not_sent(open_channel: OpenChannel, gateway: Gateway) -> None:
    with pytest.raises(SendError) as caught:
        open_channel("webhook").send(Message("d", "t", "t", "t", {"x": "停" * 7000}))
    assert caught.value.outcome is Outcome.TOO_LONG
    assert gateway.requests == []


def test_the_robot_gets_chinese_as_it_is_and_the_people_on_duty_are_named(
    open_channel: OpenChannel, gateway: Gateway
) -> None:
    open_channel("wecom").send(message(), "zhangsan,lisi")
    body = gateway.accepted[0].body
    assert body["text"]["mentioned_list"] == ["zhangsan", "lisi"]
    assert "20261124-007" in body["text"]["content"]
    open_channel("wecom", form="markdown").send(message(LONG), "zhangsan")
    content = gateway.accepted[1].body["markdown"]["content"]
    assert content.endswith("\n<@zhangsan>")
    assert "https://gv.example.com/incidents/20261124-007" in content


def test_a_refused_form_is_sent_short_once(open_channel: OpenChannel, gateway: Gateway) -> None:
    gateway.script(WECOM, ["413"])
    assert open_channel("wecom", form="markdown").send(message(LONG)).code == "0"
    body = gateway.accepted[0].body
    assert body["msgtype"] == "text"
    assert len(body["text"]["content"].encode()) <= 600
    assert "https://gv.example.com/incidents/20261124-007" in body["text"]["content"]


def test_the_21st_message_of_a_minute_is_told_to_wait_a_minute(
    open_channel: OpenChannel, gateway: Gateway
) -> None:
    channel = open_channel("wecom")
    for _ in range(20):
        channel.send(message())
    with pytest.raises(SendError) as caught:
        channel.send(message())
    assert caught.value.retry_after_s == 60
    assert caught.value.code == "45009"
    assert len(gateway.accepted) == 20


def test_a_file_line_is_whole_and_on_disk(open_channel: OpenChannel, tmp_path: Path) -> None:
    channel = open_channel("file", path=Path("out/alerts.jsonl"))
    file = tmp_path / "out" / "alerts.jsonl"
    channel.send(message(), "")
    with file.open("ab") as torn:
        torn.write(b'{"delivery": "half')
    channel.send(message(delivery_id="dlv_2"), "甲")
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
        channel.send(message())
    assert caught.value.outcome is Outcome.RETRY
    assert str(tmp_path) not in str(caught.value)


def test_many_threads_write_whole_lines(open_channel: OpenChannel, tmp_path: Path) -> None:
    channel = open_channel("file")
    threads = [
        threading.Thread(target=channel.send, args=(message(LONG, f"dlv_{n}"),)) for n in range(20)
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
    open_channel("stdout", stream="stdout").send(message())
    open_channel("stdout").send(message())
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
