"""One incident over real HTTP: why, where, which posts, what was sent, and the two acts."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import console_scene as scene
import pytest
import requests
from console_server import NOW, Console
from sqlalchemy import Engine, event, select, text, update

from db import incidents, timers
from db.engine import read, write
from db.tables import assessments, deliveries, versions
from domain.assessments import Category, Severity
from domain.clock import SHANGHAI
from domain.incidents.events import Cause, TimerKind
from domain.incidents.incident import IncidentState


def page_of(console: Console, name: str, query: str = "") -> str:
    answer = console.get(f"/incidents/{console.numbers[name]}{query}")
    assert answer.status_code == 200
    return answer.text


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page)))


def state(console: Console, name: str) -> IncidentState:
    with read(console.engine) as conn:
        row = incidents.find(conn, console.numbers[name])
    assert row is not None
    return row.incident.state


def test_it_says_what_where_and_for_whom(console: Console) -> None:
    text = words(page_of(console, "low"))
    for part in ("特别重大", "已发现", "第3报", "许昌市 › 建安区 › 小召乡 › 小召西村", "小召供电所",
                 "22 条帖文反映电压质量与停电问题", "待接收 1小时34分"):  # fmt: skip
        assert part in text


def test_what_a_cool_down_holds_back_is_said_to_be_untold(own_console: Console) -> None:
    number = own_console.numbers["low"]
    with write(own_console.engine) as conn:
        row = incidents.find(conn, number)
        assert row is not None
        incidents.add_event(conn, row.id, "joined", Cause.read("post:0"), NOW, note="22帖→23帖")
        timers.set_timer(conn, row.id, TimerKind.HELD, NOW + timedelta(minutes=10))
    said = f"未推送，冷却至今天 {NOW.astimezone(SHANGHAI) + timedelta(minutes=10):%H:%M}"
    page = page_of(own_console, "low")
    assert said in page.split('id="head"')[1].split("</section>")[0]
    _, newest, *older = page.split('id="story"')[1].split("</section>")[0].split('class="step ')
    assert said in newest
    assert said not in "".join(older)
    card = own_console.get("/").text.split(f'id="card-{number}"')[1].split("</li>")[0]
    assert said in card
    with write(own_console.engine) as conn:  # due: it is told in this moment
        timers.set_timer(conn, row.id, TimerKind.HELD, NOW - timedelta(seconds=1))
    assert "未推送" not in page_of(own_console, "low")


def test_a_delivery_that_a_later_report_made_needless_says_so(own_console: Console) -> None:
    with write(own_console.engine) as conn:
        gone = update(deliveries).where(deliveries.c.channel == "duty_group")
        conn.execute(gone.values(state="withdrawn", withdrawn_for=3, attempts=0, delivered_at=None))
    said = words(page_of(own_console, "low").split('id="story"')[1])
    assert "已撤回（由第3报代替） 值班群" in said
    assert "0 次尝试" not in said


def test_reasons_are_listed_by_weight_with_phrase_and_spread(console: Console) -> None:
    why = page_of(console, "low").split('id="why"')[1].split("</section>")[0]
    weights = [float(w) for w in re.findall(r'reason-weight">([^<]+)<', why)]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 1.8
    text = words(why)
    assert "重要人群「制氧机」1 条帖文" in text
    assert "电压问题「低电压」19 条帖文" in text


def test_posts_show_marked_reasons_and_places_with_their_source(console: Console) -> None:
    page = page_of(console, "low")
    posts = page.split('id="posts"')[1]
    assert '<mark class="reason" title="电压问题 +1.4">低电压</mark>' in posts
    assert '<mark class="place" title="地点：小召西村">小召西村</mark>' in posts
    text = words(posts)
    for part in (
        "民声留言板",
        "微博",
        "建安区",
        "重复",
        "评论 12 · 点赞 36 · 阅读 1,680",
        "官方回复",
        "展开全文，还有",
    ):
        assert part in text
    assert re.search(
        r'href="https://example.org/thread/\d+" [^>]*rel="noopener noreferrer external"', posts
    )


def test_a_repost_on_another_source_is_told_from_a_repeat(
    running: Callable[..., Console], engine: Engine
) -> None:
    with write(engine) as conn:
        same = "五女店镇停电一整天没人管"
        _, number = scene.open_with(
            conn, NOW, "停电", Category.SUPPLY_QUALITY, Severity.BLUE,
            [scene.Said(9, "forum", "a", "", same), scene.Said(8, "weibo", "b", "", same),
             scene.Said(7, "forum", "a", "", same)],
        )  # fmt: skip
    page = running().get(f"/incidents/{number}").text
    assert re.findall(r'<span class="tag">(转载|重复)</span>', page) == ["重复", "转载"]


def test_a_post_that_complains_of_nothing_says_what_it_is(
    running: Callable[..., Console], engine: Engine
) -> None:
    with write(engine) as conn:
        _, number = scene.open_with(
            conn, NOW, "停电", Category.SUPPLY_QUALITY, Severity.BLUE,
            [scene.Said(9, "forum", "a", "", "五女店镇停电一整天没人管"),
             scene.Said(8, "weibo", "b", "", "五女店镇来电了，谢谢师傅")],
        )  # fmt: skip
        of_it = select(versions.c.id).where(versions.c.text.contains("谢谢师傅"))
        thanks = update(assessments).where(assessments.c.version_id.in_(of_it))
        conn.execute(thanks.values(role="thanks", complaint=False))
    page = running().get(f"/incidents/{number}").text
    assert re.findall(r'<span class="tag">([^<]+)</span>', page.split('id="posts"')[1]) == ["致谢"]


def test_the_timeline_tells_events_and_what_receivers_answered(console: Console) -> None:
    story = words(page_of(console, "low").split('id="story"')[1].split("</section>")[0])
    for part in ("发现事件", "8 条新帖并入", "等级 较大→重大", "因：发帖人 9人、渠道 4个渠道", "第1报 · 较大 · 首报", "第2报 · 重大 · 等级升高", "已送达 舆情中心",
                 "用时 1.2 秒", "等待重试 值班群", "应答：45009 api freq out of limit"):  # fmt: skip
        assert part in story
    assert "应答：0 ok" not in story, "what a machine says to what it took is nobody's business"
    assert "李建国：已联系保险专责" in words(page_of(console, "storm"))


def test_the_playbook_of_its_category_stands_beside_it(console: Console) -> None:
    text = words(page_of(console, "low"))
    for part in (
        "处置预案 电压质量与停电",
        "牵头：供电所配电班",
        "带移动电源上门",
        "30分钟内联系",
        "停电的原因是【原因】，【联系人、电话】。",
    ):
        assert part in text
    assert "{" not in text
    assert "处置预案" not in words(page_of(console, "storm"))


def test_an_unknown_number_is_a_page_with_a_way_back(console: Console) -> None:
    for number in ("20990101-001", "x", "%00", "..%2f", "<b>", "' OR 1=1"):
        answer = console.get(f"/incidents/{number}")
        assert answer.status_code == 404
        assert '<a href="/">返回全部事件</a>' in answer.text
    assert console.post("/incidents/20990101-001/ack", {"who": "张伟"}).status_code == 404
    assert console.get("/nowhere").status_code == 404


def test_taking_an_incident_records_who_and_says_so(own_console: Console) -> None:
    path = f"/incidents/{own_console.numbers['low']}"
    answer = own_console.post(path + "/ack", {"who": " 王芳 ", "note": "马上联系\r\n供电所"})
    assert (answer.status_code, answer.headers["location"]) == (303, path + "?done=ack")
    assert state(own_console, "low") is IncidentState.ACKNOWLEDGED
    page = own_console.get(path + "?done=ack", cookies=answer.cookies.get_dict()).text
    assert "已接收。" in page
    assert "王芳 于今天 13:30接收：马上联系" in words(page)
    assert 'id="ack-go"' not in page


def test_the_name_is_remembered_for_the_next_form(own_console: Console) -> None:
    answer = own_console.post(f"/incidents/{own_console.numbers['low']}/ack", {"who": "王芳"})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    other = own_console.get(
        f"/incidents/{own_console.numbers['将官池镇水岸小区物业转供电加价']}",
        cookies=answer.cookies.get_dict(),
    )
    assert 'value="王芳"' in other.text


def test_a_second_taker_is_told_that_somebody_was_first(console: Console) -> None:
    path = f"/incidents/{console.numbers['storm']}/ack"
    answer = console.post(path, {"who": "赵六"})
    assert answer.status_code == 422
    assert re.search(r'role="alert">事件 \S+ 已有人接手，现为“已接收”<', answer.text)
    assert state(console, "storm") is IncidentState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("act", "values", "says"),
    [("ack", {"who": "  "}, "请填写姓名"), ("ack", {}, "请填写姓名"), ("close", {"who": "王芳"}, "请写明处理结果"),
     ("ack", {"who": "\u202e\x00 "}, "请填写姓名")],
)  # fmt: skip
def test_a_form_with_something_missing_says_what(
    console: Console, act: str, values: dict[str, str], says: str
) -> None:
    answer = console.post(f"/incidents/{console.numbers['low']}/{act}", values | {"note": ""})
    assert answer.status_code == 422
    assert says in answer.text
    assert 'role="alert"' in answer.text
    assert state(console, "low") is IncidentState.DISCOVERED


def test_closing_asks_for_the_result_and_ends_the_incident(own_console: Console) -> None:
    path = f"/incidents/{own_console.numbers['low']}"
    answer = own_console.post(path + "/close", {"who": "王芳", "note": "已换变压器"})
    assert answer.status_code == 303
    assert state(own_console, "low") is IncidentState.CLOSED
    page = words(own_console.get(path).text)
    assert "王芳 于今天 13:30办结：已换变压器" in page
    assert "结束此事件" not in page


def test_a_false_alarm_is_told_by_its_own_button_with_its_reason(own_console: Console) -> None:
    path = f"/incidents/{own_console.numbers['low']}"
    assert "判为误报" in words(own_console.get(path).text)
    without = own_console.post(path + "/false_alarm", {"who": "王芳", "note": ""})
    assert without.status_code == 422
    assert "请写明为何是误报" in without.text
    answer = own_console.post(path + "/false_alarm", {"who": "王芳", "note": "是宽带的事"})
    assert answer.status_code == 303
    assert state(own_console, "low") is IncidentState.FALSE_ALARM
    assert 'action="' + path + "/false_alarm" not in own_console.get(path).text


@pytest.mark.parametrize("typed", ["王芳", "René"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_form_is_read_as_it_was_meant_escaped_or_not(
    own_console: Console, typed: str, escaped: bool
) -> None:
    path = f"/incidents/{own_console.numbers['low']}"
    body = (f"who={quote(typed)}" if escaped else f"who={typed}").encode()
    answer = requests.post(
        own_console.url + path + "/ack",
        data=body,
        headers={
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code == 303
    assert f"{typed} 于今天" in words(own_console.get(path).text)


def test_a_large_incident_is_read_page_by_page_with_few_statements(
    running: Callable[..., Console], engine: Engine
) -> None:
    said = [scene.Said(600 - i, "weibo", "s", "", f"第{i}次停电") for i in range(100)]
    with write(engine) as conn:
        _, number = scene.open_with(conn, NOW, "停电", Category.SUPPLY_QUALITY, Severity.RED, said)
    console = running()
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    first = console.get(f"/incidents/{number}").text
    assert len(asked) < 12
    assert re.findall(r"第(\d+)次", words(first))[0] == "99"
    assert first.count('class="post"') == 30
    last = console.get(f"/incidents/{number}?page=4").text
    assert last.count('class="post"') == 10
    assert console.get(f"/incidents/{number}?page=77").text.count('class="post"') == 10


def test_a_title_that_only_repeats_the_text_is_left_out(
    running: Callable[..., Console], engine: Engine
) -> None:
    said = [
        scene.Said(3, "weibo", "s", "停电三天了，没有人…", "停电三天了，没有人管，孩子哭"),
        scene.Said(2, "weibo", "s", "另一个标题", "停电三天了"),
        scene.Said(1, "weibo", "s", "", "又停电"),
    ]
    with write(engine) as conn:
        _, number = scene.open_with(conn, NOW, "停电", Category.SUPPLY_QUALITY, Severity.NONE, said)
    page = running().get(f"/incidents/{number}").text
    assert re.findall(r'<h3 dir="auto">([^<]+)', page) == ["另一个标题"]
    assert "系统为何收录" in page


def test_of_many_small_reasons_only_the_weighty_are_marked(
    running: Callable[..., Console], engine: Engine
) -> None:
    text = "都停电又停水还断网，变压器冒烟，电表烧了，线路老化，没人接电话，孩子写作业，老人害怕，饭做不熟，冰箱坏了，谁来管"
    phrases = (
        "都",
        "停电",
        "停水",
        "断网",
        "变压器",
        "冒烟",
        "电表",
        "烧了",
        "线路",
        "老化",
        "没人接",
        "孩子",
        "老人",
    )
    why = tuple((phrase, "词", 10.0 - n / 2) for n, phrase in enumerate(phrases))
    with write(engine) as conn:
        _, number = scene.open_with(
            conn,
            NOW,
            "停电",
            Category.SUPPLY_QUALITY,
            Severity.BLUE,
            [scene.Said(1, "weibo", "s", "", text, why)],
        )
    page = running().get(f"/incidents/{number}").text
    marked = re.findall(r'<mark class="reason" title="词[^>]*>([^<]+)</mark>', page)
    assert marked == list(phrases[1:11])


@pytest.mark.parametrize("harm", ["severity = 'purple'", "channels = '{'"])
def test_an_incident_that_cannot_be_read_costs_no_other(own_console: Console, harm: str) -> None:
    low, storm = own_console.numbers["low"], own_console.numbers["storm"]
    with write(own_console.engine) as conn:
        conn.execute(text(f"UPDATE incidents SET {harm} WHERE number = :low"), {"low": low})
    board = own_console.get("/")
    assert board.status_code == 200
    assert f'id="card-{storm}"' in board.text
    assert f'id="card-{low}"' not in board.text
    answer = own_console.get(f"/incidents/{low}")
    assert answer.status_code == 500
    assert "这个事件的记录读不出" in answer.text
    assert "gridvoice set-aside list" in answer.text
    assert own_console.get(f"/incidents/{storm}").status_code == 200
    assert own_console.post(f"/incidents/{low}/ack", {"who": "王芳"}).status_code == 500


def test_a_post_that_cannot_be_read_costs_no_other(own_console: Console) -> None:
    path = f"/incidents/{own_console.numbers['storm']}"
    assert own_console.get(path).text.count('class="post"') == 11
    with write(own_console.engine) as conn:
        conn.execute(
            text(
                "UPDATE assessments SET reasons = '[{' WHERE version_id = ("
                "SELECT min(v.id) FROM versions v WHERE v.text LIKE '昨晚一声响%')"
            )
        )
    page = own_console.get(path)
    assert page.status_code == 200
    assert page.text.count('class="post"') == 10
