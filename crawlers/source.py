"""信息源: what one file of config/sources/ says, and the rules that such a file must keep.

Knows no kind: what the pages of a kind hold where is said in `rules`, which each kind defines.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from domain.addresses import HostPort, host_and_port
from domain.input.load import Problems
from domain.input.shapes import Section
from domain.posts import PostChannel

_WEB_PORTS = (80, 443)


class Rules:
    """What the section of a source's kind says, as a poll asks it of any kind; here what is true
    of most. Each kind has a frozen dataclass of these."""

    __slots__ = ()
    key_advice: ClassVar[str] = "请换一个不变的编号作 key"  # where a site changes its ids

    @property
    def other_addresses(self) -> tuple[str, ...]:
        """What a poll asks besides the source's own addresses."""
        return ()

    @property
    def are_pages_numbered(self) -> bool:
        """Whether a page of a list can be asked for without the page before it."""
        return True

    @property
    def is_time_on_detail_pages(self) -> bool:
        """Whether lists leave the time to the posts' own pages."""
        return False

    @property
    def reads_replies(self) -> bool:
        """Whether a reply is looked for anywhere."""
        return False

    def spelling(self) -> tuple[object, ...]:
        """What a stored cursor was read by: with another spelling it means less."""
        return (self,)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a poll of this source may ask of the site."""

    delay: timedelta = timedelta(seconds=2)  # between two requests to the host
    timeout: timedelta = timedelta(seconds=30)  # one request, from first to last byte
    concurrency: int = 1  # requests to the host at once
    max_bytes: int = 4 * 1024 * 1024  # one body, after decompression
    max_pages: int = 5  # pages of new posts of one list in one poll; the rest comes with the next
    max_details: int = 100  # detail pages in one poll; the rest comes with the next

    def problems(self) -> Problems:
        if not 1 <= self.concurrency <= 4:
            yield "concurrency", f"{self.concurrency} 太多；1 或 2 为宜，最多 4"
        if not 1_000 <= self.max_bytes <= 32 * 1024 * 1024:
            yield "max_bytes", f"{self.max_bytes} 不在 1000 到 33554432 之间"
        if not 1 <= self.max_pages <= 500:
            yield "max_pages", f"{self.max_pages} 不在 1 到 500 之间"
        if not 1 <= self.max_details <= 5_000:
            yield "max_details", f"{self.max_details} 不在 1 到 5000 之间"
        if not 1 <= self.timeout.total_seconds() <= 180:
            yield "timeout", "要在 1s 到 180s 之间"
        if self.delay.total_seconds() > 300:
            yield "delay", "最长 300s"


@dataclass(frozen=True, slots=True)
class Source:
    """信息源: one place that is polled."""

    name: str
    title: str
    kind: str
    channel: str
    every: timedelta
    rules: Annotated[Rules, Section("kind")]
    url: str | None = None
    urls: tuple[str, ...] = ()
    enabled: bool = True
    every_at_most: timedelta | None = None  # a quiet source is asked less and less, down to this
    region: str | None = None
    contact: str | None = None  # whom to call when it breaks
    encoding: str | None = None  # where header and page lie or are silent
    may_be_empty: bool = False
    private_host: bool = False  # host and port of url(s) may lie on a private address
    robots_permission: str | None = None  # who permitted what robots.txt forbids, and when
    limits: Limits = field(default_factory=Limits)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every start address, in order."""
        return ((self.url,) if self.url else ()) + self.urls

    @property
    def slowest(self) -> timedelta:
        return self.every_at_most or self.every

    @property
    def private_places(self) -> frozenset[HostPort]:
        """Where the source may go though it is private: the hosts of its addresses, each at the
        port that stands there. Who is sent on from http to https stays where he was."""
        if not self.private_host:
            return frozenset()
        named = map(host_and_port, self.addresses + self.rules.other_addresses)
        return frozenset(
            (host, one)
            for host, port in filter(None, named)
            for one in (_WEB_PORTS if port in _WEB_PORTS else (port,))
        )

    def fingerprint(self) -> str:
        """Changes when anything that decides what is read changes: old cursors then mean less."""
        said = repr((self.kind, self.addresses, self.encoding, *self.rules.spelling()))
        return hashlib.sha256(said.encode()).hexdigest()[:12]

    def problems(self) -> Problems:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{1,63}", self.name):
            yield "name", f"{self.name!r} 只能用小写字母、数字、_ 和 -，2 到 64 个字符"
        if self.channel not in list(PostChannel):
            yield "channel", f"没有 {self.channel!r} 这种渠道；可用 {', '.join(PostChannel)}"
        if not self.addresses:
            yield "url", "缺少网址；写 url 或 urls"
        for address in self.addresses:
            if wrong := _address_problem(address):
                yield "url" if address == self.url else "urls", wrong
        least = 1 if self.private_host else 10  # one's own site may be asked often
        if self.every.total_seconds() < least:
            yield "every", f"最短 {least}s"
        if self.every_at_most is not None and self.every_at_most < self.every:
            yield "every_at_most", "比 every 还短"
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                yield "encoding", f"没有 {self.encoding!r} 这种编码；可写 utf-8、gb18030 或 big5"
        if self.robots_permission is not None and len(self.robots_permission.strip()) < 6:
            yield "robots_permission", "要写明谁在何时同意的"


def _address_problem(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{address!r} 不成网址：{error}"
    if parts.scheme not in ("http", "https") or not host:
        return f"{address!r} 不是 http 或 https 网址"
    if parts.username or parts.password:
        return f"{address!r}：网址里不能带用户名或密码"
    if "\\" in address or any(c.isspace() for c in address):
        return f"{address!r}：网址里不能有反斜杠或空白"
    return None
