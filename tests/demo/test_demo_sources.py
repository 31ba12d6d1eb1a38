"""The source files of a town, read by the crawler's own kinds."""

import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.kinds import KINDS
from crawlers.kinds.loading import load_sources
from crawlers.reading.pages import Ask, Entry, Page, PageRole, PollStart
from crawlers.reading.posts import make_post
from crawlers.source import Source
from domain.posts import FoundPost
from gridvoice.demo.site import Site
from gridvoice.demo.sources import write_sources
from gridvoice.demo.town import Where, load_town

START = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def fetch(source: Source, ask: Ask, now: datetime) -> Page:
    request = urllib.request.Request(ask.url, headers=dict(ask.headers))
    with urllib.request.urlopen(request, timeout=5) as answer:
        kind = answer.headers["Content-Type"]
        return Page(ask.url, answer.status, answer.read(), now, kind, source.encoding)


def crawl(source: Source, now: datetime) -> dict[str, FoundPost]:
    """Every post that a patient crawler finds, by key."""
    kind = KINDS[source.kind]
    asks = kind.start(source, source.rules, PollStart(now))
    posts: dict[str, FoundPost] = {}
    while asks:
        ask = asks.pop()
        page = fetch(source, ask, now)
        if ask.role is PageRole.DETAIL:
            entries: tuple[Entry, ...] = (kind.read_detail(source, source.rules, ask, page),)
        else:
            found = kind.read(source, source.rules, ask, page)
            asks += [found.more] if found.more else []
            asks += [entry.detail for entry in found.entries if entry.detail]
            entries = tuple(entry for entry in found.entries if not entry.detail)
        for entry in entries:
            posts[entry.key] = make_post(source, entry.key, entry.url, entry.fields, now, page)
    return posts


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_crawler_reads_every_post_of_the_town(name: str, tmp_path: Path) -> None:
    clock = Clock()
    town = load_town(name)
    with Site(town, now=clock) as site:
        site.begin()
        clock.now += timedelta(seconds=60)
        write_sources(tmp_path, town, site.base_url, every="10s")
        sources = load_sources(tmp_path)
        found = {name: crawl(source, clock.now) for name, source in sources.items()}
        readable = site.readable_at()
    by_site = {
        where: {p.id: p for p in town.posts if p.where is where and p.id in readable}
        for where in Where
    }
    assert set(found["town_board"]) == set(by_site[Where.BOARD])
    assert set(found["town_feed"]) == set(by_site[Where.FEED])
    # The social channel is searched, so only what a keyword names is found.
    missed = set(by_site[Where.SOCIAL]) - set(found["town_social"])
    assert set(found["town_social"]) <= set(by_site[Where.SOCIAL])
    assert not [key for key in missed if key.startswith("true-")]
    for where, posts in zip(by_site.values(), found.values(), strict=False):
        assert posts
        assert where


def test_what_the_crawler_reads_is_what_was_written(tmp_path: Path) -> None:
    clock = Clock()
    town = load_town("first")
    with Site(town, now=clock) as site:
        began = site.begin()
        clock.now += timedelta(seconds=60)
        write_sources(tmp_path, town, site.base_url, every="10s")
        found: dict[str, FoundPost] = {}
        for source in load_sources(tmp_path).values():
            found |= crawl(source, clock.now)
    letter = town.post("true-dianya-01")
    read = found["true-dianya-01"]
    assert read.title == letter.title
    assert "".join(read.text.split()) == "".join(letter.text.split())
    assert read.published_at == began + timedelta(seconds=2)
    assert read.region == town.region
    shout = found["true-jiadian-03"]
    assert "[怒]" in shout.text
    assert shout.engagement == {"reposts": 14, "comments": 27, "likes": 41}
    assert shout.published_at == began + timedelta(seconds=10)
    repost = found["true-dianya-05"].text
    assert repost == f"{town.post('true-dianya-05').text}//{town.post('true-dianya-03').text}"
    answered = found["trap-streetlight-01"]
    assert answered.reply
    assert answered.reply_at == began + timedelta(seconds=17)
    news = found["true-jiadian-06"]
    assert news.published_at == began + timedelta(seconds=17)
    assert news.text == town.post("true-jiadian-06").text
    old = found["trap-old-01"]
    assert old.published_at
    assert began - old.published_at > timedelta(days=3)
