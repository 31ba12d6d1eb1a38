"""Whether an answer without entries may be believed: every no beside the yes that looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from crawlers.reading.answers import why_doubted
from crawlers.reading.refusals import only_asks_for_log_in, refusal_of_answer

# (believed, doubted, what is said of the doubted one)
PAIRS: list[tuple[Any, Any, str]] = [
    ([], {"success": False}, "success 是 False"),
    (None, {"ok": "false"}, "ok 是 false"),
    ("words", {"isSuccess": "N"}, "isSuccess 是 N"),
    ({}, {"result": "fail"}, "result 是 fail"),
    ({"success": True}, {"success": 0}, "success 是 0"),
    ({"success": 0, "msg": "查询成功"}, {"success": 0, "msg": "x"}, "说明是“x”"),
    ({"is_ok": "1"}, {"is_ok": "0"}, "is_ok 是 0"),
    ({"code": 0}, {"code": 1}, "code 是 1"),
    ({"code": "200"}, {"code": "500"}, "code 是 500"),
    ({"code": "0000"}, {"code": "0001"}, "code 是 0001"),
    ({"errno": "0"}, {"errno": "-3"}, "errno 是 -3"),
    ({"status": 1}, {"status": 2}, "status 是 2"),
    ({"code": True}, {"status_code": 404}, "status_code 是 404"),
    ({"code": 1, "message": "操作成功"}, {"code": 1, "message": "操作未成功"}, "操作未成功"),
    ({"code": 7, "msg": "暂无数据"}, {"code": 7, "msg": "data"}, "code 是 7"),
    ({"code": 7, "msg": "没有查询到相关记录"}, {"code": 7, "msg": "unsuccessful"}, "code 是 7"),
    ({"error": False}, {"error": True}, "error 是 True"),
    ({"error": ""}, {"error": "no such user"}, "error 是 no such user"),
    ({"errors": []}, {"errors": ["x"]}, "errors 是"),
    ({"error": "ok"}, {"exception": "NullPointer"}, "exception 是 NullPointer"),
    ({"ret": ["SUCCESS::调用成功"]}, {"ret": ["FAIL_SYS::x"]}, "ret 是"),
    ({"other": ["FAIL_SYS::x"]}, {"ret": ["SUCCESS::x", "FAIL"]}, "ret 是"),
    ({"error": {"code": 0}}, {"error": {"code": 9}}, "code 是 9"),
    ({"meta": {"code": 200}}, {"meta": {"code": 401}}, "code 是 401"),
    ({"data": {"code": 401}}, {"head": {"success": "no"}}, "success 是 no"),
    ({"msg": "成功"}, {"msg": "系统繁忙"}, "说明是“系统繁忙”"),
    ({"tips": "ok"}, {"tips": "请稍后再试"}, "说明是“请稍后再试”"),
    ({"info": "无错误数据"}, {"info": "参数错误"}, "说明是“参数错误”"),
    ({"title": "系统繁忙"}, {"message": "request  timeout\n"}, "说明是“request timeout”"),
    ({"captcha": ""}, {"captcha": "data:image/png"}, "有 captcha 这一项"),
    ({"needLogin": False}, {"needLogin": True}, "有 needLogin 这一项"),
    ({"needLogin": "0"}, {"need_login": "1"}, "有 need_login 这一项"),
    ({"verify": {"url": ""}}, {"verify": {"url": "http://x"}}, "有 verify 这一项"),
    ({"a": {"b": {"c": {"d": {"captcha": 1}}}}}, {"a": {"b": {"c": {"captcha": 1}}}}, "captcha"),
    ({"verified": True}, {"loginRequired": 1}, "有 loginRequired 这一项"),
]


@pytest.mark.parametrize(("believed", "doubted", "said"), PAIRS)
def test_an_empty_list_is_believed_unless_the_answer_says_no(
    believed: Any, doubted: Any, said: str
) -> None:
    assert why_doubted(believed) is None
    assert said in (why_doubted(doubted) or "")


def test_what_was_said_is_told_within_bounds() -> None:
    told = why_doubted({"code": "9" * 200, "msg": "x" * 200})
    assert told == f"接口说没有成功（code 是 {'9' * 80}，说明是“{'x' * 60}”）"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ([], False), ({"code": 200}, False), ({"code": 403}, True), ({"code": "401"}, True),
        ({"data": {"code": 403}}, True), ({"other": {"code": 403}}, False),
        ({"message": "请先登录"}, True), ({"title": "请先登录"}, False),
        ({"message": "x" * 300 + "请先登录"}, False),
        ({"url": "http://a.example/login?x"}, True), ({"url": "http://a.example/list"}, False),
        ({"url": "/login"}, False),
    ],
)  # fmt: skip
def test_an_answer_that_refuses_us(answer: Any, refused: bool) -> None:
    assert (refusal_of_answer(answer) is not None) is refused


def test_a_text_that_asks_for_log_in_and_says_nothing_else() -> None:
    assert only_asks_for_log_in("请登录后查看")
    assert not only_asks_for_log_in("请登录后查看，村里停电三天没人管")
    assert not only_asks_for_log_in("停电三天")
