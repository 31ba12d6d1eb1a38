"""What a poll has found and not yet handed in: posts, pending pages, settled ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crawlers.pages import Ask, Page, Role
from crawlers.posts import make_post
from crawlers.source import Source
from domain.intake import Haul, Outcome, PendingPage
from domain.model import FoundPost

_BATCH_POSTS = 50
_BATCH_BYTES = 4 * 1024 * 1024


class Basket:
    """Fills up during a poll; emptied into a Haul when full and at the end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._posts: list[FoundPost] = []
        self._pending: list[PendingPage] = []
        self._settled: list[str] = []
        self._pages: dict[int, int] = {}
        self._emptied = 0

    @property
    def posts(self) -> int:
        """Posts of the whole poll so far."""
        return self._emptied + len(self._posts)

    @property
    def is_full(self) -> bool:
        return len(self._posts) >= _BATCH_POSTS or sum(self._pages.values()) >= _BATCH_BYTES

    def add(
        self, key: str, url: str | None, fields: dict[str, Any], seen: datetime, page: Page | None
    ) -> None:
        """A post; `page` is its evidence, None where only an earlier list showed it."""
        self._posts.append(make_post(self._source, key, url, fields, seen, page))
        if page is not None:  # posts of one list page share its body
            self._pages[id(page)] = len(page.body)

    def postpone(
        self, ask: Ask, seen: datetime, attempts: int, next_at: datetime, problem: str
    ) -> None:
        """A detail page to try again."""
        packed: dict[str, Any] = {"fields": ask.fields, "seen": seen.isoformat()}
        if ask.method != "GET":
            packed |= {"method": ask.method, "body": ask.body.decode()}
        if ask.headers:
            packed["headers"] = dict(ask.headers)
        self._pending.append(PendingPage(ask.key, ask.url, packed, attempts, next_at, problem))

    def settle(self, key: str) -> None:
        """A pending page that needs no further try."""
        self._settled.append(key)

    def empty(self, cursor: dict[str, Any], outcome: Outcome | None) -> Haul:
        haul = Haul(self._posts, cursor, self._pending, self._settled, outcome)
        self._emptied += len(self._posts)
        self._posts, self._pending, self._settled, self._pages = [], [], [], {}
        return haul


def unpack(row: PendingPage) -> tuple[Ask, datetime]:
    """The question that `postpone` put away, and when its list was read."""
    packed = row.fields
    ask = Ask(
        url=row.url,
        role=Role.DETAIL,
        method=packed.get("method", "GET"),
        body=str(packed.get("body", "")).encode(),
        headers=tuple(packed.get("headers", {}).items()),
        key=row.key,
        fields=dict(packed.get("fields", {})),
    )
    return ask, datetime.fromisoformat(packed["seen"])
