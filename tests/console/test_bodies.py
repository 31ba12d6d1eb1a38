"""What is posted to the console: only forms of a known, small length."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from console_server import Console

FORM = b"who=%E6%9D%8E&note=x"


def answer_to(console: Console, *headers: str, body: bytes) -> int:
    """The status of a POST written byte for byte."""
    where = urlsplit(console.url)
    head = [
        f"POST /incidents/{console.numbers['low']}/ack HTTP/1.1", f"Host: {where.netloc}",
        f"Origin: {console.url}", "Sec-Fetch-Site: same-origin", "Connection: close",
        "Content-Type: application/x-www-form-urlencoded", *headers, "", "",
    ]  # fmt: skip
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as line:
        line.sendall("\r\n".join(head).encode() + body)
        return int(line.makefile("rb").readline().split()[1])


def test_a_body_of_a_known_length_is_taken(own_console: Console) -> None:
    assert answer_to(own_console, f"Content-Length: {len(FORM)}", body=FORM) == 303


@pytest.mark.parametrize("chunks", [1, 100])
def test_a_body_of_an_unknown_length_is_refused(console: Console, chunks: int) -> None:
    body = (b"%x\r\n%s\r\n" % (len(FORM), FORM)) * chunks + b"0\r\n\r\n"
    assert answer_to(console, "Transfer-Encoding: chunked", body=body) == 413


def test_no_body_at_all_is_refused(console: Console) -> None:
    assert answer_to(console, body=b"") == 413


def test_a_body_over_the_limit_is_refused_by_its_length(console: Console) -> None:
    assert answer_to(console, "Content-Length: 65537", body=FORM) == 413
