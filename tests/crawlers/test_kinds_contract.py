"""What every kind of source promises, held for each by real polls of pages that are written here.

A new kind: its module, its line in KINDS, and one `Sample` here. That this is all is held by a toy
of a few lines (toy_kind.py), which runs the whole table like the others.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import toy_kind
from moving_list import START, Store

from crawlers.kinds import KINDS
from crawlers.kinds.loading import read_source
from crawlers.polling.poll import Poll
from crawlers.polling.ports import Ports
from crawlers.reading.pages import Ask, Conditions, FetchFailed, Page, PollStart
from crawlers.source import Source
from domain.input.load import BadSettings
from domain.polling import PendingPage, PollOutcome, PollResult

T = TypeVar("T")
Post = tuple[str, str, str]  # key, title, text
ADDRESS = "http://site.example/list"
OLD: list[Post] = [("1", "停电求助", "毛里村停电三天"), ("2", "电压低", "晚上空调带不动")]
NEW: Post = ("3", "电费疑问", "上月电费多收了一半")
CAPTCHA = "<html><head><title>安全验证</title></head><body>请完成安全验证后继续访问</body></html>"
OTHER_PAGE = "<html><body><h1>关于我们</h1><p>本单位简介</p></body></html>"
HEAD = "name: list\ntitle: 列表\nkind: {kind}\nchannel: forum\nevery: 10m\nurl: {url}\n"


@dataclass(frozen=True)
class Sample:
    """A kind's section, and its pages as a site of that kind would write them.

    `page(posts, more)` shows posts, and with `more` (of four posts) a way to the next page;
    `broken` is an entry of which no post can be made, to stand among `posts`.
    """

    rules: str
    page: Callable[[list[Post], bool], str]
    broken: Post
    empty: str  # what proves an empty list
    hollow: str  # a page that could be an empty list and proves nothing
    wrong: str  # a section with a mistake in its last line
    other: str  # a section by which something else is read
    empty_needs: str = ""  # of the source's file, besides, for `empty`
    has_pages: bool = True


def board_page(posts: list[Post], more: bool) -> str:
    rows = "".join(f'<li><a data-id="{k}">{t}</a><p>{x}</p></li>' for k, t, x in posts)
    after = '<a class="next" href="list?page=2">下一页</a>' if more else ""
    return f'<ul class="letters">{rows}</ul>{after}'


def api_page(posts: list[Post], more: bool) -> str:
    rows = [{"id": k, "title": t, "text": x} for k, t, x in posts]
    return json.dumps({"total": len(rows), "rows": rows}, ensure_ascii=False)


def feed_page(posts: list[Post], more: bool) -> str:
    rows = "".join(
        f"<item><guid>{k}</guid><title>{t}</title><description>{x}</description></item>"
        for k, t, x in posts
    )
    return f'<rss version="2.0"><channel><title>列表</title>{rows}</channel></rss>'


def toy_page(posts: list[Post], more: bool) -> str:
    return "\n".join(
        ["POSTS", *("|".join(filter(None, p)) for p in posts), "MORE" if more else "END"]
    )


SAMPLES = {
    "board": Sample(
        rules="board:\n  item: ul.letters li\n  key: 'a::attr(data-id)'\n  text: p\n"
        "  next: a.next\n  empty_when: p.none\n",
        page=board_page,
        broken=("", "", ""),
        empty='<p class="none">暂无信息</p>',
        hollow='<ul class="letters"></ul>',
        wrong="board:\n  item: 'li['\n",
        other="board:\n  item: tr\n",
    ),
    "api": Sample(
        rules="api:\n  items: rows\n  fields: {key: id, title: title, text: text}\n"
        "  call: {query: {page: '{page}'}}\n  paging: {size: 4}\n  empty_when: 'total == `0`'\n",
        page=api_page,
        broken=("", "", ""),
        empty='{"total": 0, "rows": []}',
        hollow='{"rows": []}',
        wrong="api:\n  fields: {key: id, title: title}\n  items: 'a['\n",
        other="api:\n  fields: {key: id, title: title}\n  items: other\n",
    ),
    "feed": Sample(
        rules="",
        page=feed_page,
        broken=("", "", ""),
        empty=feed_page([], False),
        hollow=feed_page([], False),
        wrong="feed:\n  prefer: both\n",
        other="feed:\n  prefer: summary\n",
        empty_needs="may_be_empty: true\n",
        has_pages=False,
    ),
    "lines": Sample(
        rules="lines:\n  head: POSTS\n",
        page=toy_page,
        broken=("no other column", "", ""),
        empty="POSTS\nEND",
        hollow="POSTS\n",
        wrong="lines:\n  hat: POSTS\n",
        other="lines:\n  head: LETTERS\n",
    ),
}


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "lines", toy_kind.KIND)


@dataclass
class Site:
    """A source of one kind, the pages that it shows (by their number), and the store behind."""

    source: Source
    pages: list[str]
    store: Store = field(default_factory=Store)
    asked: list[Ask] = field(default_factory=list)

    async def _fetch(self, source: Source, ask: Ask, conditions: Conditions | None = None) -> Page:
        self.asked.append(ask)
        if ask.number >= len(self.pages):
            raise FetchFailed("页面不存在", gone=True)
        return Page(ask.url, 200, self.pages[ask.number].encode(), START)

    def poll(self, *pages: str) -> PollOutcome:
        self.pages = list(pages) or self.pages

        async def in_thread(call: Callable[..., T], *args: object) -> T:
            return call(*args)

        ports = Ports(self._fetch, self.store, in_thread, lambda: START, random.Random(1))
        return asyncio.run(Poll(self.source, self.store.lease(START), ports).run())


def file(kind: str, section: str, more: str = "") -> str:
    return HEAD.format(kind=kind, url=ADDRESS) + more + section


def site_of(kind: str, more: str = "") -> Site:
    return Site(read_source(file(kind, SAMPLES[kind].rules, more), "list.yaml"), [])


every_kind = pytest.mark.parametrize("kind", list(SAMPLES))


def test_every_kind_stands_in_the_table_and_the_toy_is_twenty_lines() -> None:
    assert set(KINDS) == set(SAMPLES)
    lines = Path(toy_kind.__file__).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 20


@every_kind
def test_posts_are_taken_in_with_their_words_and_the_page_as_evidence(kind: str) -> None:
    site, page = site_of(kind), SAMPLES[kind].page(OLD, False)
    outcome = site.poll(page)
    assert (outcome.result, outcome.posts, outcome.matched) == (PollResult.NEW, 2, 2)
    assert {(p.key, p.title, p.text) for p in site.store.handed_in} == set(OLD)
    for post in site.store.handed_in:
        assert (post.source, post.channel) == ("list", "forum")
        assert post.evidence is not None
        assert (post.evidence.body, post.evidence.status) == (page.encode(), 200)


@every_kind
def test_posts_that_are_shown_again_are_nothing_new(kind: str) -> None:
    site = site_of(kind)
    site.poll(SAMPLES[kind].page(OLD, False))
    # Another page by its bytes, the same by its posts.
    outcome = site.poll(SAMPLES[kind].page(OLD[::-1], False))
    assert (outcome.result, outcome.problem) == (PollResult.NOTHING_NEW, None)
    assert len(site.store.handed_in) == 2


@every_kind
def test_of_a_list_that_grew_only_what_is_new_is_handed_in(kind: str) -> None:
    site = site_of(kind)
    site.poll(SAMPLES[kind].page(OLD, False))
    outcome = site.poll(SAMPLES[kind].page([NEW, OLD[0]], False))
    assert (outcome.result, outcome.posts) == (PollResult.NEW, 1)
    assert [post.key for post in site.store.handed_in[2:]] == ["3"]


@every_kind
def test_a_post_whose_words_changed_is_handed_in_again_under_its_key(kind: str) -> None:
    site = site_of(kind)
    site.poll(SAMPLES[kind].page(OLD, False))
    edited = (OLD[0][0], OLD[0][1], "毛里村停电三天，昨晚来电了")
    assert site.poll(SAMPLES[kind].page([edited, OLD[1]], False)).result is PollResult.NEW
    (again,) = site.store.handed_in[2:]
    assert (again.key, again.text) == (edited[0], edited[2])


@every_kind
def test_an_entry_that_is_no_post_costs_its_neighbours_nothing(kind: str) -> None:
    sample, site = SAMPLES[kind], site_of(kind)
    outcome = site.poll(sample.page([OLD[0], sample.broken, OLD[1]], False))
    assert outcome.result is PollResult.NEW
    assert [post.key for post in site.store.handed_in] == ["1", "2"]


@every_kind
def test_a_post_that_is_listed_twice_is_one_and_two_of_one_key_are_two(kind: str) -> None:
    site = site_of(kind)
    namesake = (OLD[0][0], "变压器冒火", "村东头变压器冒火花")
    site.poll(SAMPLES[kind].page([OLD[0], OLD[0], namesake], False))
    assert sorted(post.title for post in site.store.handed_in) == ["停电求助", "变压器冒火"]
    assert len({post.key for post in site.store.handed_in}) == 2


@pytest.mark.parametrize("kind", [name for name, sample in SAMPLES.items() if sample.has_pages])
def test_the_pages_of_a_list_are_read_down_to_its_end(kind: str) -> None:
    site = site_of(kind)
    first = [("4", "路灯", "路灯不亮"), NEW, *OLD]
    second = [("8", "换表", "电表坏了"), ("9", "谢谢", "已经来电")]
    site.poll(SAMPLES[kind].page(first, True), SAMPLES[kind].page(second, False))
    assert {post.key for post in site.store.handed_in} == {"1", "2", "3", "4", "8", "9"}
    assert [ask.number for ask in site.asked][:2] == [0, 1]
    assert len({ask.series for ask in site.asked}) == 1
    assert len({ask.url for ask in site.asked}) == len(site.asked)


@every_kind
def test_a_list_that_is_proved_empty_is_nothing_new(kind: str) -> None:
    site = site_of(kind, SAMPLES[kind].empty_needs)
    outcome = site.poll(SAMPLES[kind].empty)
    assert (outcome.result, outcome.problem) == (PollResult.NOTHING_NEW, None)


@every_kind
def test_a_page_that_proves_nothing_is_no_empty_list(kind: str) -> None:
    outcome = site_of(kind).poll(SAMPLES[kind].hollow)
    assert outcome.result is PollResult.FAILED
    assert ADDRESS in (outcome.problem or "")


@every_kind
def test_a_page_that_is_not_what_the_file_says_fails_and_names_its_address(kind: str) -> None:
    site = site_of(kind)
    site.poll(SAMPLES[kind].page(OLD, False))
    before = site.store.cursor
    outcome = site.poll(OTHER_PAGE)
    assert outcome.result is PollResult.FAILED
    assert ADDRESS in (outcome.problem or "")
    kept = site.store.cursor
    assert (kept["seen"], kept["rules"]) == (before["seen"], before["rules"])
    assert site.poll(SAMPLES[kind].page(OLD, False)).result is PollResult.NOTHING_NEW


@every_kind
def test_a_site_that_turns_us_away_is_left_in_peace(kind: str) -> None:
    outcome = site_of(kind).poll(CAPTCHA)
    assert outcome.result is PollResult.FAILED
    assert "已停止并放慢" in (outcome.problem or "")
    assert outcome.next_at - outcome.at > timedelta(minutes=25)


@every_kind
def test_reading_is_pure(kind: str) -> None:
    source, of = site_of(kind).source, KINDS[kind]
    page = Page(ADDRESS, 200, SAMPLES[kind].page(OLD, False).encode(), START)
    asks = [of.start(source, source.rules, PollStart(START)) for _ in range(2)]
    assert asks[0] == asks[1]
    first, second = (of.read(source, source.rules, asks[0][0], page) for _ in range(2))
    assert first == second


@every_kind
def test_each_list_of_a_source_is_a_series_of_its_own(kind: str) -> None:
    source = replace(site_of(kind).source, urls=(ADDRESS + "2", ADDRESS + "3"))
    asks = KINDS[kind].start(source, source.rules, PollStart(START))
    assert [ask.url.split("?")[0] for ask in asks] == list(source.addresses)
    assert [ask.series.key for ask in asks] == ["0", "1", "2"]
    assert [source.addresses[ask.series.address] for ask in asks] == list(source.addresses)


@every_kind
def test_a_detail_page_that_no_rule_asks_for_any_more_gives_what_the_list_said(kind: str) -> None:
    site = site_of(kind)
    said = {"fields": {"title": "旧帖", "text": "列表上的话"}, "seen": START.isoformat()}
    site.store.pending["7"] = PendingPage("7", f"{ADDRESS}/7", said, 1, START, "HTTP 502")
    site.poll(SAMPLES[kind].page(OLD, False))
    assert site.store.posts["7"].text == "列表上的话"
    assert site.store.pending == {}


@every_kind
def test_a_mistake_in_its_section_is_named_with_file_line_and_field(kind: str) -> None:
    text = file(kind, SAMPLES[kind].wrong)
    with pytest.raises(BadSettings) as raised:
        read_source(text, "list.yaml")
    last, field_name = len(text.splitlines()), text.splitlines()[-1].split(":")[0].strip()
    assert f"list.yaml:{last}: {kind}.{field_name}: " in str(raised.value)


@every_kind
def test_its_section_may_be_left_out_only_where_nothing_needs_saying(kind: str) -> None:
    if not SAMPLES[kind].rules:
        assert read_source(file(kind, ""), "list.yaml").rules == KINDS[kind].rules()
        return
    with pytest.raises(BadSettings, match=f"list.yaml:3: kind: 缺少 {kind}: 这一节"):
        read_source(file(kind, ""), "list.yaml")


@every_kind
def test_the_section_of_another_kind_is_no_part_of_it(kind: str) -> None:
    other = next(name for name in SAMPLES if name != kind)
    text = file(kind, SAMPLES[kind].rules + SAMPLES[other].rules)
    with pytest.raises(BadSettings, match=f"{other}: 只有 kind: {other} 才有这一节"):
        read_source(text, "list.yaml")


@every_kind
def test_lists_are_read_anew_after_a_change_of_rules_and_what_is_stored_stays_known(
    kind: str,
) -> None:
    site, sample = site_of(kind), SAMPLES[kind]
    site.poll(sample.page(OLD, False))
    before = site.source.fingerprint()
    assert replace(site.source, title="别名").fingerprint() == before == site.store.cursor["rules"]
    other = read_source(file(kind, sample.other), "list.yaml")
    assert other.fingerprint() != before
    moved = replace(site.source, url=f"{ADDRESS}/new")
    assert moved.fingerprint() != before
    site.source = moved
    assert site.poll(sample.page(OLD, False)).result is PollResult.NOTHING_NEW
    assert site.store.cursor["rules"] == moved.fingerprint()
