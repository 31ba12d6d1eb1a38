"""What can go wrong between us and a site, each with a sentence that says it; and politeness."""

from __future__ import annotations

import gzip
import itertools
import re
import threading
import time
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from crawl_driver import Crawler, Polled
from letters_board import board, lay, lay_letter, lay_list
from machine import SOON_S
from site_on_loopback import Asked, Reply, Site, html

GZIPPED = {"Content-Type": "text/html", "Content-Encoding": "gzip"}


def problem_of(crawler: Crawler, source: str) -> str:
    polled = crawler.poll(source)
    assert polled.result == "failed"
    assert polled.posts == []
    return polled.problem


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "页面不存在：HTTP 404"),
        (500, "网站出错：HTTP 500"),
        (503, "网站出错：HTTP 503"),
        (403, "网站拒绝或限制访问，已停止并放慢：HTTP 403"),
        (429, "HTTP 429"),
        (432, "HTTP 432"),
        (204, "网站回答 HTTP 204"),
        (302, "重定向到不能访问的地址"),
    ],
)
def test_a_bad_status_is_named(crawler: Crawler, site: Site, status: int, words: str) -> None:
    site.pages["/list.html"] = Reply(b"", status)
    problem = problem_of(crawler, board(site, f"status-{status}"))
    assert words in problem
    assert f"{site.address}/list.html" in problem


def test_a_hiccup_is_tried_once_more(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    good = site.pages["/list.html"]
    tries = []

    def hiccup(asked: Asked) -> Reply:
        tries.append(asked)
        return Reply(b"", 502) if len(tries) == 1 else good

    site.pages["/list.html"] = hiccup
    assert crawler.poll(board(site, "hiccup")).result == "new"
    assert len(tries) == 2


def test_a_refusal_is_not_tried_again_and_waits_long(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b"", 403)
    polled = crawler.poll(board(site, "forbidden"))
    assert site.paths() == ["/list.html"]
    assert _wait_s(polled) >= 1500


def test_retry_after_is_obeyed(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b"", 503, {"Retry-After": "7200"})
    polled = crawler.poll(board(site, "retryafter"))
    assert site.paths() == ["/list.html"]
    assert _wait_s(polled) >= 6800


def test_failures_back_off_and_a_quiet_source_is_asked_less(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b"", 404)
    waits = [_wait_s(crawler.poll(board(site, "backoff"), failures=n)) for n in (0, 1, 3, 30)]
    assert 50 < waits[0] < 70
    assert 110 < waits[1] < 130
    assert 450 < waits[2] < 510
    assert 20_000 < waits[3] < 23_000
    lay(site, [1])
    first = crawler.poll(board(site, "quiet"))
    second = crawler.poll(board(site, "quiet"), after=first)
    third = crawler.poll(board(site, "quiet"), after=second)
    assert 55 < _wait_s(first) < 65
    assert 65 < _wait_s(second) < 80
    assert 78 < _wait_s(third) < 95


def test_an_odd_yield_is_noticed(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    polled = crawler.poll(board(site, "odd"), polls=9, avg_yield=20.0)
    assert polled.result == "new"
    assert "列表这次只有 1 条，平时约 20 条" in polled.outcome["notice"]


def test_an_empty_200_is_a_failure(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b" ", headers={"Content-Type": "text/html"})
    assert "内容是空的" in problem_of(crawler, board(site, "empty200"))


def test_rubbish_is_a_failure_not_a_crash(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(bytes(range(256)) * 20, headers={"Content-Type": "text/html"})
    assert "一条也没有匹配到" in problem_of(crawler, board(site, "rubbish"))


def test_a_wrong_content_type_is_named(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
    assert "来的是 application/pdf" in problem_of(crawler, board(site, "pdf"))


def test_a_body_over_the_limit_is_not_read_on(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b"x" * 300_000, headers={"Content-Type": "text/html"})
    source = board(site, "toolarge").replace("delay: 0s,", "delay: 0s, max_bytes: 200000,")
    assert "超过 200000 字节上限" in problem_of(crawler, source)


def memory_peak_kb(crawler: Crawler) -> int:
    """The most memory that the crawl process has ever held; 0 where the machine does not tell."""
    status = Path(f"/proc/{crawler.process.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


@pytest.mark.parametrize("layers", [1, 2])
def test_a_decompression_bomb_is_stopped_at_the_limit(
    crawler: Crawler, site: Site, layers: int
) -> None:
    body = gzip.compress(b"x" * 60_000_000, 9)
    encoding = "gzip"
    if layers == 2:
        body, encoding = zlib.compress(body), "gzip, deflate"
    site.pages["/list.html"] = Reply(body, headers=GZIPPED | {"Content-Encoding": encoding})
    before = memory_peak_kb(crawler)
    problem = problem_of(crawler, board(site, f"bomb-{layers}"))
    assert "解压后超过 4194304 字节上限" in problem
    assert memory_peak_kb(crawler) - before < 40_000


def test_a_compressed_page_is_read_and_kept_as_it_reads(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    plain = site.pages["/letter_1.html"].body
    site.pages["/letter_1.html"] = Reply(gzip.compress(plain), headers=GZIPPED)
    (post,) = crawler.poll(board(site, "gzipped")).posts
    assert post["text"].startswith("小召乡")
    assert post["evidence"]["size"] == len(plain)


def test_a_drip_is_cut_off_at_the_time_limit(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(
        b"<html>" * 1000, headers={"Content-Type": "text/html"}, drip_s=0.05
    )
    source = board(site, "drip").replace("timeout: 5s", "timeout: 1s")
    started = time.monotonic()
    assert "1 秒内没有读完" in problem_of(crawler, source)
    assert time.monotonic() - started < SOON_S, "all of it takes five minutes"


def test_a_body_that_breaks_off_is_no_page(crawler: Crawler, site: Site) -> None:
    lay_list(site, [1])
    site.pages["/list.html"].cut = True
    assert "没有传完" in problem_of(crawler, board(site, "cut"))


def test_a_closed_port_and_an_unknown_name_are_named(crawler: Crawler, site: Site) -> None:
    source = board(site, "closedport").replace(site.address, "http://127.0.0.1:9")
    assert "连接被拒绝" in problem_of(crawler, source)
    source = board(site, "noname").replace(site.address, "http://no-such-host.invalid")
    assert "域名解析不到：no-such-host.invalid" in problem_of(crawler, source)


# --- redirects and the guard


def test_a_redirect_on_the_site_is_followed(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/old.html"] = Reply(b"", 301, {"Location": "/list.html"})
    source = board(site, "moved").replace("/list.html", "/old.html")
    assert crawler.poll(source).keys == ["1"]


def test_redirects_without_end_are_given_up(crawler: Crawler, site: Site) -> None:
    site.pages["/list.html"] = Reply(b"", 302, {"Location": "/list.html"})
    assert "重定向超过 5 次" in problem_of(crawler, board(site, "loop"))
    assert len(site.paths()) == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.com/x", "data:text/html,<p>x", "javascript:1"]
)
def test_a_redirect_to_another_scheme_is_not_followed(
    crawler: Crawler, site: Site, target: str
) -> None:
    site.pages["/list.html"] = Reply(b"", 302, {"Location": target})
    name = "scheme-" + target.split(":", 1)[0]
    assert "重定向到不能访问的地址" in problem_of(crawler, board(site, name))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "100.64.0.1",
    ],
)
def test_a_redirect_to_a_private_address_is_blocked(
    crawler: Crawler, site: Site, other_site: Site, host: str
) -> None:
    """The first site may be private by its file; no redirect widens that."""
    lay(other_site, [1])
    port = other_site.address.rsplit(":", 1)[1]
    site.pages["/list.html"] = Reply(b"", 302, {"Location": f"http://{host}:{port}/list.html"})
    name = "ssrf-" + "".join(c if c.isalnum() else "-" for c in host)
    problem = problem_of(crawler, board(site, name))
    assert "非公网地址" in problem
    assert "private_host: true" in problem
    assert other_site.asked == []


def test_a_source_without_permission_reaches_no_private_host(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    source = board(site, "nopermit").replace("private_host: true", "")
    problem = problem_of(crawler, source)
    assert "127.0.0.1" in problem
    assert site.asked == []


def test_a_backslash_does_not_hide_the_host(crawler: Crawler, site: Site) -> None:
    port = site.address.rsplit(":", 1)[1]
    target = f"http://localhost:{port}\\@example.com/"
    site.pages["/list.html"] = Reply(b"", 302, {"Location": target})
    problem_of(crawler, board(site, "backslash"))
    assert site.paths() == ["/list.html"]


# --- politeness


def test_robots_txt_is_obeyed_and_nothing_is_fetched(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /list")
    polled = crawler.poll(board(site, "robots"))
    assert polled.result == "failed"
    assert f"{site.address}/robots.txt 不允许访问" in polled.problem
    assert site.paths() == []


def test_a_rule_for_our_name_counts(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/robots.txt"] = Reply(
        b"User-agent: GridVoice\nDisallow: /\n\nUser-agent: *\nAllow: /"
    )
    assert "不允许访问" in problem_of(crawler, board(site, "robotsname"))


def test_permission_by_the_site_overrides_robots_txt(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /")
    source = board(site, "permitted", "robots_permission: 政务公开办 2026-11-03 书面同意")
    assert crawler.poll(source).result == "new"


def test_a_failing_robots_txt_is_no_permission(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/robots.txt"] = Reply(b"", 500)
    problem = problem_of(crawler, board(site, "robots500"))
    assert "暂时读不到（HTTP 500）" in problem
    assert site.paths() == []


def test_a_detail_page_forbidden_by_robots_txt_stays_unread(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    site.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /letter_2.html")
    polled = crawler.poll(board(site, "robotsdetail"))
    assert polled.keys == ["1"]
    assert "/letter_2.html" not in site.paths()


def test_robots_txt_is_asked_for_once_a_site(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    crawler.poll(board(site, "robotsonce"))
    crawler.poll(board(site, "robotsonce"))
    assert [a.path for a in site.asked].count("/robots.txt") == 1


def test_we_say_who_we_are_and_keep_no_cookies(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/list.html"].headers["Set-Cookie"] = "session=1"
    crawler.poll(board(site, "who"))
    for asked in site.asked:
        assert "GridVoice/0.1" in asked.headers["user-agent"]
        assert "cookie" not in asked.headers
        assert "referer" not in asked.headers


def test_requests_to_a_host_keep_their_distance(crawler: Crawler, site: Site) -> None:
    lay(site, [3, 2, 1])
    source = board(site, "distance").replace("delay: 0s", "delay: 0.8s")
    crawler.poll(source)
    times = [a.at for a in site.asked if a.path != "/robots.txt"]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert len(gaps) == 3
    assert min(gaps) > 0.25  # ±50 % jitter, and the site may be late to look at its clock


def test_a_slow_site_does_not_hold_up_another(
    crawler: Crawler, site: Site, other_site: Site
) -> None:
    lay(site, [1])
    page, asked = site.pages["/list.html"], threading.Event()

    def waits(_: Asked) -> Reply:
        asked.wait(60)
        return page

    site.pages["/list.html"] = waits
    lay(other_site, [1])
    slow = crawler.start_poll(board(site, "slow").replace("timeout: 5s", "timeout: 60s"))
    assert crawler.poll(board(other_site, "quick")).result == "new"
    assert not [said for said in crawler.other if said.get("name") == "slow"]
    asked.set()
    assert crawler.finish_poll(slow).result == "new"


def test_a_failing_list_does_not_stop_the_next(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    source = board(site, "columns", f"urls: [{site.address}/gone.html]")
    polled = crawler.poll(source)
    assert polled.result == "failed"
    assert polled.keys == ["1"]
    assert "gone.html" in polled.problem


def test_a_store_that_fails_once_costs_a_failed_poll_not_the_process(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [1])
    crawler.say(do="fail_store", times=1)
    polled = crawler.poll(board(site, "diskfull"))
    assert polled.result == "failed"
    assert "程序内部错误" in polled.problem
    assert polled.hauls[-1]["cursor"] is None
    lay_letter(site, 1)
    assert crawler.poll(board(site, "diskfull2")).result == "new"


def test_an_old_fence_writes_nothing(crawler: Crawler, site: Site) -> None:
    def slow(asked: Asked) -> Reply:
        crawler.say(do="fence", name="fenced", fence=999)
        time.sleep(0.3)
        return html("<ul class=letters><li><a href=letter_1.html>x</a></li></ul>")

    lay(site, [1])
    site.pages["/list.html"] = slow
    name = crawler.start_poll(board(site, "fenced"))
    said = crawler.wait_for(lambda s: s.get("name") == name)
    assert "lost" in said


def _wait_s(polled: Polled) -> float:
    at = datetime.fromisoformat(polled.outcome["at"])
    return (datetime.fromisoformat(polled.outcome["next_at"]) - at).total_seconds()


def test_a_crawl_delay_in_robots_txt_is_kept(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    site.pages["/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 1")
    crawler.poll(board(site, "crawldelay"))
    listed, letter = [a.at for a in site.asked if a.path != "/robots.txt"]
    assert letter - listed > 0.3  # ±50 % jitter, and the site may be late to look at its clock
