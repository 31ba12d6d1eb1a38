"""The fetch guard's own assessment. What it does to real requests: test_crawl_fetching.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crawlers.fetching.guard import Blocked, Permissions, check_url, closed_address, open_ones
from crawlers.kinds.feed import FeedRules
from crawlers.source import Source


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2001:20::1",
        "3ffe::1",
        "3fff::1",
        "5f00::1",
        "100:0:0:1::1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "4000::1",
        "168.63.129.16",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_public_is_closed(address: str) -> None:
    assert closed_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.2.4.8",
        "114.114.114.114",
        "172.32.0.1",
        "100.128.0.1",
        "2400:3200::1",
        "2001:250::1",
        "64:ff9b::101:101",
    ],
)
def test_what_is_public_is_open(address: str) -> None:
    assert closed_address(address) is None


def test_a_name_with_one_closed_address_gets_none() -> None:
    permissions = Permissions()
    a, b = ("a.example", 80), ("b.example", 80)
    assert open_ones(a, ["1.2.4.8", "1.2.4.9"], permissions) == ["1.2.4.8", "1.2.4.9"]
    assert open_ones(b, ["1.2.4.8", "10.0.0.1"], permissions) == []
    assert "10.0.0.1" in (permissions.refusal(b) or "")


def test_a_name_that_answers_otherwise_the_second_time_is_assessed_anew() -> None:
    permissions = Permissions()
    place = ("rebind.example", 443)
    assert open_ones(place, ["1.2.4.8"], permissions) == ["1.2.4.8"]
    assert open_ones(place, ["127.0.0.1"], permissions) == []


def test_a_permission_is_the_sources_own() -> None:
    permissions = Permissions()
    permissions.permit({("board.lan", 80): frozenset({"ours"})})
    assert open_ones(("board.lan", 80), ["10.0.0.1"], permissions) == ["10.0.0.1"]
    check_url("http://board.lan/x", "ours", permissions)
    with pytest.raises(Blocked, match="别的信息源"):
        check_url("http://board.lan/x", "another", permissions)


def test_a_permission_is_for_the_port_that_was_named() -> None:
    permissions = Permissions()
    permissions.permit(
        {("board.lan", 8080): frozenset({"ours"}), ("10.0.0.9", 80): frozenset({"ours"})}
    )
    assert open_ones(("board.lan", 8080), ["10.0.0.1"], permissions) == ["10.0.0.1"]
    for port in (22, 80, 8081):
        assert open_ones(("board.lan", port), ["10.0.0.1"], permissions) == []
    check_url("http://10.0.0.9/x", "ours", permissions)
    check_url("http://10.0.0.9:80/x", "ours", permissions)
    for url in ("http://10.0.0.9:81/x", "https://10.0.0.9/x"):
        with pytest.raises(Blocked, match="端口"):
            check_url(url, "ours", permissions)
    assert open_ones(("board.lan", 9), ["1.2.4.8"], permissions) == ["1.2.4.8"], "public there"


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("http://Board.LAN:8080/list", {("board.lan", 8080)}),
        ("http://board.lan/list", {("board.lan", 80), ("board.lan", 443)}),
        ("https://board.lan/list", {("board.lan", 80), ("board.lan", 443)}),
        ("https://[fd00::1]:8443/", {("fd00::1", 8443)}),
    ],
)
def test_a_source_may_go_where_its_addresses_lead(url: str, places: set[tuple[str, int]]) -> None:
    source = Source("one", "一", "feed", "news", timedelta(minutes=5), FeedRules(), url=url)
    assert source.private_places == set()
    assert replace(source, private_host=True).private_places == places


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "http:///x",
        "http://user:secret@example.com/",
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "http://example.com:99999/",
    ],
)
def test_what_needs_no_resolving_is_refused_at_once(url: str) -> None:
    with pytest.raises(Blocked) as caught:
        check_url(url, "any", Permissions())
    assert "secret" not in str(caught.value)
