"""Servers on bare sockets, for answers byte for byte that no HTTP library would give."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Handle = Callable[[socket.socket], None]
_LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)")


@contextmanager
def listening(handle: Handle) -> Iterator[str]:
    """A listener that hands each connection to `handle`, in a thread of its own, and closes it
    then; its address, without a path. One that reads no more ends with the test."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handle(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(15)


def answering(answer: Callable[[bytes], bytes]) -> Handle:
    """Reads a whole request and says what `answer` has for it."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(answer(whole_request(connection)))

    return handle


def whole_request(connection: socket.socket) -> bytes:
    """Head and body, however many segments or TLS records they come in.

    A server that answers and closes with a part unread resets the connection, and the client may
    lose an answer that was already on its way.
    """
    request = b""
    while True:
        head, blank, body = request.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if blank and len(body) >= (int(length[1]) if length else 0):
            return request
        part = connection.recv(65536)
        if not part:
            return request
        request += part
