"""The console's socket and server: a port that is taken, an end that was asked for, one that was
not; and the pipes by which processes tell each other that they live."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from gridvoice.processes.children import Heartbeat, _has_come, child_command
from gridvoice.service.console_server import ConsoleServer, PortTaken, open_listener


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with open_listener("127.0.0.1", 0) as listener:
        yield listener


def test_a_port_that_is_taken_is_named_with_what_to_do(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(PortTaken) as raised:
        open_listener("127.0.0.1", port)
    said = (
        f"控制台端口 127.0.0.1:{port} 无法使用(已被占用); 在 gridvoice.yaml 的 console.port 换一个"
    )
    assert str(raised.value) == said
    with pytest.raises(PortTaken):
        open_listener("127.0.0.1", port, 0.15)


def test_a_port_that_is_given_back_in_time_is_taken_after_all(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    closing = threading.Timer(0.2, taken.close)
    closing.start()
    with open_listener("127.0.0.1", port, 30) as listener:
        assert listener.getsockname()[1] == port
    closing.join()


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as response:
        read: bytes = response.read()
    return read


def test_it_serves_until_it_is_told_to_stop_and_leaves_signals_alone() -> None:
    async def serve() -> bytes:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        stop = asyncio.Event()
        server = ConsoleServer(answer, open_listener("127.0.0.1", 0))
        serving = asyncio.ensure_future(server.serve(stop))
        read = await asyncio.to_thread(get, server.address + "/here")
        during = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        assert during == before
        stop.set()
        await asyncio.wait_for(serving, 20)
        with pytest.raises(OSError, match=r"."):
            await asyncio.to_thread(get, server.address + "/here")
        return read

    assert asyncio.run(serve()) == b"/here"


def test_a_server_that_ends_by_itself_is_no_silence() -> None:
    async def serve() -> None:
        server = ConsoleServer(answer, open_listener("127.0.0.1", 0))
        server._server.should_exit = True
        await asyncio.wait_for(server.serve(asyncio.Event()), 20)

    with pytest.raises(RuntimeError, match="the console's server ended"):
        asyncio.run(serve())


def test_an_address_of_the_newer_kind_stands_in_brackets() -> None:
    try:
        listener = open_listener("::1", 0)
    except PortTaken:
        pytest.skip("no IPv6 here")
    with listener:
        port = listener.getsockname()[1]
        assert ConsoleServer(answer, listener).address == f"http://[::1]:{port}"


def test_a_heartbeat_is_heard_and_a_deaf_or_gone_listener_is_told_apart() -> None:
    reader, writer = os.pipe()
    heart = Heartbeat(writer)
    try:
        assert not _has_come(reader)
        assert heart.beat()
        assert heart.beat()
        assert _has_come(reader)
        assert not _has_come(reader), "what has been heard is read away"
        try:
            while True:
                os.write(writer, b"." * 65_536)
        except BlockingIOError:
            pass
        began = time.monotonic()
        assert heart.beat(), "it does not read just now"
        assert time.monotonic() - began < 5
    finally:
        os.close(reader)
    assert not heart.beat(), "nobody is there any more"
    os.close(writer)


def test_the_crawl_process_is_started_without_a_word_of_the_store() -> None:
    quiet, loud = child_command("/etc/gv", quiet=True), child_command("/etc/gv")
    assert quiet == [*loud, "--quiet"]
    assert loud[-3:] == ["gridvoice.service.crawl_child", "--config", "/etc/gv"]
