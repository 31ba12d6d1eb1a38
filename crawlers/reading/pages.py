"""What passes between the fetching and the reading half: Ask, Page, Entry, Found, and refusals.

Values only. A kind turns a source into Asks and a Page into what was Found; it does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from crawlers.reading.encodings import decoded
from domain.posts import Evidence


class PageRole(StrEnum):
    LIST = "list"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class Series:
    """One list of a source: which of its addresses (counted from 0), and what is asked there for
    (a keyword, in a place)."""

    address: int = 0
    keyword: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """What stored cursors call it; never taken apart again."""
        return "|".join(p for p in (str(self.address), self.keyword, self.place) if p)

    @property
    def words(self) -> str:
        """What is asked for."""
        return " ".join(p for p in (self.keyword, self.place) if p)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a site. `series` is the list that a page belongs to; `number` counts its
    pages from 0; `fields` is what a list showed of the post whose detail page this is."""

    url: str
    role: PageRole = PageRole.LIST
    method: str = "GET"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    series: Series = Series()
    number: int = 0
    values: tuple[tuple[str, Any], ...] = ()
    key: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> Ask:
        return replace(self, **changes)


@dataclass(frozen=True)
class Page:
    """An answer: the body decompressed, as the site sent it. `url` is where redirects ended."""

    url: str
    status: int
    body: bytes
    fetched_at: datetime
    content_type: str = ""
    encoding: str | None = None  # what the source's file declares; stronger than all else
    etag: str | None = None
    modified: str | None = None

    @property
    def text(self) -> str:
        return self._decoded[0]

    @property
    def read_as(self) -> str:
        """The encoding that the text was read in."""
        return self._decoded[1]

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        return decoded(self.body, self.content_type, self.encoding)

    @cached_property
    def evidence(self) -> Evidence:
        """One object for all posts of the page, so that a store need hash it only once."""
        return Evidence(self.url, self.status, self.fetched_at, self.body, self.content_type)


@dataclass(frozen=True, slots=True)
class Entry:
    """One post as a page shows it.

    `fields`: title, text, time (raw), author, region, reply, reply_time (raw), engagement; only
    those shown. `digest` changes when what is shown changes (never by a relative time).
    `detail` asks for the rest; None where the list shows all. `notice` is for operators, and so is
    `missed`: rules for the page of one post that found nothing on it.
    """

    key: str
    url: str | None
    fields: dict[str, Any]
    digest: str
    detail: Ask | None = None
    notice: str | None = None
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a page held. `matched` counts entries before any filter; `notice` is for operators.
    `may_end`: the page was shorter than was asked for, so `more` may not be there."""

    entries: tuple[Entry, ...]
    matched: int
    more: Ask | None = None
    notice: str | None = None
    may_end: bool = False


@dataclass(frozen=True, slots=True)
class PollStart:
    """Where a poll starts from: the present, and the start of the last complete poll."""

    now: datetime
    since: datetime | None = None


class PageChanged(Exception):
    """A page came but does not hold what the source's file says. The text (Chinese) names the
    selector or field and the address."""


class PageGone(PageChanged):
    """A page came, and says that the post is no more."""


class Refused(Exception):
    """The site answered, but with a refusal (log-in, captcha, limit). Chinese, names why.

    `log_in`: it asks for what only the operator can give; it is not asked too much.
    """

    def __init__(self, problem: str, *, log_in: bool = False) -> None:
        super().__init__(problem)
        self.log_in = log_in


class FetchFailed(Exception):
    """A request that gave no page. Chinese; names address, status or reason, and what to do."""

    def __init__(
        self,
        problem: str,
        *,
        transient: bool = False,
        refused: bool = False,
        log_in: bool = False,
        gone: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.transient = transient  # a second try at once may help
        self.refused = refused  # the site does not want us: stop, wait long
        self.log_in = log_in  # because of a key or password that only the operator can mend
        self.gone = gone  # the page is no more
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Conditions:
    """What we hold of a page already: asked along, an unchanged page answers 304."""

    etag: str | None = None
    modified: str | None = None
