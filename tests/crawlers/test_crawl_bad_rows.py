"""One bad value in one row of a page never costs its neighbours, nor the poll."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from crawl_driver import Crawler
from letters_board import board, lay
from reading import NOW, detailed, listed, page, posts, source
from site_on_loopback import Reply, Site, html

from crawlers.fetching.compressed import TooLarge, unpacked
from crawlers.fetching.fetcher import _retry_after
from crawlers.reading.posts import read_count

BAD_LINKS = [
    "http://[群公告]北街/2.html",
    "http://www.x.cn:80端口/2.html",
    "http://www.x.cn:80a/2.html",
    "http://www.x.cn:99999/2.html",
    "https://[::1",
    "http://a b/2.html",
]
NO_LINKS = ["javascript:void(0)", "mailto:a@b.cn", "tel:95598", "#", ""]
BAD_TIMES = [
    "0001年1月1日",
    "0001-01-01T00:00:00",
    "9999-12-31 23:59:59",
    "Fri, 31 Dec 9999 23:59:59 -1200",
    "3000年前",
    "999999999999天前",
    "/Date(99999999999999)/",
]
RULES = "item: li\ntime: span\ntext: p\ntitle: b\nkey: '@id'"
API = """
items: rows
fields: {key: id, title: title, text: text, time: time, url: url, engagement: {likes: likes}}
"""


@pytest.mark.parametrize("link", BAD_LINKS)
def test_a_broken_link_costs_its_post_the_link_and_nothing_else(link: str) -> None:
    board_page = page(
        f"<li id=1><b>一</b><a href='{link}'>x</a></li><li id=2><b>二</b><a href='/2'>x</a></li>"
    )
    rows = [{"id": 1, "title": "一", "url": link}, {"id": 2, "title": "二", "url": "/2"}]
    items = "".join(
        f"<item><guid>{r['id']}</guid><title>{r['title']}</title><link>{r['url']}</link></item>"
        for r in rows
    )
    feed_page = page(f"<rss version='2.0'><channel>{items}</channel></rss>", "text/xml")
    json_feed = page({"version": "https://jsonfeed.org/version/1.1", "items": rows})
    for tried, at in (
        (source("board", RULES), board_page),
        (source("api", API), page({"rows": rows})),
        (source("feed"), feed_page),
        (source("feed"), json_feed),
    ):
        found = listed(tried, at)
        assert [p.key for p in posts(tried, found, at)] == ["1", "2"]
        assert [p.url for p in posts(tried, found, at)] == [None, "http://www.example.gov.cn/2"]
        assert link in (found.notice or "")


@pytest.mark.parametrize("link", NO_LINKS)
def test_what_is_no_link_is_not_told_on(link: str) -> None:
    at = page(f"<li id=1><b>一</b><a href='{link}'>x</a></li>")
    found = listed(source("board", RULES), at)
    assert found.entries[0].url is None
    assert found.notice is None


def test_a_row_whose_only_key_is_a_broken_link_is_known_by_its_words() -> None:
    bad = "http://[x]/1"
    board_page = page(f"<li><a href='{bad}'>一</a></li><li><a href='/2'>二</a></li>")
    rows = [{"title": "一", "url": bad}, {"title": "二", "url": "/2"}]
    feed_page = page(
        f"<rss version='2.0'><channel><item><title>一</title><link>{bad}</link></item>"
        "<item><title>二</title><link>/2</link></item></channel></rss>",
        "text/xml",
    )
    for tried, at in (
        (source("board", "item: li"), board_page),
        (source("api", API), page({"rows": rows})),
        (source("feed"), feed_page),
    ):
        found = listed(tried, at)
        one, two = posts(tried, found, at)
        assert one.title == "一"
        assert one.key.startswith("http://www.example.gov.cn/#")
        assert one.url is None
        assert two.key == "http://www.example.gov.cn/2"
        assert bad in (found.notice or "")
        again = listed(tried, at, {e.key: e.digest for e in found.entries}.get)
        assert [e.key for e in again.entries] == [e.key for e in found.entries]


def test_items_of_a_feed_need_neither_guid_nor_link() -> None:
    items = "".join(f"<item><title>{t}</title></item>" for t in ("停电三天", "电压太低"))
    at = page(f"<rss version='2.0'><channel>{items}<item/></channel></rss>", "text/xml")
    read = posts(source("feed"), listed(source("feed"), at), at)
    assert [p.title for p in read] == ["停电三天", "电压太低"]
    assert len({p.key for p in read}) == 2


def test_a_row_that_is_no_post_is_left_out_in_silence() -> None:
    at = page(
        "<li>标题 时间</li><li><a href='javascript:x()'>展开</a></li><li><a href='/2'>二</a></li>"
    )
    found = listed(source("board", "item: li"), at)
    assert [e.fields["title"] for e in found.entries] == ["二"]
    assert found.notice is None


def test_a_broken_base_is_as_good_as_none() -> None:
    for base in ("http://[host]/", "http://h:99999/", "::"):
        at = page(f"<base href='{base}'><li><a href='/2'>二</a></li>")
        found = listed(source("board", "item: li"), at)
        assert [e.url for e in found.entries] == ["http://www.example.gov.cn/2"]
    at = page("<base href='/sub/'><li><a href='..\\2.html'>二</a></li>")
    found = listed(source("board", "item: li"), at)
    assert [e.url for e in found.entries] == ["http://www.example.gov.cn/2.html"]


@pytest.mark.parametrize("time", BAD_TIMES)
def test_a_time_that_nobody_can_believe_costs_only_itself(time: str) -> None:
    board_page = page(
        f"<li id=1><b>一</b><span>{time}</span></li><li id=2><b>二</b><span>2026-11-20</span></li>"
    )
    rows = [
        {"id": 1, "title": "一", "time": time},
        {"id": 2, "title": "二", "time": "2026-11-20"},
    ]
    feed_page = page(
        "<rss version='2.0'><channel>"
        f"<item><guid>1</guid><title>一</title><pubDate>{time}</pubDate></item>"
        "<item><guid>2</guid><title>二</title><pubDate>2026-11-20</pubDate></item>"
        "</channel></rss>",
        "text/xml",
    )
    for tried, at in (
        (source("board", RULES), board_page),
        (source("api", API), page({"rows": rows})),
        (source("feed"), feed_page),
    ):
        one, two = posts(tried, listed(tried, at), at)
        assert one.published_at is None
        assert one.published_raw
        assert two.published_at is not None


WEIRD: list[Any] = [
    10**400,
    -(10**400),
    1795737600000000,
    253402300800000,
    1e308,
    float("nan"),
    float("inf"),
    "\ud800",
    "停\ud83d电",
    "\x00",
    True,
    None,
    [],
    {},
    [[[["深"]]]],
    {"a": 1},
    "9" * 5000,
    "²",
]


@pytest.mark.parametrize("field", ["id", "title", "text", "time", "url", "likes"])
def test_no_value_of_a_field_stops_an_answer(field: str) -> None:
    tried = source("api", API)
    for value in WEIRD:
        odd = {
            "id": 1,
            "title": "一",
            "text": "停电",
            "time": 0,
            "url": "/1",
            "likes": 1,
            field: value,
        }
        at = page({"rows": [odd, {"id": 2, "title": "二", "url": "/2"}]})
        read = posts(tried, listed(tried, at), at)
        assert read[-1].key == "2"
        for post in read:
            words = (post.key, post.title, post.text, post.url or "", post.published_raw or "")
            assert all(w.encode() is not None for w in words)
            assert all(0 <= n <= 10**12 for n in post.engagement.values())


def test_a_number_without_end_costs_only_its_field() -> None:
    tried = source("api", API)
    body = '{"rows": [{"id": 1, "title": "一", "likes": %s}, {"id": 2, "title": "二", "time": %s}]}'
    at = page(body % ("9" * 5000, "8" * 6000), "application/json")
    read = posts(tried, listed(tried, at), at)
    assert [p.key for p in read] == ["1", "2"]
    assert read[0].engagement == {}
    deep = page('{"rows": [' + "[" * 50_000 + "]" * 50_000 + "]}", "application/json")
    with pytest.raises(Exception, match="读不出来"):
        listed(tried, deep)


@pytest.mark.parametrize(
    "value", ["9" * 400, "9" * 41 + "亿", 10**400, float("nan"), float("inf"), "١٢x", "²", "-5"]
)
def test_a_count_that_nobody_can_believe_is_none_or_small(value: object) -> None:
    count = read_count(value)
    assert count is None or 0 <= count <= 10**12


def test_a_detail_question_with_half_a_character_is_asked_all_the_same() -> None:
    rules = API + "detail: {call: {url: 'http://a.cn/d?id={key}'}, fields: {text: t}}"
    tried = source("api", rules)
    at = page({"rows": [{"id": "停\ud800", "title": "一"}, {"id": "2", "title": "二"}]})
    one, two = listed(tried, at).entries
    assert one.detail is not None
    assert one.detail.url.isascii()
    assert detailed(tried, two, page({"t": "全文"})).fields["text"] == "全文"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("9999999999999999999999999", 86_400),
        ("-5", None),
        ("²", None),
        ("١٢", None),
        ("", None),
        ("0", None),
        ("soon", None),
        ("1e9", None),
        ("Fri, 27 Nov 2026 12:56:00 GMT", 60),
        ("Fri, 27 Nov 2020 12:56:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", 86_400),
        ("Mon, 01 Jan 0001 00:00:00 +1400", None),
        ("Mon, 99 Jan 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_believed_up_to_a_day(said: str, seconds: int | None) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert _retry_after(said, NOW) == wanted


# --- through the real crawl process


def test_an_absurd_retry_after_is_a_plain_failure(crawler: Crawler, site: Site) -> None:
    for n, said in enumerate(
        ("9999999999999999999999999", "-5", "Fri, 31 Dec 9999 23:59:59 -1200")
    ):
        site.pages["/list.html"] = Reply(b"", 503, {"Retry-After": said})
        polled = crawler.poll(board(site, f"retry-{n}"))
        assert "网站出错：HTTP 503" in polled.problem
        at, next_at = (datetime.fromisoformat(polled.outcome[k]) for k in ("at", "next_at"))
        assert next_at - at < timedelta(hours=26)


def test_a_page_with_a_bad_row_is_a_good_page(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    body = site.pages["/list.html"].body.decode()
    bad = "<li><a href='http://a.cn:80a/letter_9.html'>坏</a><span class='date'>3000年前"
    site.pages["/list.html"] = html(body.replace("<li>", f"{bad}</span></li><li>", 1))
    polled = crawler.poll(board(site, "badrow"))
    assert polled.result == "new"
    assert sorted(polled.keys)[:2] == ["1", "2"]
    (odd,) = (p for p in polled.posts if p["key"] not in ("1", "2"))
    assert (odd["title"], odd["url"], odd["published_at"]) == ("坏", None, None)
    assert "80a" in polled.outcome["notice"]


def test_a_bare_304_is_no_page(crawler: Crawler, site: Site) -> None:
    """Nobody asked whether something had changed."""
    lay(site, [1])
    first = crawler.poll(board(site, "bare304"))
    site.pages["/list.html"] = Reply(b"", 304)
    polled = crawler.poll(board(site, "bare304"), after=first)
    assert polled.result == "failed"
    assert "304" in polled.problem


def test_a_body_that_is_gzip_without_saying_so_is_read(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    letter = site.pages["/letter_1.html"]
    packed = gzip.compress(letter.body)
    kind = {"Content-Type": "text/html"}
    site.pages["/letter_1.html"] = Reply(packed, headers=kind)
    site.pages["/robots.txt"] = Reply(gzip.compress(b"User-agent: *\nDisallow: /x"))
    (post,) = crawler.poll(board(site, "baregzip")).posts
    assert post["text"].startswith("小召乡")
    site.pages["/letter_1.html"] = Reply(packed[:-12], headers=kind)
    polled = crawler.poll(board(site, "cutgzip"))
    assert polled.posts == []
    assert "没有传完" in polled.pending[0]["problem"]
    site.pages["/robots.txt"] = Reply(gzip.compress(b"User-agent: *\nDisallow: /"))


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br"])
def test_half_a_packed_body_is_no_page(crawler: Crawler, site: Site, encoding: str) -> None:
    lay(site, [1])
    plain = site.pages["/letter_1.html"].body
    packed = zlib.compress(plain) if encoding == "deflate" else gzip.compress(plain)
    headers = {"Content-Type": "text/html", "Content-Encoding": encoding}
    site.pages["/letter_1.html"] = Reply(packed[:-20], headers=headers)
    polled = crawler.poll(board(site, f"half-{encoding}"))
    assert polled.posts == []
    said = "没有要" if encoding == "br" else "没有传完"
    assert said in polled.pending[0]["problem"]


def test_packed_bodies_are_unpacked_as_browsers_do() -> None:
    plain = b"<li>" * 5_000
    raw = zlib.compressobj(wbits=-15)
    for body, encodings in (
        (gzip.compress(plain), ["gzip"]),
        (gzip.compress(plain[:99]) + gzip.compress(plain[99:]), ["GZIP"]),
        (gzip.compress(plain) + bytes(8), ["x-gzip"]),
        (gzip.compress(gzip.compress(plain)), ["gzip, gzip"]),
        (zlib.compress(plain), ["deflate"]),
        (raw.compress(plain) + raw.flush(), ["deflate"]),
        (zlib.compress(gzip.compress(plain)), ["gzip", "deflate"]),
        (gzip.compress(plain), ["gzip", "UTF-8"]),
        (gzip.compress(plain), []),
        (plain, ["gzip"]),
        (plain, ["utf-8"]),
    ):
        assert unpacked(body, 20_000, encodings) == plain
        with pytest.raises(TooLarge) if body != plain else contextlib.nullcontext():
            unpacked(body, 19_999, encodings)
    assert unpacked(b"", 1, ["deflate"]) == b""
    for broken in (gzip.compress(plain)[:-1], gzip.compress(plain)[:-9], b"\x1f\x8b\x08nothing"):
        with pytest.raises(ValueError, match="压缩的页面"):
            unpacked(broken, 20_000)


def test_a_refusal_stays_one_however_it_is_packed(crawler: Crawler, site: Site) -> None:
    headers = {"Content-Type": "text/html", "Content-Encoding": "br"}
    site.pages["/list.html"] = Reply(b"\x1b\x03", 403, headers)
    assert "HTTP 403" in crawler.poll(board(site, "refused-br")).problem


@pytest.mark.parametrize(
    "rows", [400, *(pytest.param(n, marks=pytest.mark.slow) for n in (900, 3_000))]
)
def test_rows_whose_tags_are_never_closed_are_all_read(rows: int) -> None:
    items = "".join(f"<li><font><a href=/{n}>第{n}封</a>" for n in range(rows))
    found = listed(source("board", "item: li\ntitle: a"), page(f"<ul>{items}"))
    assert len(found.entries) == min(rows, 500)
    assert ("只读了前 500 条" in (found.notice or "")) == (rows > 500)
    assert ("套得太深" in (found.notice or "")) == (rows > 1_000)


def test_a_list_deep_in_its_page_is_found() -> None:
    deep = "<div>" * 300 + "<li><a href=/1>停电</a></li>" + "</div>" * 300
    found = listed(source("board", "item: li"), page(deep))
    assert [entry.fields["title"] for entry in found.entries] == ["停电"]


def test_a_poll_with_times_that_nobody_can_read_says_so(crawler: Crawler, site: Site) -> None:
    lay(site, [3, 2, 1])
    for n, said in ((1, "某年某月 10:05"), (2, "2026年11月20日"), (3, "Stardate 41153.7")):
        body = site.pages[f"/letter_{n}.html"].body.decode()
        site.pages[f"/letter_{n}.html"] = html(
            body.replace("来信时间：2026年11月20日 下午3时20分", said)
        )
    polled = crawler.poll(board(site, "untimed"))
    assert {p["key"]: p["published_at"] for p in polled.posts} == {
        "1": None,
        "2": "2026-11-20T00:00:00+08:00",
        "3": None,
    }
    assert {p["published_raw"] for p in polled.posts if p["key"] != "2"} == {
        "某年某月 10:05",
        "Stardate 41153.7",
    }
    assert "有时间读不懂：2 条" in polled.outcome["notice"]
    assert json.dumps(polled.outcome)
