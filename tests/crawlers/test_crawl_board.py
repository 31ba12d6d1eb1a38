"""kind: board, through the real crawl process and real pages over loopback."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from crawl_driver import Crawler
from letters_board import board, lay, lay_letter, lay_list
from site_on_loopback import Asked, Reply, Site, html


def test_a_board_is_read_whole(crawler: Crawler, site: Site) -> None:
    lay(site, [3, 2, 1])
    lay_letter(site, 3, "已派人<b>抢修</b>。")
    polled = crawler.poll(board(site, "whole"))
    assert polled.result == "new"
    assert polled.keys == ["3", "2", "1"]
    post = polled.posts[0]
    assert post["title"] == "第3号来信：停电三天无人管"
    assert post["text"] == "小召乡 3村停电三天，\n打电话没人接。"
    assert post["published_raw"] == "来信时间：2026年11月20日 下午3时20分"
    assert post["published_at"] == "2026-11-20T15:20:00+08:00"
    assert post["author"] == "李某"
    assert post["region"] == "许昌市"
    assert post["reply"] == "已派人抢修。"
    assert post["reply_at"] == "2026-11-23T09:00:00+08:00"
    assert post["url"] == f"{site.address}/letter_3.html"
    assert post["evidence"]["url"] == f"{site.address}/letter_3.html"
    assert post["evidence"]["status"] == 200
    assert polled.outcome["matched"] == 3


def test_an_unchanged_board_costs_one_request_and_stores_nothing(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [2, 1])
    source = board(site, "unchanged")
    first = crawler.poll(source)
    site.asked.clear()
    second = crawler.poll(source, after=first)
    assert second.result == "nothing_new"
    assert site.paths() == ["/list.html"]
    assert second.posts == []
    assert second.outcome["matched"] == 2


def test_only_the_new_letter_is_fetched_and_paging_stops_on_known_ground(
    crawler: Crawler, site: Site
) -> None:
    lay_list(site, [4, 3], after="list_2.html")
    lay_list(site, [2, 1], "/list_2.html", after="list_3.html")
    lay_list(site, [2, 1], "/list_3.html")
    for n in range(1, 6):
        lay_letter(site, n)
    source = board(site, "incremental")
    first = crawler.poll(source)
    assert first.keys == ["4", "3", "2", "1"]
    lay_list(site, [5, 4, 3], after="list_2.html")
    site.asked.clear()
    second = crawler.poll(source, after=first)
    assert second.keys == ["5"]
    assert site.paths() == ["/list.html", "/letter_5.html", "/list_2.html"]


def test_a_page_with_an_etag_is_asked_for_conditionally(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/list.html"].headers["ETag"] = '"one"'
    source = board(site, "etag")
    first = crawler.poll(source)
    second = crawler.poll(source, after=first)
    assert site.asked[-1].headers["if-none-match"] == '"one"'
    assert second.result == "nothing_new"


def test_a_letter_whose_state_changed_is_read_again(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    lay_list(site, [2, 1], state="办理中")
    source = board(site, "state")
    first = crawler.poll(source)
    lay_list(site, [2, 1], state="已办理")
    lay_letter(site, 2, "已修好")
    lay_letter(site, 1, "已修好")
    second = crawler.poll(source, after=first)
    assert [p["reply"] for p in second.posts] == ["已修好", "已修好"]


def test_letters_that_only_the_store_knows_cost_no_detail_page(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [2, 1])
    polled = crawler.poll(board(site, "known"), known=("1",))
    assert polled.keys == ["2"]
    assert polled.known_asked == ["2", "1"]


def test_a_failed_detail_page_is_put_off_and_the_cursor_moves(crawler: Crawler, site: Site) -> None:
    lay(site, [3, 2, 1])
    site.pages["/letter_2.html"] = Reply(b"oops", 500)
    source = board(site, "putoff")
    first = crawler.poll(source)
    assert first.result == "new"
    assert first.keys == ["3", "1"]
    (row,) = first.pending
    assert row["key"] == "2"
    assert "HTTP 500" in row["problem"]
    assert row["fields"]["fields"]["title"] == "第2号来信：停电三天无人管"
    assert "稍后重试" in first.outcome["notice"]
    lay_letter(site, 2)
    second = crawler.poll(source, after=first, pending=[row])
    assert second.keys == ["2"]
    assert second.settled == ["2"]
    assert second.posts[0]["text"].startswith("小召乡 2村")


def test_a_letter_that_stays_unreadable_is_taken_in_from_the_list(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [2, 1])
    site.pages["/letter_2.html"] = Reply(b"oops", 500)
    source = board(site, "giveup")
    first = crawler.poll(source)
    (row,) = first.pending
    row["attempts"] = 7
    second = crawler.poll(source, after=first, pending=[row])
    assert second.settled == ["2"]
    assert second.posts[0]["title"] == "第2号来信：停电三天无人管"
    assert second.posts[0]["evidence"] is None


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<p><img src=/1.jpg><img src=/2.jpg></p>", "[图片]"),
        ("<video src=/1.mp4></video>", "[视频]"),
        ("<iframe src=/1.pdf></iframe><img src=/1.jpg>", "[图片][附件]"),
    ],
)
def test_a_letter_of_pictures_is_taken_at_once(
    crawler: Crawler, site: Site, inside: str, said: str
) -> None:
    lay(site, [1])
    body = site.pages["/letter_1.html"]
    assert isinstance(body, Reply)
    text = re.sub(
        "<div class='question'>.*?</div>",
        f"<div class='question'>{inside}</div>",
        body.body.decode(),
    )
    site.pages["/letter_1.html"] = html(text)
    polled = crawler.poll(board(site, f"media-{len(inside)}"))
    (post,) = polled.posts
    assert (post["title"], post["text"]) == ("第1号来信：停电三天无人管", said)
    assert polled.pending == []


def test_an_empty_body_or_a_captcha_in_it_is_no_letter(crawler: Crawler, site: Site) -> None:
    for n, inside in enumerate(("", "<img src=/captcha.jpg>")):
        lay(site, [1])
        site.pages["/letter_1.html"] = html(f"<h1>x</h1><div class='question'>{inside}</div>")
        polled = crawler.poll(board(site, f"hollow-{n}"))
        assert polled.posts == []
        assert len(polled.pending) == 1


def test_a_letter_that_is_a_file_is_taken_from_the_list_at_once(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [1])
    site.pages["/letter_1.html"] = Reply(b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
    polled = crawler.poll(board(site, "pdfletter"))
    assert [p["title"] for p in polled.posts] == ["第1号来信：停电三天无人管"]
    assert polled.pending == []


@pytest.mark.parametrize("shows_time", [True, False])
def test_a_letter_that_fails_three_times_is_taken_from_the_list_for_now(
    crawler: Crawler, site: Site, shows_time: bool
) -> None:
    lay(site, [2, 1])
    site.pages["/letter_2.html"] = Reply(b"oops", 500)
    source = board(site, f"fornow-{shows_time}".lower())
    if not shows_time:  # it would pass for a letter of today
        source = source.replace("  time: span.date\n", "")
    first = crawler.poll(source)
    (row,) = first.pending
    row["attempts"] = 2
    third = crawler.poll(source, after=first, pending=[row])
    assert third.keys == (["2"] if shows_time else [])
    assert third.settled == []
    (row,) = third.pending
    assert row["attempts"] == 3
    lay_letter(site, 2)
    fourth = crawler.poll(source, after=third, pending=[row])
    assert fourth.settled == ["2"]
    assert fourth.posts[0]["text"].startswith("小召乡 2村")


def test_a_deleted_letter_is_taken_in_from_the_list_at_once(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    del site.pages["/letter_2.html"]
    polled = crawler.poll(board(site, "deleted"))
    assert sorted(polled.keys) == ["1", "2"]
    assert polled.pending == []


def test_all_detail_pages_without_their_body_is_the_sources_failure(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [2, 1])
    for n in (1, 2):
        site.pages[f"/letter_{n}.html"] = html("<html><body><h1>改版了</h1></body></html>")
    polled = crawler.poll(board(site, "redesigned"))
    assert polled.result == "failed"
    assert "detail.body“div.question”" in polled.problem
    assert len(polled.pending) == 2


def test_nothing_matched_is_a_failure_that_names_the_selector(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = html("<html><body><p>系统维护中</p></body></html>")
    polled = crawler.poll(board(site, "matchless"))
    assert polled.result == "failed"
    assert "item“ul.letters li”" in polled.problem
    assert f"{site.address}/list.html" in polled.problem
    # A page that shows nothing of the list proves nothing, whatever may be empty.
    assert crawler.poll(board(site, "mayempty", "may_be_empty: true")).result == "failed"
    site.pages["/list.html"] = html("<html><body><ul class='letters'></ul></body></html>")
    allowed = crawler.poll(board(site, "mayempty2", "may_be_empty: true"))
    assert allowed.result == "nothing_new"


@pytest.mark.parametrize(
    ("encoding", "declared_by"),
    [
        ("gb18030", "header"),
        ("gb18030", "meta"),
        ("gb18030", "yaml"),
        ("gb18030", "nobody"),
        ("gb18030", "a lying header"),
        ("big5", "header"),
        ("utf-8", "nobody"),
        ("utf-8-sig", "nobody"),
    ],
)
def test_any_chinese_encoding_is_read(
    crawler: Crawler, site: Site, encoding: str, declared_by: str
) -> None:
    kind = "text/html"
    meta = more = ""
    if declared_by == "header":
        kind = f"text/html; charset={'gb2312' if encoding == 'gb18030' else encoding}"
    elif declared_by == "meta":
        meta = '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">'
    elif declared_by == "yaml":
        more = "encoding: gbk"
    elif declared_by == "a lying header":
        kind = "text/html; charset=utf-8"
    text = "電壓低" if encoding == "big5" else "电压低，镕基路停电"
    name = f"enc-{encoding}-{declared_by}".replace(" ", "-").replace("_", "-")
    lay_list(site, [1])
    page = (
        f"<html><head>{meta}</head><body><h1>x</h1><div class=question>{text}</div></body></html>"
    )
    site.pages["/letter_1.html"] = Reply(page.encode(encoding), headers={"Content-Type": kind})
    source = board(site, name, more)
    if declared_by == "yaml":
        listing = site.pages["/list.html"].body.decode()
        site.pages["/list.html"] = Reply(listing.encode("gbk"), headers={"Content-Type": kind})
    polled = crawler.poll(source)
    assert polled.posts[0]["text"] == text


def test_page_numbers_in_the_address_are_followed_to_the_limit(
    crawler: Crawler, site: Site
) -> None:
    for page, numbers in (("list.html", [6, 5]), ("list_1.html", [4, 3]), ("list_2.html", [2, 1])):
        lay_list(site, numbers, f"/{page}")
        for n in numbers:
            lay_letter(site, n)
    source = board(site, "numbered", max_pages=2).replace(
        "next: a.next::attr(href)", "page_url: list_{n}.html\n  second_page: 1"
    )
    polled = crawler.poll(source)
    assert polled.keys == ["6", "5", "4", "3"]
    assert "/list_2.html" not in site.paths()


def test_a_crawl_cut_short_leaves_no_gap(crawler: Crawler, site: Site) -> None:
    lay_list(site, [1])
    lay_letter(site, 1)
    source = board(site, "gap")
    first = crawler.poll(source)
    # Two new pages appear; the second cannot be read at first.
    lay_list(site, [5, 4], after="list_2.html")
    for n in range(2, 6):
        lay_letter(site, n)
    site.pages["/list_2.html"] = Reply(b"", 502)
    second = crawler.poll(source, after=first)
    assert second.result == "failed"
    assert second.keys == ["5", "4"]
    # Now page one holds nothing new, and still the crawl goes on to page two.
    lay_list(site, [3, 2], "/list_2.html", after="list_3.html")
    lay_list(site, [1], "/list_3.html", after="list_4.html")
    third = crawler.poll(source, after=second, failures=1)
    assert third.result == "new"
    assert third.keys == ["3", "2"]
    assert "/list_4.html" not in site.paths()


def test_more_letters_than_a_poll_may_fetch_come_with_the_next(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [5, 4, 3, 2, 1])
    source = board(site, "share", max_details=3)
    first = crawler.poll(source)
    assert first.keys == ["5", "4", "3"]
    second = crawler.poll(source, after=first)
    assert second.keys == ["2", "1"]
    third = crawler.poll(source, after=second)
    assert third.result == "nothing_new"


def test_a_large_crawl_is_handed_in_piece_by_piece(crawler: Crawler, site: Site) -> None:
    numbers = list(range(120, 0, -1))
    lay(site, numbers)
    polled = crawler.poll(board(site, "large", max_details=200))
    assert len(polled.hauls) == 3
    assert [h["outcome"] is None for h in polled.hauls] == [True, True, False]
    assert polled.keys == [str(n) for n in numbers]
    assert polled.outcome["posts"] == 120
    left = [h["cursor"]["lists"]["0"].get("gaps", []) for h in polled.hauls]
    assert [len(gaps) for gaps in left] == [1, 1, 0], "a kill in between leaves a gap that is known"
    assert len(polled.cursor["seen"]) == 120


def test_rows_inside_a_script_are_read(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = html(
        '<html><body><script type="text/xml"><datastore><record><![CDATA[<ul class="letters"><li>'
        '<a href="letter_1.html">甲村变压器</a><span class="date">2026-11-20</span></li></ul>]]>'
        "</record></datastore></script></body></html>"
    )
    lay_letter(site, 1)
    source = board(site, "records").replace(
        "item: ul.letters li", "item: ul.letters li\n  decode: records"
    )
    assert crawler.poll(source).keys == ["1"]


def test_a_list_that_shows_all_needs_no_detail_pages(crawler: Crawler, site: Site) -> None:
    def page(asked: Asked) -> Reply:
        rows = "".join(
            f"<div class=post data-id={n}><h3>题{n}</h3><p>刘庄停电{n}次</p>"
            f"<time>{n}分钟前</time></div>"
            for n in (1, 2, 3)
        )
        return html(f"<html><body>{rows}</body></html>")

    site.pages["/list.html"] = page
    source = f"""
name: listonly
title: 论坛
kind: board
channel: forum
every: 1m
private_host: true
limits: {{delay: 0s}}
url: {site.address}/list.html
board:
  item: div.post
  title: h3
  text: p
  time: time
  key: "@data-id"
"""
    polled = crawler.poll(source)
    assert polled.keys == ["1", "2", "3"]
    assert polled.posts[0]["text"] == "刘庄停电1次"
    assert polled.posts[0]["published_at"] is not None
    again = crawler.poll(source, after=polled)
    assert again.result == "nothing_new"


def test_a_site_whose_letters_all_fail_is_left_in_peace(crawler: Crawler, site: Site) -> None:
    lay(site, list(range(9, 0, -1)))
    for n in range(1, 10):
        site.pages[f"/letter_{n}.html"] = html("<html><body>维护中</body></html>")
    source = board(site, "peace")
    first = crawler.poll(source)
    assert first.result == "failed"
    assert len([p for p in site.paths() if "letter" in p]) == 3
    for n in range(1, 10):
        lay_letter(site, n)
    second = crawler.poll(source, after=first, failures=1, pending=first.pending)
    assert sorted(second.keys) == [str(n) for n in range(1, 10)]


def test_two_letters_at_once_where_the_source_allows_it(crawler: Crawler, site: Site) -> None:
    lay(site, [4, 3, 2, 1])
    meet = threading.Barrier(2, timeout=20)
    open_now: list[str] = []
    most = 0

    def in_pairs(page: Reply) -> Callable[[Asked], Reply]:
        def answer(asked: Asked) -> Reply:
            nonlocal most
            open_now.append(asked.path)
            most = max(most, len(open_now))
            meet.wait()  # nobody is answered before a second one asks
            open_now.remove(asked.path)
            return page

        return answer

    for n in range(1, 5):
        site.pages[f"/letter_{n}.html"] = in_pairs(site.pages[f"/letter_{n}.html"])
    source = board(site, "pairs").replace("delay: 0s,", "delay: 0s, concurrency: 2,")
    assert sorted(crawler.poll(source).keys) == ["1", "2", "3", "4"]
    assert most == 2
