"""Answers that browsers read although they are not as the standard says: real bytes on a socket."""

from __future__ import annotations

import socket
from contextlib import AbstractContextManager

import pytest
from crawl_driver import Crawler
from letters_board import board
from site_on_loopback import Site
from wire import listening, whole_request

PAGE = "<ul class='letters'><li><a href='letter_1.html'>停电三天</a></li></ul>".encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(PAGE)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "identity": OK + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + PAGE,
    "identity-to-the-end": OK + b"Transfer-Encoding: identity\r\n\r\n" + PAGE,
    "padded": OK + CHUNKED + b"%x   \r\n" % len(PAGE) + PAGE + b"\r\n0  \r\n\r\n",
    "bare": OK + CHUNKED + b"%x\r\n" % len(PAGE) + PAGE + b"\r\n0\r\n\r\n",
    "long-header": OK + b"X-Policy: " + b"a" * 40_000 + b"\r\n" + LENGTH + b"\r\n" + PAGE,
    "utf8-as-packing": OK + b"Content-Encoding: UTF-8\r\n" + LENGTH + b"\r\n" + PAGE,
    "gzip-that-is-plain": OK + b"Content-Encoding: gzip\r\n" + LENGTH + b"\r\n" + PAGE,
}


def server(answer: bytes) -> AbstractContextManager[str]:
    """Says the same to everybody, in two pieces, but to robots.txt that there is none."""

    def handle(connection: socket.socket) -> None:
        if b"/robots.txt" in whole_request(connection):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        connection.sendall(answer[:-60])
        connection.sendall(answer[-60:])

    return listening(handle)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_odd_answer_is_read_as_browsers_do(crawler: Crawler, site: Site, name: str) -> None:
    with server(ANSWERS[name]) as address:
        source = board(site, f"odd-{name}").split("  detail:")[0].replace(site.address, address)
        source = source.replace("  time: span.date\n  status: span.state\n", "")
        polled = crawler.poll(source)
    assert [post["title"] for post in polled.posts] == ["停电三天"], polled.problem


def test_half_an_answer_is_none(crawler: Crawler, site: Site) -> None:
    with server(ANSWERS["padded"][:-40]) as address:
        source = board(site, "odd-half").replace(site.address, address)
        polled = crawler.poll(source)
    assert polled.posts == []
    assert "没有传完" in polled.problem
