"""One source tried out: what it would bring in, and what is wrong with it. Stores nothing.

`check_saved` reads pages from disk, without network. `check_live` runs one poll in the real crawl
process, guard and robots.txt and all; it wants the main thread of a fresh process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from crawlers.crawl_settings import CrawlSettings
from crawlers.kinds import KINDS
from crawlers.progress.keys import told_apart
from crawlers.reading.entries import found_nowhere
from crawlers.reading.pages import Entry, Found, Page, PageChanged, PollStart, Refused
from crawlers.reading.posts import TimesRead, make_post
from crawlers.source import Source
from domain.clock import iso, utc_now
from domain.intake import TakenIn
from domain.masking.mask import mask
from domain.polling import DueSource, PollBatch
from domain.posts import FoundPost

_MAX_PAGES = 2
_MAX_DETAILS = 5


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A page from disk. `name` is its file name; `url` and `content_type` where they are known."""

    name: str
    body: bytes
    url: str | None = None
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """`problems` (Chinese): the source does not work. `notices`: it works, but look."""

    source: str
    posts: tuple[FoundPost, ...]
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems

    def rows(self) -> list[dict[str, Any]]:
        """The posts for `--json`: masked, no author, no evidence body."""
        return [
            {
                "source": p.source,
                "key": p.key,
                "url": p.url,
                "title": mask(p.title),
                "text": mask(p.text),
                "channel": p.channel,
                "region": p.region,
                "published_raw": p.published_raw,
                "published_at": iso(p.published_at) if p.published_at else None,
                "reply": mask(p.reply) if p.reply else None,
                "reply_at": iso(p.reply_at) if p.reply_at else None,
                "engagement": p.engagement,
            }
            for p in self.posts
        ]


def check_saved(source: Source, pages: Sequence[SavedPage], now: datetime) -> CheckReport:
    """The first page is the list; the others are detail pages, matched to the entries by address,
    by file name, or, when there is but one, to the first entry."""
    kind, rules = KINDS[source.kind], source.rules
    asks = kind.start(source, rules, PollStart(now))
    listed = _page(source, pages[0], pages[0].url or asks[0].url, now)
    try:
        found = told_apart(kind.read(source, rules, asks[0], listed), lambda key: None, listed)
    except (PageChanged, Refused) as error:
        return CheckReport(source.name, (), (str(error),))
    notices = [found.notice] if found.notice else []
    posts, problems, unread = [], [], 0
    missed: Counter[str] = Counter()
    details_read = 0
    for entry, saved in _paired(found, list(pages[1:])):
        fields, page, url = entry.fields, listed, entry.url
        if entry.detail is not None:
            if saved is None:
                unread += 1
            else:
                page = _page(source, saved, saved.url or entry.detail.url, now)
                try:
                    read = kind.read_detail(source, rules, entry.detail, page)
                except (PageChanged, Refused) as error:
                    problems.append(f"{saved.name}：{error}")
                    continue
                notices += [read.notice] if read.notice else []
                missed.update(read.missed)
                details_read += 1
                fields, url = read.fields, read.url or url
        posts.append(make_post(source, entry.key, url, fields, now, page))
    if said := found_nowhere(missed, details_read, least=1):
        notices.append(said)
    if unread:
        notices.append(f"{unread} 条的详情页没有给出，只读了列表上的内容")
    return CheckReport(
        source.name, tuple(posts), tuple(problems), tuple(notices) + _looks(source, posts)
    )


def _page(source: Source, saved: SavedPage, url: str, now: datetime) -> Page:
    return Page(url, 200, saved.body, now, saved.content_type, source.encoding)


def _paired(found: Found, details: list[SavedPage]) -> list[tuple[Entry, SavedPage | None]]:
    pairs: list[tuple[Entry, SavedPage | None]] = []
    for entry in found.entries:
        ask = entry.detail
        match = None
        if ask is not None:
            name = PurePosixPath(unquote(urlsplit(ask.url).path)).name
            match = next(
                (
                    d
                    for d in details
                    if ask.url == d.url or d.name == name or entry.key in PurePosixPath(d.name).stem
                ),
                None,
            )
        pairs.append((entry, match))
    if len(details) == 1 and pairs and all(saved is None for _, saved in pairs):
        pairs[0] = (pairs[0][0], details[0])
    return pairs


def _looks(source: Source, posts: Sequence[FoundPost]) -> tuple[str, ...]:
    """What a careful reader would ask about."""
    asked = []
    times = TimesRead()
    for post in posts:
        times.add(post)
    if unread := times.notice():
        asked.append(unread)
    elif posts and not any(p.published_at for p in posts):
        asked.append("没有一条读出了时间，将以首次发现的时间为准")
    if len(posts) >= 3 and len({p.title for p in posts}) == 1:
        asked.append(f"所有标题都一样：“{posts[0].title}”，标题选择器可能选到了栏目名")
    if len(posts) >= 3 and not any(p.text for p in posts):
        asked.append("没有一条有正文")
    if posts and source.rules.reads_replies and not any(p.reply for p in posts):
        asked.append("没有一条读到答复；网页上若有已答复的，请核对 reply")
    return tuple(asked)


class _OnePoll:
    """A PollStore that gives out one lease and keeps what comes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._given = False
        self.posts: list[FoundPost] = []
        self.problems: list[str] = []
        self.notices: list[str] = []

    def due(self, limit: int, now: datetime) -> list[DueSource]:
        if self._given:
            return []
        self._given = True
        return [DueSource(self._source.name, 1, now)]

    def known(self, source: str, keys: Collection[str]) -> set[str]:
        return set()

    def store(self, lease: DueSource, batch: PollBatch) -> TakenIn:
        self.posts.extend(batch.posts)
        self.notices.extend(f"{p.url}：{p.problem}" for p in batch.pending)
        if batch.outcome and batch.outcome.problem:
            self.problems.append(batch.outcome.problem)
        if batch.outcome and batch.outcome.notice:
            self.notices.append(batch.outcome.notice)
        return TakenIn(new_posts=len(batch.posts))

    def renew(self, leases: Sequence[DueSource], now: datetime) -> None:
        return

    def release(self, leases: Sequence[DueSource]) -> None:
        self.problems.append("检查被中断")


def check_live(source: Source, settings: CrawlSettings) -> CheckReport:
    """One poll: at most two list pages and five detail pages. Ends when the poll does."""
    from crawlers.process.main import run

    limits = replace(
        source.limits,
        max_pages=min(source.limits.max_pages, _MAX_PAGES),
        max_details=min(source.limits.max_details, _MAX_DETAILS),
    )
    tried = replace(source, limits=limits, enabled=True)
    poll = _OnePoll(tried)
    hasty = replace(settings, ask_every_s=0.1, memory_limit_mb=None)
    run(lambda: {tried.name: tried}, poll, settings=hasty, end_after_polls=1)
    return CheckReport(
        source.name,
        tuple(poll.posts),
        tuple(poll.problems),
        tuple(dict.fromkeys(poll.notices)) + _looks(source, poll.posts),
    )


def check(
    source: Source,
    saved: Sequence[SavedPage] = (),
    *,
    now: datetime | None = None,
    settings: CrawlSettings | None = None,
) -> CheckReport:
    """What `gridvoice sources check` does: with saved pages from them, else by fetching."""
    if saved:
        return check_saved(source, saved, now or utc_now())
    return check_live(source, settings or CrawlSettings())
