"""The fetch guard: http and https only, public addresses only, checked inside the connection.

The reactor's own name resolver is replaced. Whatever it hands to an endpoint is what is connected
to, so a name that answers differently the second time (rebinding) gains nothing, a redirect is
checked like any request, and `0x7f.1`, `2130706433` and the like are assessed by what they resolve
to. A middleware adds what is known before: scheme, user names, and that a place (host and port)
which one source declared private is closed to all others.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
)
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.fetching.throttle import host_slot
from domain.addresses import HostPort, host_and_port, split_address

META_SOURCE = "gridvoice_source"  # request.meta: the name of the source that asks

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CLOSED = [
    (ipaddress.ip_network(net), why)
    for net, why in (
        ("0.0.0.0/8", "本网络"),
        ("100.64.0.0/10", "运营商级 NAT"),
        ("192.0.0.0/24", "协议保留"),
        ("192.88.99.0/24", "6to4 中继"),
        ("168.63.129.16/32", "云平台内部"),
        ("198.18.0.0/15", "测试网"),
        ("240.0.0.0/4", "保留"),
        ("64:ff9b:1::/48", "本地 NAT64"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "协议保留"),
        ("3ffe::/16", "已收回"),
        ("3fff::/20", "文档示例"),
        ("fec0::/10", "站点本地"),
    )
]
_NAME_TTL_S = 120.0
_NAME_TIMEOUT_S = 10.0
_MAX_NAMES = 20_000


class Blocked(IgnoreRequest):
    """A request that the guard did not let out. Chinese; names the host and what to do."""


def closed_address(text: str) -> str | None:
    """Why an IP address is not public (Chinese), or None.

    Addresses that carry another one (mapped, NAT64, 6to4) are assessed by what they carry.
    `is_global` alone would let NAT64 and 6to4 of 127.0.0.1, multicast and 192.0.0.8 through.
    """
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and address in _NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return closed_address(str(carried))
    for network, why in _CLOSED:
        if address in network:
            return why
    if address.is_loopback:
        return "本机"
    if address.is_link_local:
        return "链路本地"
    if address.is_multicast:
        return "组播"
    if address.is_private or not address.is_global or address.is_reserved:
        return "内网或保留"
    return None


class Permissions:
    """Which private places (host and port) which sources may reach, and which were found closed."""

    def __init__(self) -> None:
        self._places: dict[HostPort, frozenset[str]] = {}
        self._refusals: dict[HostPort, str] = {}

    def permit(self, places: dict[HostPort, frozenset[str]]) -> None:
        """Replace what is permitted: place → names of the sources that declared it private."""
        self._places = places
        self._refusals.clear()

    def is_private(self, place: HostPort) -> bool:
        return place in self._places

    def may(self, source: str, place: HostPort) -> bool:
        return source in self._places.get(place, ())

    def refuse(self, place: HostPort, why: str) -> None:
        if len(self._refusals) > _MAX_NAMES:
            self._refusals.clear()
        self._refusals[place] = why

    def refusal(self, place: HostPort) -> str | None:
        """Why the resolver gave no address for a place, where that was the guard's doing."""
        return self._refusals.get(place)


# One a process, as the reactor is: the resolver is made by Scrapy, the middleware too.
PERMISSIONS = Permissions()


class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        # Part of Twisted's interface; its own resolvers offer no cancelling either.
        raise NotImplementedError


implementer(IHostResolution)(_Resolution)


class _DaemonThread(threading.Thread):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, daemon=True, **kwargs)


class GuardedResolver:
    """Resolves names (A and AAAA, cached for two minutes) and gives out public addresses only.

    If any address of a name is closed, none is given: a name that mixes both is a trick.
    """

    def __init__(
        self,
        reactor: Any,
        permissions: Permissions = PERMISSIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reactor = reactor
        self._clock = clock
        self._permissions = permissions
        self._pool = ThreadPool(0, 16, "names")
        # Daemons, never joined: a name server that hangs must not hold up the end of the process.
        self._pool.threadFactory = _DaemonThread
        self._names: dict[str, tuple[float, list[str]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> GuardedResolver:
        return cls(reactor)

    def install_on_reactor(self) -> None:
        self._reactor.installNameResolver(self)
        self._reactor.callWhenRunning(self._pool.start)

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> _Resolution:
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        host = hostName.lower()

        def deliver(addresses: list[str]) -> None:
            for address in open_ones((host, portNumber), addresses, self._permissions):
                shape = IPv6Address if ":" in address else IPv4Address
                resolutionReceiver.addressResolved(shape("TCP", address, portNumber))
            resolutionReceiver.resolutionComplete()

        kept = self._names.get(host)
        if kept and kept[0] > self._clock():
            deliver(kept[1])
            return resolution
        asked = deferToThreadPool(self._reactor, self._pool, _look_up, host)
        asked.addTimeout(_NAME_TIMEOUT_S, self._reactor)

        def came(addresses: list[str]) -> None:
            if len(self._names) > _MAX_NAMES:
                self._names.clear()
            if addresses:
                self._names[host] = (self._clock() + _NAME_TTL_S, addresses)
            deliver(addresses)

        def failed(_: Failure) -> None:
            resolutionReceiver.resolutionComplete()

        asked.addCallbacks(came, failed)
        return resolution


def open_ones(place: HostPort, addresses: list[str], permissions: Permissions) -> list[str]:
    """What of a name's addresses may be connected to at that port: all or none."""
    if permissions.is_private(place):
        return addresses
    for address in addresses:
        if why := closed_address(address):
            permissions.refuse(place, f"{address}（{why}地址）")
            return []
    return addresses


implementer(IHostnameResolver)(GuardedResolver)


def _look_up(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    # %scope of a link-local address is dropped: it is refused anyway
    return list(dict.fromkeys(str(sockaddr[0]).split("%", 1)[0] for *_, sockaddr in found))


class GuardMiddleware:
    """First of the downloader middlewares: sees every request, redirects and robots.txt too."""

    def process_request(self, request: Request) -> None:
        # Set anew each time: a redirect keeps the meta of its origin, and with it the queue.
        request.meta["download_slot"] = host_slot(request.url)
        check_url(request.url, request.meta.get(META_SOURCE, ""), PERMISSIONS)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """A name that the resolver gave no address for: closed, or not there? With its name,
        which may be one that a redirect led to."""
        if not isinstance(exception, CannotResolveHostError):
            return
        place = host_and_port(request.url) or ("", 0)
        if what := PERMISSIONS.refusal(place):
            raise Blocked(closed_message(place[0], what, request.url))
        raise CannotResolveHostError(place[0])


def check_url(url: str, source: str, permissions: Permissions) -> None:
    """Raises Blocked for what need not even be resolved to be refused."""
    parts, place = split_address(url), host_and_port(url)
    if parts is None or place is None or parts.scheme not in ("http", "https"):
        raise Blocked(f"只允许 http 和 https 地址，这个不是：{url}")
    host = place[0]
    if parts.username or parts.password:
        raise Blocked(f"地址里带有用户名或口令，不予访问：{host}")
    if permissions.is_private(place):
        if not permissions.may(source, place):
            raise Blocked(
                f"主机 {host} 被别的信息源声明为内网主机，本信息源不得访问。"
                f"确需访问请在本信息源写 private_host: true（{url}）"
            )
        return
    try:
        why = closed_address(host)
    except ValueError:
        return  # a name: assessed when it is resolved
    if why:
        raise Blocked(closed_message(host, f"{host}（{why}地址）", url))


def closed_message(host: str, what: str, url: str) -> str:
    return (
        f"主机 {host} 指向非公网地址 {what}，不予访问。"
        f"若它确是内网站点，请以它为网址（端口也要一致）并写 private_host: true（{url}）"
    )
