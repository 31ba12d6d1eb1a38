"""Answers of data that refuse, in whatever words; answers about log-in are answers."""

from __future__ import annotations

from typing import Any

import pytest
from gates import ABOUT_GATES, RULES
from reading import detailed, listed, page, posts, source

from crawlers.reading.pages import PageChanged, Refused

API = "items: data.rows\nfields: {key: id, title: title}"


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 401, "msg": "", "data": {"rows": []}},
        {"code": 0, "msg": "请登录", "data": {"rows": []}},
        {"ok": -100, "url": "https://weibo.com/login.php?url=x"},
        {"ok": 0, "message": "前方有点拥堵，请登录后使用"},
        {"error": {"code": 1, "message": "请输入验证码"}, "data": None},
        {"status": "fail", "errmsg": "访问过于频繁", "data": {"rows": None}},
        {"success": False, "message": "Unauthorized"},
    ],
)
def test_an_answer_that_says_no_is_a_refusal(answer: Any) -> None:
    for more in ("", "may_be_empty: true"):
        with pytest.raises(Refused):
            listed(source("api", API, more), page(answer))
    with pytest.raises(Refused):
        listed(
            source("api", API + "\nkeywords: [停电]\ncall: {query: {q: '{keyword}'}}"), page(answer)
        )


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"code": 1001, "data": {"rows": []}, "msg": "请先完成实名认证"}, "1001.*实名认证"),
        ({"code": -1, "data": {"rows": []}, "msg": "系统异常"}, "-1.*系统异常"),
        ({"success": False, "data": {"rows": []}, "msg": "参数错误"}, "success.*参数错误"),
        ({"code": "A0230", "data": {"rows": []}, "msg": "会话超期"}, "A0230.*会话超期"),
        (
            {"ret": ["RGV587_ERROR::SM::哎哟喂,被挤爆啦"], "data": {"rows": []}},
            "RGV587_ERROR",
        ),
        ({"code": 500, "data": {"rows": None}, "msg": "服务器内部错误"}, "500.*内部错误"),
        ({"data": {"rows": [], "needVerify": True}}, "needVerify"),
        ({"data": {"rows": [], "captcha": {"url": "/yzm.png"}}}, "captcha"),
        ({"data": {"rows": []}, "needLogin": 1}, "needLogin"),
        ({"errno": 3, "data": {"rows": []}}, "errno 是 3"),
        ({"status": "error", "data": {"rows": []}}, "status 是 error"),
        ({"code": 1, "data": {"rows": []}}, "code 是 1"),
        ({"error": "Internal", "data": {"rows": []}}, "error 是 Internal"),
        ({"meta": {"code": 5003}, "data": {"rows": []}}, "code 是 5003"),
        ({"code": 0, "msg": "系统繁忙，请稍后再试", "data": {"rows": []}}, "系统繁忙"),
    ],
)
def test_an_empty_list_in_an_answer_that_says_no_is_no_empty_list(answer: Any, named: str) -> None:
    search = "\nkeywords: [停电]\ncall: {query: {q: '{keyword}'}}"
    for tried in (
        source("api", API, "may_be_empty: true"),
        source("api", API + search),
    ):
        with pytest.raises(Refused, match=named):
            listed(tried, page(answer))
    vouching = source("api", API + "\nempty_when: '!(data.rows)'", "may_be_empty: true")
    assert listed(vouching, page(answer)).entries == ()


@pytest.mark.parametrize(
    "around",
    [
        {},
        {"code": 0},
        {"code": 1, "msg": "查询成功"},
        {"code": "00000", "message": "success"},
        {"code": 10000, "msg": "OK"},
        {"code": 404, "msg": "暂无数据"},
        {"code": 20000, "success": True},
        {"no": 0, "error": "success"},
        {"errno": "0", "error": None, "errors": []},
        {"ret": ["SUCCESS::调用成功"]},
        {"result": "success", "resultDesc": "成功"},
        {"status": 1, "info": "OK"},
        {"status": {"code": 200}},
        {"ok": 1, "captcha": "", "needLogin": False, "verify": {"need": False}},
    ],
)
def test_an_empty_list_in_an_answer_that_says_yes_is_empty(around: dict[str, Any]) -> None:
    answer = page(around | {"data": {"rows": []}})
    assert listed(source("api", API, "may_be_empty: true"), answer).entries == ()


def test_an_answer_about_log_in_is_read() -> None:
    rows = [{"id": n, "title": title} for n, title in enumerate(ABOUT_GATES)]
    tried = source("api", API)
    found = listed(tried, page({"code": 0, "msg": "success", "data": {"rows": rows}}))
    assert [p.title for p in posts(tried, found, page({}))] == ABOUT_GATES


@pytest.mark.parametrize("nothing", [None, {}, "", []])
def test_an_empty_list_of_an_answer_has_many_spellings(nothing: Any) -> None:
    answer = page({"code": 0, "total": 0, "data": {"rows": nothing}})
    ok_when, empty_when = "\nok_when: code == `0`", "\nempty_when: total == `0`"
    assert listed(source("api", API + ok_when, "may_be_empty: true"), answer).entries == ()
    assert listed(source("api", API + empty_when), answer).entries == ()
    with pytest.raises(PageChanged):
        listed(source("api", API), answer)
    with pytest.raises(PageChanged):
        listed(source("api", API, "may_be_empty: true"), page({"list": nothing}))


def test_an_answer_of_data_to_a_board_is_a_refusal_too() -> None:
    tried = source("board", RULES.format(body="div.q"), "may_be_empty: true")
    with pytest.raises(Refused, match="登录"):
        listed(tried, page({"code": 500, "msg": "登录已失效，请重新登录"}))
    with pytest.raises(PageChanged):
        listed(tried, page({"code": 500, "msg": "系统繁忙"}))


def test_a_detail_answer_that_only_asks_for_log_in_is_no_text() -> None:
    rules = API + "\ndetail: {call: {url: 'http://a.cn/d?id={key}'}, fields: {text: t}}"
    tried = source("api", rules)
    (entry,) = listed(tried, page({"data": {"rows": [{"id": 1, "title": "登录"}]}})).entries
    with pytest.raises(Refused):
        detailed(tried, entry, page({"t": "<p>请登录后查看全文</p>"}))
    said = "请登录后查看全文，可是登录不上"
    assert detailed(tried, entry, page({"t": said})).fields["text"] == said


@pytest.mark.parametrize(
    ("answer", "log_in"),
    [
        ({"code": 401, "msg": ""}, True),
        ({"code": 0, "msg": "请登录"}, True),
        ({"error": {"message": "Token has expired"}}, True),
        ({"ok": -100, "url": "https://weibo.com/login.php?url=x"}, True),
        ({"error": {"code": 1, "message": "请输入验证码"}}, False),
        ({"status": "fail", "errmsg": "访问过于频繁"}, False),
        ({"code": 403, "msg": ""}, False),
    ],
)
def test_a_log_in_that_is_missing_is_told_from_a_refusal(answer: Any, log_in: bool) -> None:
    for more in ("", "\nok_when: code == `200`"):
        with pytest.raises(Refused) as caught:
            listed(source("api", API + more), page(answer))
        assert caught.value.log_in is log_in
