"""An exchange ends with its time or with our stop, whatever the other side does, and without a
thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import listening, whole_request

from alerts.sending import bounded
from alerts.sending.http import Answer, Endpoint, expire_all, post, retry_after_s
from alerts.sending.outage import STOPPED
from domain.alerts import Outcome, SendError

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PATIENCE = timedelta(seconds=1)
SOON_S = 8.0  # far less than the other side would take, far more than a busy machine needs


def drip(text: bytes, until: threading.Event) -> Callable[[socket.socket], None]:
    """Answers a byte at a time, for minutes."""

    def handle(connection: socket.socket) -> None:
        whole_request(connection)
        for byte in text:
            connection.sendall(bytes([byte]))
            if until.wait(0.2):
                return

    return handle


@pytest.mark.parametrize(
    "text",
    [
        b"H" * 900,
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"x" * 900,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 300,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 300,
    ],
)
def test_an_answer_that_drips_is_cut_at_the_end_of_the_time(text: bytes) -> None:
    stop = threading.Event()
    began = monotonic()
    with listening(drip(text, stop)) as url:
        thread, ended = in_a_thread(Endpoint(url, PATIENCE))
        thread.join(30)
        took = monotonic() - began
        stop.set()
    (end,) = ended
    assert isinstance(end, SendError)
    assert end.outcome is Outcome.UNKNOWN
    assert took < SOON_S


def test_a_receiver_that_takes_the_message_a_byte_at_a_time_is_cut_too() -> None:
    stop = threading.Event()

    def sip(connection: socket.socket) -> None:
        while connection.recv(1) and not stop.wait(0.2):
            pass

    began = monotonic()
    with listening(sip) as url:
        try:
            with pytest.raises(SendError) as caught:
                post(Endpoint(url, PATIENCE), b"x" * 50_000_000, {})
        finally:
            stop.set()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert monotonic() - began < SOON_S


def test_an_exchange_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket) -> None:
        whole_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    started: list[threading.Thread] = []
    start = threading.Thread.start
    me = threading.current_thread()

    def watched(thread: threading.Thread) -> None:
        if threading.current_thread() is me:
            started.append(thread)
        start(thread)

    with listening(answer) as url:
        monkeypatch.setattr(threading.Thread, "start", watched)
        for _ in range(3):
            assert post(Endpoint(url, timedelta(seconds=20)), b"{}", {}).status == 200
    assert started == []


def in_a_thread(line: Endpoint) -> tuple[threading.Thread, list[Answer | SendError]]:
    ended: list[Answer | SendError] = []

    def send() -> None:
        try:
            ended.append(post(line, b"{}", {}))
        except SendError as error:
            ended.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    return thread, ended


def hold(connection: socket.socket) -> None:
    """Reads until the other side gives up, and says nothing."""
    while connection.recv(65536):
        pass


def test_our_own_stop_ends_all_that_is_under_way_at_once() -> None:
    seen = threading.Semaphore(0)

    def noted(connection: socket.socket) -> None:
        whole_request(connection)
        seen.release()
        hold(connection)

    with listening(noted) as url:
        sends = [in_a_thread(Endpoint(url, timedelta(seconds=60))) for _ in range(3)]
        for _ in sends:
            assert seen.acquire(timeout=30)
        began = monotonic()
        expire_all()
        for thread, _ in sends:
            thread.join(30)
        assert monotonic() - began < SOON_S
    for _, (ended,) in sends:
        assert isinstance(ended, SendError)
        assert (ended.outcome, ended.code) == (Outcome.UNKNOWN, STOPPED)
    assert bounded.under_way() == []
    expire_all()  # nothing is under way


def test_a_stop_before_the_message_could_leave_is_no_unknown_outcome() -> None:
    with socket.socket() as deaf:
        # Nobody accepts, and the queue is full: the connection stays half open.
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(address)
        line = Endpoint(f"http://127.0.0.1:{address[1]}/in", timedelta(seconds=60))
        thread, ended = in_a_thread(line)
        deadline = monotonic() + 30
        while thread.is_alive() and monotonic() < deadline:
            expire_all()
            thread.join(0.05)
        for one in waiting:
            one.close()
    (error,) = ended
    assert isinstance(error, SendError)
    assert (error.outcome, error.code) == (Outcome.RETRY, STOPPED)


def test_a_name_without_an_address_is_a_retry() -> None:
    line = Endpoint("http://no-such-name.invalid/in", timedelta(seconds=20))
    with pytest.raises(SendError) as caught:
        post(line, b"{}", {})
    assert (caught.value.outcome, caught.value.code) == (Outcome.RETRY, "connect")


def test_the_second_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket) -> None:
        whole_request(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    look_up = socket.getaddrinfo
    with listening(answer) as url, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = look_up(*closed.getsockname(), 0, socket.SOCK_STREAM)
        port = int(url.split(":")[2].split("/")[0])

        def two(host: str, *rest: object, **named: object) -> object:
            return [*nobody, *look_up("127.0.0.1", port, 0, socket.SOCK_STREAM)]

        monkeypatch.setattr(socket, "getaddrinfo", two)
        line = Endpoint(f"http://centre.example:{port}/in", timedelta(seconds=20))
        assert post(line, b"{}", {}).status == 204


@pytest.mark.parametrize("url", ["http://", "http://a..b/", "http://[::1/", "ftp://x/", "nonsense"])
def test_an_address_that_is_none_is_said_to_be_none(url: str) -> None:
    with pytest.raises(SendError) as caught:
        post(Endpoint(url, PATIENCE), b"{}", {})
    assert caught.value.outcome is Outcome.BAD_CONFIG


@given(
    header=st.one_of(
        st.text(max_size=40),
        st.from_regex(r"[A-Z][a-z]{2}, \d{1,5} [A-Z][a-z]{2} \d{1,7} \d+:\d+:\d+ [-+A-Z]?\d{0,6}"),
        st.integers().map(str),
        st.floats().map(str),
    )
)
def test_no_retry_after_is_worse_than_none(header: str) -> None:
    wait = retry_after_s(header, NOW)
    assert wait is None or 0 <= wait < 1e12


def test_no_path_of_ours_keeps_a_wire_open(tmp_path: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc")
    with listening(hold) as url:
        with pytest.raises(SendError):
            post(Endpoint(url, timedelta(seconds=1)), b"{}", {})
        before = open_files()
        for _ in range(3):
            with pytest.raises(SendError):
                post(Endpoint(url, timedelta(seconds=1)), b"{}", {})
            with pytest.raises(SendError):
                post(Endpoint("http://127.0.0.1:1/in", timedelta(seconds=1)), b"{}", {})
        assert open_files() <= before + 1
