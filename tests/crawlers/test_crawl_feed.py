"""kind: feed: RSS, Atom, RDF, JSON Feed."""

from __future__ import annotations

import json

import pytest
from crawl_driver import Crawler
from reading import listed, page, source
from site_on_loopback import Reply, Site

RSS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>t</title>
<item><title>小召乡&lt;b&gt;停电&lt;/b&gt;</title><link>/p/1?utm_source=x</link><guid>g-1</guid>
<description>&lt;p&gt;三天没电&lt;/p&gt;&lt;p&gt;孩子要写作业&lt;/p&gt;</description>
<author>某人</author><pubDate>Wed, 11 Jun 2025 08:30:01 GMT</pubDate></item></channel></rss>"""
ATOM = """<?xml version="1.0" encoding="gb2312"?><feed xmlns="http://www.w3.org/2005/Atom">
<title>t</title><entry><id>g-1</id><title>小召乡停电</title><link href="/p/1"/>
<updated>2025-06-11T16:30:01+08:00</updated><author><name>某人</name></author>
<content type="html">&lt;p&gt;三天没电&lt;/p&gt;&lt;p&gt;孩子要写作业&lt;/p&gt;</content>
</entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="x"><title>t</title></channel><item rdf:about="g-1"><title>小召乡停电</title>
<link>/p/1</link><description>三天没电
孩子要写作业</description><dc:creator>某人</dc:creator><dc:date>2025-06-11T08:30:01Z</dc:date>
</item></rdf:RDF>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {
                "id": "g-1",
                "url": "/p/1",
                "title": "小召乡停电",
                "content_html": "<p>三天没电</p><p>孩子要写作业</p>",
                "date_published": "2025-06-11T08:30:01Z",
                "authors": [{"name": "某人"}],
            }
        ],
    },
    ensure_ascii=False,
)
FORMATS = {
    "rss": (RSS.encode(), "application/rss+xml"),
    "atom": (ATOM.encode("gb2312"), "application/atom+xml"),
    "rdf": (RDF.encode(), "text/xml"),
    "json": (JSON_FEED.encode(), "application/feed+json"),
}


def feed(site: Site, name: str) -> str:
    return f"""
name: {name}
title: 测试订阅
kind: feed
channel: news
every: 1m
private_host: true
limits: {{delay: 0s, timeout: 5s}}
url: {site.address}/feed
"""


def test_the_author_is_a_name_without_an_address() -> None:
    said = ["某人", "me@example.com (某人)", "某人 (me@example.com)"]
    items = "".join(
        f"<item><title>{n}</title><author>{who}</author></item>" for n, who in enumerate(said)
    )
    at = page(f"<rss version='2.0'><channel>{items}</channel></rss>", "text/xml")
    assert {e.fields["author"] for e in listed(source("feed"), at).entries} == {"某人"}


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_gives_the_same_post(crawler: Crawler, site: Site, form: str) -> None:
    body, kind = FORMATS[form]
    site.pages["/feed"] = Reply(body, headers={"Content-Type": kind, "ETag": '"1"'})
    source = feed(site, f"feed-{form}")
    polled = crawler.poll(source)
    assert polled.result == "new", polled.problem
    (post,) = polled.posts
    assert post["key"] == "g-1"
    assert post["title"] == "小召乡停电"
    assert post["text"] == "三天没电\n孩子要写作业" or form == "rdf"
    assert post["published_at"] == "2025-06-11T16:30:01+08:00"
    assert post["author"] == "某人"
    assert post["url"].startswith(f"{site.address}/p/1")
    assert crawler.poll(source, after=polled).result == "nothing_new"
    assert site.asked[-1].headers["if-none-match"] == '"1"'


def test_what_is_no_feed_says_what_it_is(crawler: Crawler, site: Site) -> None:
    site.pages["/feed"] = Reply(b"<html><body>Welcome to RSSHub!</body></html>")
    assert "不是 RSS" in crawler.poll(feed(site, "nofeed")).problem
    site.pages["/feed"] = Reply(b"http://127.0.0.1:1/other-feed")
    assert "不是 RSS" in crawler.poll(feed(site, "nofeed2")).problem


def test_an_empty_feed_is_a_failure_unless_it_may_be(crawler: Crawler, site: Site) -> None:
    empty = b'<rss version="2.0"><channel><title>t</title></channel></rss>'
    site.pages["/feed"] = Reply(empty, headers={"Content-Type": "text/xml"})
    assert "may_be_empty" in crawler.poll(feed(site, "emptyfeed")).problem
    allowed = crawler.poll(feed(site, "emptyfeed2") + "may_be_empty: true\n")
    assert allowed.result == "nothing_new"


def test_entities_that_multiply_or_read_files_do_no_harm(crawler: Crawler, site: Site) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    site.pages["/feed"] = Reply(
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}'
        f'<!ENTITY file SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel>'
        f"<item><guid>1</guid><title>x &file; y</title><description>&l9;</description></item>"
        f"</channel></rss>".encode(),
        headers={"Content-Type": "text/xml"},
    )
    polled = crawler.poll(feed(site, "laughs"))
    assert "实体声明" in polled.problem


@pytest.mark.slow
def test_a_huge_feed_does_not_hold_up_other_polls(crawler: Crawler, site: Site) -> None:
    # Which of the two ends first is a race on a busy machine; that a small one never once ends
    # while a huge one is being read is not.
    items = "".join(f"<item><title>题{n}</title><guid>{n}</guid></item>" for n in range(20_000))
    site.pages["/feed"] = Reply(
        f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(),
        headers={"Content-Type": "text/xml"},
    )
    site.pages["/small"] = Reply(RSS.encode(), headers={"Content-Type": "text/xml"})
    overtaken = False
    for n in range(5):
        huge = crawler.start_poll(feed(site, f"hugefeed{n}"))
        crawler.poll(feed(site, f"smallfeed{n}").replace("/feed", "/small"))
        if overtaken := not [said for said in crawler.other if said.get("name") == huge]:
            break
    assert overtaken
    polled = crawler.finish_poll(huge)
    assert polled.outcome["posts"] == 500
    assert polled.outcome["matched"] == 20_000
