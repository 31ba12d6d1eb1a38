"""kind: api, through the real crawl process."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawl_driver import Crawler
from reading import listed, page, source
from site_on_loopback import Asked, Reply, Site


def answer(value: Any, kind: str = "application/json") -> Reply:
    body = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Reply(body.encode(), headers={"Content-Type": kind})


HEAD = """
name: {name}
title: 测试接口
kind: api
channel: gov_board
every: 1m
private_host: true
limits: {{delay: 0s, timeout: 5s}}
url: {address}/search
"""


def rows(*numbers: int, text: str = "我村<em>停电</em>两天&nbsp;没人管") -> list[dict[str, Any]]:
    return [
        {
            "id": n,
            "title": f"关于<em>停电</em>的第{n}问",
            "content": f"<p>{text}</p>",
            "created_at": "2026-11-20 10:20:33",
            "nickname": "某某",
            "area": "建安区",
            "reply": [{"content": "<p>已修复</p>", "time": 1795141233}],
            "likes": "1.2万",
        }
        for n in numbers
    ]


FIELDS = """
  fields:
    key: id
    title: title
    text: content
    time: created_at
    author: nickname
    region: area
    url: "https://example.gov.cn/#/show?id={key}"
    reply: reply[].content
    reply_time: reply[0].time
    engagement: {likes: likes}
"""


def test_an_answer_is_mapped_and_stripped_of_html(crawler: Crawler, site: Site) -> None:
    site.pages["/search"] = answer({"status": "1", "data": {"rows": rows(2, 1)}})
    source = HEAD.format(name="mapped", address=site.address) + (
        "api:\n  items: data.rows\n  ok_when: status == '1'" + FIELDS
    )
    polled = crawler.poll(source)
    assert polled.result == "new"
    assert polled.keys == ["2", "1"]
    post = polled.posts[0]
    assert post["title"] == "关于停电的第2问"
    assert post["text"] == "我村停电两天 没人管"
    assert post["published_at"] == "2026-11-20T10:20:33+08:00"
    assert post["region"] == "建安区"
    assert post["url"] == "https://example.gov.cn/#/show?id=2"
    assert post["reply"] == "已修复"
    assert post["reply_at"] == "2026-11-20T10:20:33+08:00"
    assert post["engagement"] == {"likes": 12000}
    again = crawler.poll(source, after=polled)
    assert (again.result, again.posts) == ("nothing_new", [])


def test_a_refusal_in_a_200_is_a_failure_not_emptiness(crawler: Crawler, site: Site) -> None:
    site.pages["/search"] = answer({"ok": -100, "url": "https://passport.example/login"})
    source = HEAD.format(name="refusal", address=site.address) + (
        "api:\n  items: data.cards\n  ok_when: ok == `1`" + FIELDS
    )
    polled = crawler.poll(source)
    assert polled.result == "failed"
    assert "ok_when“ok == `1`”" in polled.problem
    assert "-100" in polled.problem
    assert polled.outcome["next_at"] > polled.outcome["at"]


def test_a_path_that_finds_nothing_is_named(crawler: Crawler, site: Site) -> None:
    site.pages["/search"] = answer({"status": "1", "list": rows(1)})
    source = HEAD.format(name="lostpath", address=site.address) + (
        "api:\n  items: data.rows" + FIELDS
    )
    assert "items“data.rows”不是列表" in crawler.poll(source).problem
    site.pages["/search"] = answer("<html>百度安全验证</html>", "text/html")
    assert "不是 JSON，开头是“<html>" in crawler.poll(source).problem
    site.pages["/search"] = answer({"data": {"rows": []}})
    assert "是空的" in crawler.poll(source).problem


def test_keywords_and_places_are_asked_for_one_by_one(crawler: Crawler, site: Site) -> None:
    def search(asked: Asked) -> Reply:
        said = json.loads(asked.body)
        return answer({"rows": rows(len(said["wd"]) * 10, text=said["wd"])})

    site.pages["/search"] = search
    source = HEAD.format(name="expanded", address=site.address) + (
        """
api:
  call:
    method: POST
    json:
      wd: "{keyword} {place}"
      pn: "{offset}"
      sort: '{"webdate":"0"}'
      from: "{since:%Y%m%d}"
  keywords: [停电, 低电压]
  places: [许昌, 建安区]
  keep_only_matching: false
  items: rows"""
        + FIELDS
    )
    polled = crawler.poll(source)
    assert polled.result == "new"
    said = [json.loads(a.body) for a in site.asked if a.path == "/search"]
    assert [s["wd"] for s in said] == ["停电 许昌", "停电 建安区", "低电压 许昌", "低电压 建安区"]
    assert said[0]["pn"] == 0
    assert said[0]["sort"] == '{"webdate":"0"}'
    assert len(said[0]["from"]) == 8
    assert site.asked[-1].headers["content-type"] == "application/json"


def test_pages_are_asked_for_until_known_ground(crawler: Crawler, site: Site) -> None:
    everything = rows(*range(7, 0, -1))

    def by_page(asked: Asked) -> Reply:
        page = int(parse_qs(asked.body.decode())["page"][0])
        return answer({"rows": everything[(page - 1) * 3 : page * 3]})

    site.pages["/search"] = by_page
    source = HEAD.format(name="paged", address=site.address) + (
        """
api:
  call: {method: POST, form: {page: "{page}", size: "{size}"}}
  paging: {by: page, start: 1, size: 3}
  items: rows"""
        + FIELDS
    )
    first = crawler.poll(source)
    assert first.keys == ["7", "6", "5", "4", "3", "2", "1"]
    everything[:0] = rows(8)
    site.asked.clear()
    second = crawler.poll(source, after=first)
    assert second.keys == ["8"]
    assert len(site.asked) == 2


def test_a_cursor_is_followed(crawler: Crawler, site: Site) -> None:
    def by_cursor(asked: Asked) -> Reply:
        last = int(parse_qs(urlsplit(asked.path).query)["lastItem"][0])
        start = 5 if last == 0 else last - 1
        return answer({"responseData": rows(*range(start, max(start - 2, 0), -1))})

    for last in (0, 4, 2):
        site.pages[f"/search?lastItem={last}"] = by_cursor
    source = HEAD.format(name="cursored", address=site.address) + (
        """
api:
  call: {query: {lastItem: "{cursor}"}}
  paging: {by: cursor, size: 2, cursor: "responseData[-1].id"}
  items: responseData"""
        + FIELDS
    )
    assert crawler.poll(source).keys == ["5", "4", "3", "2", "1"]


def test_a_server_that_ignores_the_keyword_is_told_on(crawler: Crawler, site: Site) -> None:
    noise = rows(*range(20, 0, -1), text="垃圾无人清运")
    for row in noise:
        row["title"] = "清运"
    noise[3]["title"] = "停电"
    site.pages["/search?q=%E5%81%9C%E7%94%B5"] = answer({"rows": noise})
    source = HEAD.format(name="ignoring", address=site.address) + (
        '\napi:\n  call: {query: {q: "{keyword}"}}\n  keywords: [停电]\n  items: rows' + FIELDS
    )
    polled = crawler.poll(source)
    assert polled.keys == ["17"]
    assert "20 条里有 19 条不含它，没有采用：接口可能不理会关键词" in polled.outcome["notice"]
    assert polled.outcome["matched"] == 20


def test_what_holds_the_keyword_in_another_spelling_or_beyond_the_excerpt_is_kept() -> None:
    texts = [
        "小召鄉停電三天",
        "拨打９５５９８没人接",
        "变压器的情况…全文",
        "…周三晚上又没有了",
        "停 电",
    ]
    other = ["路灯不亮", "公交车晚点"]
    rows = [{"id": n, "title": "求助", "text": text} for n, text in enumerate(texts + other)]
    rules = 'items: rows\nkeywords: ["停电 95598"]\nfields: {key: id, title: title, text: text}'
    found = listed(source("api", rules), page({"rows": rows}))
    assert [entry.fields["text"] for entry in found.entries] == texts
    assert found.notice == "搜索“停电 95598”的 7 条里有 2 条不含它，没有采用"


def test_details_are_asked_for_where_the_list_is_short(crawler: Crawler, site: Site) -> None:
    listed = [{"id": n, "title": f"第{n}问", "created_at": "2026-11-20"} for n in (2, 1)]
    site.pages["/search"] = answer({"rows": listed})

    def detail(asked: Asked) -> Reply:
        tid = json.loads(asked.body)["id"]
        return answer({"ok": True, "data": {"content": f"<p>第{tid}问的正文</p>", "reply": []}})

    site.pages["/detail"] = detail
    source = HEAD.format(name="apidetail", address=site.address) + (
        f"""
api:
  items: rows
  fields: {{key: id, title: title, time: created_at}}
  detail:
    call: {{url: "{site.address}/detail", method: POST, json: {{id: "{{key}}"}}}}
    ok_when: ok
    fields: {{text: data.content, reply: "data.reply[].content"}}
"""
    )
    polled = crawler.poll(source)
    assert [p["text"] for p in polled.posts] == ["第2问的正文", "第1问的正文"]
    site.pages["/detail"] = answer({"ok": False})
    third = [{"id": 3, "title": "第3问", "created_at": "2026-11-21"}]
    site.pages["/search"] = answer({"rows": third + listed})
    refused = crawler.poll(source, after=polled)
    assert refused.result == "failed"
    (row,) = refused.pending
    site.pages["/detail"] = detail
    mended = crawler.poll(source, after=refused, pending=[row])
    assert [p["text"] for p in mended.posts] == ["第3问的正文"]
    assert mended.settled == ["3"]


def test_bodies_that_are_not_plain_json_have_decoders(crawler: Crawler, site: Site) -> None:
    inner = json.dumps({"rows": rows(1)}, ensure_ascii=False)
    bodies = {
        "jsonp": f"IndexThreads({inner});",
        "json_in_comment": f"<html><!--s-data:{inner}--></html>",
        "json_in_script": f"<script>var data = {inner};</script>",
        "json_in_string": json.dumps({"code": 200, "content": inner}),
        "js_object": "{rows:[{id:1,title:'小区\\'停电\\'',content:'x',created_at:null}]}",
    }
    for decoder, body in bodies.items():
        site.pages["/search"] = answer(body, "text/html; charset=utf-8")
        source = HEAD.format(name=f"decoder_{decoder}", address=site.address) + (
            f"api:\n  decode: {decoder}\n  items: rows" + FIELDS
        )
        polled = crawler.poll(source)
        assert polled.keys == ["1"], decoder


def test_an_address_list_inside_a_text_gives_its_first(crawler: Crawler, site: Site) -> None:
    row = {"ID": 1, "T": "停电", "U": '["http://www.example.gov.cn/hdjl/t20261120_1.html"]'}
    site.pages["/search"] = answer({"rows": [row]})
    source = HEAD.format(name="urllist", address=site.address) + (
        "api:\n  items: rows\n  fields: {key: ID, title: T, url: U}\n"
    )
    (post,) = crawler.poll(source).posts
    assert post["url"] == "http://www.example.gov.cn/hdjl/t20261120_1.html"
    assert post["published_at"] == "2026-11-20T00:00:00+08:00"
