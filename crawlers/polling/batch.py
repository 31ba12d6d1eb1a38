"""What a poll has found and not yet handed in: posts, pending pages, settled ones, bad ones."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from crawlers.progress.asks import jsonable
from crawlers.reading.pages import Ask, Page, PageRole
from crawlers.reading.posts import TimesRead, make_post
from crawlers.source import Source
from domain.intake import BadPost
from domain.polling import PendingPage, PollBatch, PollOutcome
from domain.posts import FoundPost

log = logging.getLogger(__name__)
_BATCH_POSTS = 50
_BATCH_BYTES = 4 * 1024 * 1024


class BatchBuilder:
    """Fills up during a poll; emptied into a PollBatch when full and at the end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._posts: list[FoundPost] = []
        self._pending: list[PendingPage] = []
        self._settled: list[str] = []
        self._set_aside: list[BadPost] = []
        self._pages: dict[int, int] = {}
        self.aside: list[str] = []  # of the whole poll, for its notice
        self.times = TimesRead()
        self.posts = 0  # of the whole poll so far that were new to it or edited

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to hand in but the cursor."""
        return not (self._posts or self._pending or self._settled or self._set_aside)

    @property
    def is_full(self) -> bool:
        return len(self._posts) >= _BATCH_POSTS or sum(self._pages.values()) >= _BATCH_BYTES

    def add(
        self,
        key: str,
        url: str | None,
        fields: dict[str, Any],
        seen: datetime,
        page: Page | None,
        *,
        again: bool = False,
    ) -> None:
        """A post; `page` is its evidence, None where only an earlier list showed it. `again`: it
        is stored already, only whether as it is now is not known.

        What a stranger's site says of one post may be anything. Where no post can be made of it,
        it is set aside by name, and the others of its page are none the worse.
        """
        try:
            post = make_post(self._source, key, url, fields, seen, page)
        except MemoryError:
            raise
        except Exception as error:
            self.put_aside(key, str(fields.get("title") or url or key), error)
            return
        self._posts.append(post)
        self.posts += not again
        self.times.add(post)
        if page is not None:  # posts of one list page share its body
            self._pages[id(page)] = len(page.body)

    def put_aside(self, key: str, name: str, error: Exception) -> None:
        """No post can be made of this."""
        log.warning("source=%s key=%r set aside", self._source.name, key, exc_info=error)
        first_line = str(error).split("\n", 1)[0][:200]
        problem = f"{type(error).__name__}：{first_line}"
        self._set_aside.append(BadPost(key, name[:100], problem))
        self.aside.append(f"{name[:30]}（{problem}）")

    def postpone(
        self,
        ask: Ask,
        seen: datetime,
        attempts: int,
        now: datetime,
        next_at: datetime,
        problem: str,
    ) -> None:
        """A detail page to try again."""
        # `tried` lies ahead of the present where the clock was put back since: see db/sources.py.
        packed: dict[str, Any] = {
            "fields": jsonable(ask.fields),
            "seen": seen.isoformat(),
            "tried": now.timestamp(),
        }
        if ask.method != "GET":
            packed |= {"method": ask.method, "body": ask.body.decode("utf-8", "surrogateescape")}
        if ask.headers:
            packed["headers"] = dict(ask.headers)
        self._pending.append(PendingPage(ask.key, ask.url, packed, attempts, next_at, problem))

    def settle(self, key: str) -> None:
        """A pending page that needs no further try."""
        self._settled.append(key)

    def empty(self, cursor: dict[str, Any], outcome: PollOutcome | None) -> PollBatch:
        batch = PollBatch(
            self._posts, cursor, self._pending, self._settled, outcome, tuple(self._set_aside)
        )
        self._posts, self._pending, self._settled, self._set_aside = [], [], [], []
        self._pages = {}
        return batch


def unpack(row: PendingPage) -> tuple[Ask, datetime]:
    """The question that `postpone` put away, and when its list was read."""
    packed = row.fields
    ask = Ask(
        url=row.url,
        role=PageRole.DETAIL,
        method=packed.get("method", "GET"),
        body=str(packed.get("body", "")).encode("utf-8", "surrogateescape"),
        headers=tuple(packed.get("headers", {}).items()),
        key=row.key,
        fields=dict(packed.get("fields", {})),
    )
    return ask, datetime.fromisoformat(packed["seen"])
