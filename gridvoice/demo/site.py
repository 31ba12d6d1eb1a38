"""The demo town over HTTP on loopback: posts become readable by the clock."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType

from domain.clock import utc_now
from domain.text import fold
from gridvoice.demo import pages
from gridvoice.demo.pages import Shown
from gridvoice.demo.stream import later_posts
from gridvoice.demo.town import Town, TownPost, Where
from gridvoice.demo.web import NOT_FOUND, DemoPage, LocalServer

ROBOTS = b"User-agent: *\nDisallow: /admin/\nDisallow: /liuyan/write.html\n"
_LATER_KEPT = 1000  # a demo left running for days must not grow
_LIST = re.compile(r"/liuyan/(?:index(?:_(\d+))?\.html)?")
_DETAIL = re.compile(r"/(liuyan/detail|news)/([\w-]+)\.html")
_KEYWORD = re.compile(r"100103type=\d+&q=(.*)")


class Site:
    """The town's board, social search and feed at `base_url`.

    Posts with a negative `after` are there at once; the others come when `begin` has set the
    town's clock going. `pace` 2 runs the script twice as fast. `with_later`: new talk and new
    incidents keep coming after the script.
    """

    def __init__(
        self,
        town: Town,
        *,
        pace: float = 1.0,
        with_later: bool = False,
        port: int = 0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.town = town
        self.pace = pace
        self._now = now
        self._opened_at = now()
        self._began_at: datetime | None = None
        self._lock = threading.Lock()
        self._coming = iter(later_posts(town)) if with_later else iter(())
        self._next: TownPost | None = next(self._coming, None)
        self._script = {post.id: post for post in town.posts}
        self._later: dict[str, TownPost] = {}
        self._server = LocalServer(self.answer, port)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    @property
    def later(self) -> tuple[TownPost, ...]:
        """The posts that came after the script, so far (the newest thousand)."""
        self._readable(self._now())
        with self._lock:
            return tuple(self._later.values())

    @property
    def is_over(self) -> bool:
        """Whether every post of the script can be read."""
        began = self._began_at
        return began is not None and self._seconds(self._now(), began) >= self.town.length_s

    def begin(self) -> datetime:
        """Sets the town's clock going; answers with the moment."""
        self._began_at = self._now()
        return self._began_at

    def readable_at(self) -> dict[str, datetime]:
        """The posts that can be read by now, each with the moment since when."""
        return {shown.post.id: shown.readable_at for shown in self._readable(self._now())}

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Site:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def answer(self, path: str, query: Mapping[str, str]) -> DemoPage:
        """The page at `path`, as it stands now."""
        now = self._now()
        if path == "/robots.txt":
            return DemoPage(ROBOTS, "text/plain")
        if match := _LIST.fullmatch(path):
            number = int(match[1] or 1)
            return pages.board_list(self.town, self._on(Where.BOARD, now), number, now) or NOT_FOUND
        if path == "/feed.xml":
            return pages.feed(self.town, self._on(Where.FEED, now), self.base_url)
        if path == "/api/container/getIndex":
            return self._search(query, now)
        if match := _DETAIL.fullmatch(path):
            return self._detail(match[1], match[2], now)
        return NOT_FOUND

    def _detail(self, column: str, key: str, now: datetime) -> DemoPage:
        where = Where.FEED if column == "news" else Where.BOARD
        shown = next((s for s in self._on(where, now) if s.post.id == key), None)
        if shown is None:
            return NOT_FOUND
        if where is Where.FEED:
            return pages.news_page(self.town, shown)
        return pages.board_detail(self.town, shown)

    def _search(self, query: Mapping[str, str], now: datetime) -> DemoPage:
        match = _KEYWORD.fullmatch(query.get("containerid", ""))
        words = fold(match[1]).split() if match else []
        all_posts = {s.post.id: s for s in self._on(Where.SOCIAL, now)}

        def found(shown: Shown) -> bool:
            text = fold(self.full_text(shown.post))
            return all(word in text for word in words)

        hits = [s for s in all_posts.values() if words and found(s)]
        number = int(query["page"]) if query.get("page", "").isdecimal() else 1
        return pages.search_answer(hits, max(1, number), all_posts.__getitem__)

    def full_text(self, post: TownPost) -> str:
        """A post with what it reposts, as a search sees it."""
        original = self._script.get(post.repost_of or "")
        return f"{post.text}//{self.full_text(original)}" if original else post.text

    def _on(self, where: Where, now: datetime) -> list[Shown]:
        """What one of the sites shows, newest first."""
        shown = [s for s in self._readable(now) if s.post.where is where]
        return sorted(shown, key=lambda s: s.published_at, reverse=True)

    def _readable(self, now: datetime) -> list[Shown]:
        began = self._began_at
        with self._lock:
            if began is not None:
                self._draw(self._seconds(now, began))
            posts = [*self._script.values(), *self._later.values()]
        shown = []
        for post in posts:
            if post.after < 0:
                published = self._opened_at + timedelta(seconds=post.after)
                readable = self._opened_at
            elif began is None:
                continue
            else:
                published = readable = began + timedelta(seconds=post.after / self.pace)
            if readable <= now:
                shown.append(Shown(post, published, readable, self._reply_at(post, published, now)))
        return shown

    def _draw(self, seconds: float) -> None:
        while self._next is not None and self._next.after <= seconds:
            self._later[self._next.id] = self._next
            if len(self._later) > _LATER_KEPT:
                del self._later[next(iter(self._later))]
            self._next = next(self._coming, None)

    def _reply_at(self, post: TownPost, published: datetime, now: datetime) -> datetime | None:
        if post.reply is None:
            return None
        pace = self.pace if post.after >= 0 else 1.0
        moment = published + timedelta(seconds=post.reply.after / pace)
        return moment if moment <= now else None

    def _seconds(self, now: datetime, began: datetime) -> float:
        return (now - began).total_seconds() * self.pace
