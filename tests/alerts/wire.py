"""Reading a request off a bare socket, for receivers that answer byte for byte."""

from __future__ import annotations

import re
import socket

_LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)")


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
