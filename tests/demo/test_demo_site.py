"""The town's three sites over real HTTP, by a clock that the test moves."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import pytest

from gridvoice.demo.pages import list_time
from gridvoice.demo.site import Site
from gridvoice.demo.stream import later_posts
from gridvoice.demo.town import load_town

TINY = load_town(Path(__file__).parent / "tiny.yaml")
START = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Iterator[Site]:
    with Site(TINY, with_later=True, now=clock) as site:
        yield site


def get(site: Site, path: str, **headers: str) -> bytes:
    request = urllib.request.Request(site.base_url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return bytes(answer.read())


def board(site: Site, path: str = "/liuyan/") -> str:
    return get(site, path).decode("gb18030")


def search(site: Site, word: str, page: int = 1) -> dict[str, object]:
    wanted = quote(f"100103type=61&q={word}")
    path = f"/api/container/getIndex?containerid={wanted}&page_type=searchall&page={page}"
    answer = json.loads(get(site, path))
    assert isinstance(answer, dict)
    return answer


def test_before_the_start_only_old_posts_can_be_read(site: Site, clock: Clock) -> None:
    clock.forward(3600)
    assert set(site.readable_at()) == {"talk-01", "talk-02"}


def test_posts_become_readable_by_the_clock(site: Site, clock: Clock) -> None:
    began = site.begin()
    assert "true-penghai-02" not in board(site)
    clock.forward(3.9)
    assert "true-penghai-02" not in board(site)
    clock.forward(0.1)
    assert "true-penghai-02" in board(site)
    assert site.readable_at()["true-penghai-02"] == began + timedelta(seconds=4)


def test_a_faster_pace_brings_them_sooner(clock: Clock) -> None:
    with Site(TINY, pace=4, now=clock) as site:
        began = site.begin()
        clock.forward(2)
        assert site.readable_at()["trap-repair-01"] == began + timedelta(seconds=2)
        assert site.is_over


def test_a_post_not_yet_readable_has_no_page(site: Site) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        board(site, "/liuyan/detail/true-penghai-02.html")
    refused.value.close()


def test_the_board_speaks_gb18030_and_says_gb2312(site: Site, clock: Clock) -> None:
    site.begin()
    clock.forward(5)
    page = board(site, "/liuyan/detail/true-penghai-02.html")
    assert "charset=gb2312" in page
    assert "留言时间：2026年11月24日 08:30:04" in page
    assert "大棚卷帘机动不了" in page


def test_an_official_reply_appears_when_its_time_has_come(clock: Clock) -> None:
    with Site(load_town("first"), now=clock) as site:
        site.begin()
        path = "/liuyan/detail/trap-streetlight-01.html"
        clock.forward(4)
        assert "官方回复" not in board(site, path)
        clock.forward(14)
        assert "配件到货后三日内修复" in board(site, path)
        assert "[已办理]" in board(site)


def test_the_list_has_pages_newest_first(clock: Clock) -> None:
    with Site(load_town("first"), now=clock) as site:
        site.begin()
        clock.forward(60)
        first, second = board(site), board(site, "/liuyan/index_2.html")
        assert first.count("<li>") == 20
        assert 'class="next" href="index_2.html"' in first
        assert first.index("talk-018") < first.index("true-dianfei-06")
        assert "talk-002.html" not in first + second  # the oldest stand on the last page


def test_list_times_are_written_as_people_write_them() -> None:
    cases = {10: "刚刚", 300: "5分钟前", 7200: "今天 06:30", 86400: "昨天 08:30"}
    assert {s: list_time(START - timedelta(seconds=s), START) for s in cases} == cases
    assert list_time(START - timedelta(days=4), START) == "11月20日"
    assert list_time(START - timedelta(days=400), START) == "2025-10-20"


def test_the_search_answers_in_the_shape_of_weibo(site: Site, clock: Clock) -> None:
    site.begin()
    clock.forward(7)
    answer = search(site, "停电")
    assert answer["ok"] == 1
    cards = answer["data"]["cards"]  # type: ignore[index]
    repost, original = [card["mblog"] for card in cards]
    assert repost["retweeted_status"]["mid"] == original["mid"] == "true-penghai-01"
    assert original["created_at"] == "Tue Nov 24 08:30:02 +0800 2026"
    assert 'alt="[泪]"' in original["text"]
    assert '<span class="surl-text">#鄢陵#</span>' in original["text"]
    assert "&lt;急&gt;" in original["text"]
    assert original["reposts_count"] == 3


def test_a_search_without_hits_says_so_in_weibos_words(site: Site) -> None:
    assert search(site, "地震") == {"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}
    assert search(site, "") == search(site, "地震")


def test_an_unchanged_page_is_answered_with_304(site: Site) -> None:
    with urllib.request.urlopen(site.base_url + "/feed.xml", timeout=5) as answer:
        tag = answer.headers["ETag"]
    with pytest.raises(urllib.error.HTTPError, match="304") as unchanged:
        get(site, "/feed.xml", **{"If-None-Match": tag})
    unchanged.value.close()


def test_robots_txt_lets_the_pages_be_read(site: Site) -> None:
    assert b"Disallow: /liuyan/write.html" in get(site, "/robots.txt")


def test_when_the_script_is_over_talk_and_new_incidents_keep_coming(
    site: Site, clock: Clock
) -> None:
    site.begin()
    clock.forward(8)
    assert site.is_over
    assert site.later == ()
    clock.forward(60)
    assert {p.kind for p in site.later} == {"talk", "true"}
    assert "true-later0hum-01" in site.readable_at()


def test_what_keeps_coming_is_the_same_every_time_and_in_order() -> None:
    posts = list(islice(later_posts(TINY), 200))
    assert posts == list(islice(later_posts(TINY), 200))
    assert [p.after for p in posts] == sorted(p.after for p in posts)
    assert len({p.id for p in posts}) == 200
    assert {p.text for p in posts if p.kind == "true"} >= {"马栏镇的电线掉下来了，没人管！"}


def test_a_site_that_stops_closes_its_connections() -> None:
    site = Site(TINY)
    site.start()
    get(site, "/robots.txt")
    site.stop()
    site.stop()
    with pytest.raises(urllib.error.URLError):
        get(site, "/robots.txt")
