"""信息源: one file of config/sources/, and the rules that such a file must keep.

`load_sources` reads a folder; `Source` is what one file says. Selectors, patterns and mappings
are compiled on load, so that a mistake is named with file, line and field, not met at night.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawlers.rules import ApiRules, BoardRules, FeedRules, Problems
from domain.addresses import split_address
from domain.load import BadSettings, Problem, load_file
from domain.model import PostChannel


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
            yield "concurrency", f"{self.concurrency}: 1 or 2 is polite, 4 is the most"
        if not 1_000 <= self.max_bytes <= 32 * 1024 * 1024:
            yield "max_bytes", f"{self.max_bytes}: between 1000 and 33554432"
        if not 1 <= self.max_pages <= 500:
            yield "max_pages", f"{self.max_pages}: between 1 and 500"
        if not 1 <= self.max_details <= 5_000:
            yield "max_details", f"{self.max_details}: between 1 and 5000"
        if not 1 <= self.timeout.total_seconds() <= 180:
            yield "timeout", "between 1s and 180s"
        if self.delay.total_seconds() > 300:
            yield "delay", "at most 300s"


@dataclass(frozen=True, slots=True)
class Source:
    """信息源: one place that is polled."""

    name: str
    title: str
    kind: str
    channel: str
    every: timedelta
    url: str | None = None
    urls: tuple[str, ...] = ()
    enabled: bool = True
    every_at_most: timedelta | None = None  # a quiet source is asked less and less, down to this
    region: str | None = None
    contact: str | None = None  # whom to call when it breaks
    encoding: str | None = None  # where header and page lie or are silent
    may_be_empty: bool = False
    private_host: bool = False  # the hosts of url(s) may lie on a private address
    robots_permission: str | None = None  # who permitted what robots.txt forbids, and when
    limits: Limits = field(default_factory=Limits)
    board: BoardRules | None = None
    api: ApiRules | None = None
    feed: FeedRules | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every start address, in order."""
        return ((self.url,) if self.url else ()) + self.urls

    @property
    def slowest(self) -> timedelta:
        return self.every_at_most or self.every

    @property
    def private_hosts(self) -> frozenset[str]:
        """Host names that may be private, lower case."""
        if not self.private_host:
            return frozenset()
        asked = list(self.addresses)
        if self.api and self.api.detail and self.api.detail.call.url:
            asked.append(self.api.detail.call.url)
        parts = (split_address(address) for address in asked)
        return frozenset(host for p in parts if p is not None and (host := p.hostname))

    def fingerprint(self) -> str:
        """Changes when anything that decides what is read changes: old cursors then mean less."""
        said = repr((self.kind, self.addresses, self.encoding, self.board, self.api, self.feed))
        return hashlib.sha256(said.encode()).hexdigest()[:12]

    def problems(self) -> Problems:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{1,63}", self.name):
            yield "name", f"{self.name!r}: lower case letters, digits, _ and -, 2 to 64 of them"
        kinds = ("board", "api", "feed")
        if self.kind not in kinds:
            yield "kind", f"{self.kind!r}: one of {', '.join(kinds)}"
        for kind in kinds:
            given = getattr(self, kind) is not None
            if given and kind != self.kind:
                yield kind, f"belongs to kind: {kind}, but kind is {self.kind}"
            if not given and kind == self.kind and kind != "feed":
                yield "kind", f"a section {kind}: is missing; it says where the page holds what"
        if self.channel not in list(PostChannel):
            yield "channel", f"{self.channel!r}: one of {', '.join(PostChannel)}"
        if not self.addresses:
            yield "url", "is missing; give url or urls"
        for address in self.addresses:
            if wrong := _address_problem(address):
                yield "url" if address == self.url else "urls", wrong
        least = 1 if self.private_host else 10  # one's own site may be asked often
        if self.every.total_seconds() < least:
            yield "every", f"at least {least}s"
        if self.every_at_most is not None and self.every_at_most < self.every:
            yield "every_at_most", "is shorter than every"
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                yield "encoding", f"{self.encoding!r}: utf-8, gb18030 or big5"
        if self.robots_permission is not None and len(self.robots_permission.strip()) < 6:
            yield "robots_permission", "say who permitted it and when"


def load_sources(folder: Path) -> dict[str, Source]:
    """Every `*.yaml` of `folder` by name, disabled ones too.

    Raises BadSettings with the mistakes of all files.
    """
    sources: dict[str, Source] = {}
    wrong: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        shown = f"{folder.name}/{path.name}"
        try:
            source = load_file(path, Source, shown)
        except BadSettings as error:
            wrong.extend(error.problems)
            continue
        if source.name in sources:
            wrong.append(Problem(shown, 1, "name", f"{source.name!r} is taken by another file"))
        sources[source.name] = source
    if wrong:
        raise BadSettings(wrong)
    return sources


def _address_problem(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{address!r}: {error}"
    if parts.scheme not in ("http", "https") or not host:
        return f"{address!r} is not an http or https address"
    if parts.username or parts.password:
        return f"{address!r}: no user name or password in an address"
    if "\\" in address or any(c.isspace() for c in address):
        return f"{address!r}: no back slash or white space in an address"
    return None
