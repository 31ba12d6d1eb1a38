"""The board over real HTTP: what it shows, filters, says when all is quiet, and warns of."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import console_scene as scene
import pytest
from console_server import NOW, Console
from sqlalchemy import Engine, event, insert

from db import incidents
from db.channel_states import put_channel_state
from db.engine import write
from db.tables import incidents as incident_table
from domain.alerts import ChannelState
from domain.assessments import Area, Category, Severity
from domain.trouble import Trouble


def titles(page: str) -> list[str]:
    return re.findall(r'class="card-title"><a [^>]*>([^<]+)</a>', page)


def test_the_gravest_incident_comes_first_and_closed_ones_come_below(console: Console) -> None:
    page = console.get("/").text
    found = titles(page)
    assert found[0] == "小召乡小召西村低电压持续半个月"
    assert found[1] == "五女店镇苗店村雷雨后多户家电烧毁"
    assert set(found[-2:]) == {"桂村乡低电压改造后已恢复", "榆林乡停电被误认为故障"}
    assert page.index("已结束 <small>") > page.index("灵井镇灌溉")


def test_a_card_says_what_where_how_bad_and_how_it_grows(console: Console) -> None:
    card = console.get("/").text.split('id="card-' + console.numbers["low"])[1].split("</li>")[0]
    for words in ("特别重大", "小召乡小召西村", "小召供电所", "电压质量与停电", "第3报", "<b>22</b> 条帖文",
                  "政府留言板", "微博", "今天 11:55", "近1小时 +", "已发现", "待接收 1小时34分", 'class="bad"'):  # fmt: skip
        assert words in card
    assert '<svg class="spark"' in card


def test_a_matter_that_came_back_is_marked(console: Console) -> None:
    page = console.get("/").text
    assert page.count("复燃</span>") == 1
    assert "复燃" in page.split("蒋李集镇寇庄村低压线垂到房顶")[2].split("</li>")[0]


def test_other_counties_are_one_click_away(console: Console) -> None:
    assert "鄢陵县某小区频繁停电" not in console.get("/").text
    assert titles(console.get("/?area=outside").text) == ["鄢陵县某小区频繁停电"]


@pytest.mark.parametrize(
    ("query", "count"),
    [("severity=red", 1), ("severity=orange", 2), ("category=supply_quality", 2),
     ("state=investigating", 1), ("area=unknown", 1), ("severity=orange&state=acknowledged", 1),
     ("severity=red&state=acknowledged", 0), ("state=over", 2)],
)  # fmt: skip
def test_filters_are_plain_links(console: Console, query: str, count: int) -> None:
    page = console.get("/?" + query).text
    assert len(titles(page.split("已结束 <small>")[0])) == count
    assert page.count('aria-current="true"') == 4


@pytest.mark.parametrize(
    "query",
    ["severity=purple", "page=99999", "page=-1", "page=٣", "state=%00", "area=<script>", "x=1"],
)
def test_a_query_that_means_nothing_shows_the_board(console: Console, query: str) -> None:
    answer = console.get("/?" + query)
    assert answer.status_code == 200
    assert len(titles(answer.text)) >= 7
    assert "<script>" not in answer.text


def test_counts_beside_filters_follow_the_other_filters(console: Console) -> None:
    page = console.get("/?severity=orange").text
    assert (
        'id="f-state-acknowledged" href="/?severity=orange&amp;state=acknowledged">已接收 <b>1</b>'
        in page
    )
    assert "f-category-billing_service" not in page


def test_the_head_of_the_board_counts_the_day(console: Console) -> None:
    page = re.sub(r"<[^>]+>|\s+", "", console.get("/").text)
    assert "在办事件7特别重大1重大2较大2一般2" in page
    assert "待送1·失败0" in page
    assert "信息源5个迟到0·失败1" in page


def test_an_empty_store_is_greeted_kindly(running: Callable[..., Console]) -> None:
    page = running().get("/").text
    assert "还没有信息源" in page
    assert "gridvoice sources check" in page
    assert 'role="alert"' not in page


def test_a_quiet_day_says_that_the_watch_is_kept(
    running: Callable[..., Console], engine: Engine
) -> None:
    with write(engine) as conn:
        scene._sources(conn, NOW)
    assert "目前没有在办的舆情事件" in running().get("/").text


def test_filters_that_match_nothing_offer_the_way_back(console: Console) -> None:
    page = console.get("/?severity=red&state=responded").text
    assert "没有符合筛选条件的在办事件" in page
    assert '<a href="/">查看全部事件</a>' in page


def test_a_failing_source_is_named_with_what_to_do(console: Console) -> None:
    page = console.get("/").text
    banner = page.split('class="banner banner-warn"')[1].split("</div>")[0]
    assert "county-forum" in banner
    assert ".post-item" in banner
    assert "gridvoice sources check" in banner


def test_trouble_of_every_kind_is_an_alarm_with_a_way_out(own_console: Console) -> None:
    with write(own_console.engine) as conn:
        row = incidents.find(conn, own_console.numbers["low"])
        assert row is not None
        scene.tell(conn, row.id, "grew", 4, Severity.RED, NOW,
                   [("centre", "x", "bad_config", "401", "bad signature")])  # fmt: skip
        put_channel_state(conn, ChannelState("duty_group", NOW + timedelta(minutes=5), "频率超限"))
    own_console.troubles.append(
        Trouble("crawl", "采集进程意外结束。", "系统正在重启它。", alarm=True)
    )
    page = own_console.get("/").text
    assert page.count('class="banner banner-alarm" role="alert"') >= 3
    for words in (
        "采集进程意外结束",
        "1 条预警经“centre”多次推送失败",
        "gridvoice alerts retry",
        "预警通道“duty_group”应对方要求暂停到 13:35：频率超限",
    ):
        assert words in page


def test_the_light_is_not_green_while_alerts_may_be_lost(running: Callable[..., Console]) -> None:
    console = running(fill=True)
    pages = ("/", "/sources", f"/incidents/{console.numbers['low']}")
    for path in pages:
        assert 'data-trouble=""' in console.get(path).text
    console.troubles.append(Trouble("crawl", "采集进程意外结束。", "请稍候。", alarm=True))
    for path in pages:
        assert 'data-trouble="yes"' in console.get(path).text


def test_the_page_of_sources_tells_why_none_is_read(own_console: Console) -> None:
    own_console.troubles.append(Trouble("crawl", "采集进程意外结束。", "请稍候。", alarm=True))
    page = own_console.get("/sources").text
    assert "采集进程意外结束" in page
    assert "信息源读取失败" not in page, "the table says it"


def test_the_page_of_sources_tells_how_the_alert_channels_fare(own_console: Console) -> None:
    with write(own_console.engine) as conn:
        down = ChannelState("centre", None, "500 oops", NOW - timedelta(minutes=9), 7)
        put_channel_state(conn, down)
        put_channel_state(conn, ChannelState("duty_group", succeeded_at=NOW - timedelta(minutes=1)))
    page = own_console.get("/sources").text.split('id="channels"')[1]
    rows = re.findall(r'<tr class="health-(\w+)">(.*?)</tr>', page, re.DOTALL)
    said = [(health, re.sub(r"<[^>]+>|\s+", " ", row)) for health, row in rows]
    assert [health for health, _ in said] == ["good", "failing", "good", "failing"]
    for (_, row), words in zip(
        said,
        (("本机文件", "只留在本机", "可用"), ("舆情中心", "自今天 13:21起发不出去", "500 oops"),
         ("值班群", "可用", "今天 13:29"), ("短信", "未配置", "GRIDVOICE_SMS_URL")),
        strict=True,
    ):  # fmt: skip
        for word in words:
            assert word in row


def test_many_sources_that_fail_are_one_banner(own_console: Console) -> None:
    own_console.troubles.extend(
        Trouble(f"source:s{n}", "信息源读取失败", "请检查。", subject=f"板{n}") for n in range(9)
    )
    page = own_console.get("/").text
    assert page.count("信息源读取失败") == 1
    assert "等 10 个" in page


def test_told_today_counts_alerts_that_came_to_people_once(own_console: Console) -> None:
    def told_today() -> int:
        page = own_console.get("/").text
        return int(page.split("今日推送</p>")[1].split("<small>")[0].split(">")[-1])

    before = told_today()
    with write(own_console.engine) as conn:
        row = incidents.find(conn, own_console.numbers["low"])
        assert row is not None
        scene.tell(conn, row.id, "grew", 4, Severity.RED, NOW,
                   [("centre", "", "delivered", "200", "ok"), ("duty_group", "", "delivered", "0", "ok"),
                    ("file", "", "delivered", "ok", "")])  # fmt: skip
        scene.tell(conn, row.id, "grew", 5, Severity.RED, NOW,
                   [("file", "", "delivered", "ok", "")])  # fmt: skip
    assert told_today() == before + 1


def test_when_every_source_is_overdue_the_crawler_is_suspected(
    running: Callable[..., Console],
) -> None:
    later = NOW + timedelta(hours=2)
    assert "采集可能已停止" not in running(fill=True, watching=True).get("/").text
    assert "采集可能已停止" in running(clock=lambda: later, watching=True).get("/").text


def _many(engine: Engine, count: int, said: int = 3) -> None:
    with write(engine) as conn:
        template, _ = scene.open_with(
            conn, NOW, "村里又停电", Category.SUPPLY_QUALITY, Severity.YELLOW,
            [scene.Said(30 - i, "weibo", "s", "", f"又停电了{i}") for i in range(said)], "小召乡", "小召供电所",
        )  # fmt: skip
        row = conn.execute(incident_table.select().where(incident_table.c.id == template)).one()
        values = [
            {**row._mapping, "id": None, "number": f"X-{template}-{n:05d}", "severity": ("red", "blue", "orange")[n % 3],
             "profile": {"words": ["词"] * 200}}
            for n in range(count)
        ]  # fmt: skip
        for value in values:
            del value["id"]
        conn.execute(insert(incident_table), values)
        joined = [scene.Said(20, "weibo", "s", "", f"{n}停电") for n in range(count)]
        for n, one in enumerate(scene.say_all(conn, joined, NOW, Category.SUPPLY_QUALITY)):
            incidents.add_post(conn, template + 1 + n, one, NOW)


@pytest.mark.slow
def test_a_thousand_incidents_open_as_quickly_as_sixty(
    running: Callable[..., Console], engine: Engine, figure: Callable[[str, float, str], None]
) -> None:
    console = running()

    def quickest() -> float:
        took = []
        for _ in range(12):
            began = time.perf_counter()
            assert console.get("/").status_code == 200
            took.append(time.perf_counter() - began)
        return min(took)

    _many(engine, 60)
    few = quickest()
    _many(engine, 940)
    many = quickest()
    assert "第 1 / 21 页" in console.get("/").text
    figure("board of a thousand incidents, milliseconds", many * 1000, "< 30")
    assert many < 4 * few, "one page of fifty, whatever lies behind it"


def test_pages_reach_every_incident_once(running: Callable[..., Console], engine: Engine) -> None:
    _many(engine, 120)
    console = running()
    numbers: list[str] = []
    path: str | None = "/"
    while path:
        page = console.get(path).text
        numbers += re.findall(r'data-number="([^"]+)"', page)
        following = re.search(r'id="page-next"[^>]*href="([^"]+)"', page)
        path = following[1] if following else None
    assert len(numbers) == len(set(numbers)) == 121


def test_the_number_of_statements_does_not_grow_with_the_board(
    running: Callable[..., Console], engine: Engine
) -> None:
    asked: list[str] = []
    console = running()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    _many(engine, 1)
    asked.clear()
    console.get("/")
    few = len(asked)
    _many(engine, 60)
    asked.clear()
    console.get("/")
    assert len(asked) == few < 16


def test_an_unchanged_board_is_not_sent_again(own_console: Console) -> None:
    tag = own_console.get("/").headers["etag"]
    assert own_console.get("/", headers={"If-None-Match": tag}).status_code == 304
    scene.grow(
        own_console.engine,
        own_console.numbers["storm"],
        scene.Said(0, "weibo", "s", "", "又烧了"),
        NOW,
    )
    assert own_console.get("/", headers={"If-None-Match": tag}).status_code == 200


def test_incidents_without_a_place_or_a_known_area_are_shown(
    running: Callable[..., Console], engine: Engine
) -> None:
    with write(engine) as conn:
        scene.open_with(
            conn, NOW, "网友称停电", Category.SUPPLY_QUALITY, Severity.NONE,
            [scene.Said(1, "unheard_of", "s", "", "停电")], area=Area.UNKNOWN,
        )  # fmt: skip
    page = running().get("/").text
    assert titles(page) == ["网友称停电"]
    assert "属地不明" in page
    assert "<span>地点不明</span>" in page
