"""What a 2xx answer may say, where the settings name no field of success."""

from __future__ import annotations

import pytest

from alerts.channels.answers import Said, what_it_says
from alerts.sending.http import Answer

YES = [
    "",
    "ok",
    "OK",
    "success",
    "成功！",
    "true",
    '"success"',
    "{}",
    '{"code": 0}',
    '{"code": "00000"}',
    '{"code": 20000}',
    '{"code": 1, "msg": "success"}',
    '{"code": "200", "msg": "ok"}',
    '{"code": "OK"}',
    '{"errcode": 0, "errmsg": "ok"}',
    '{"errcode": 0, "errmsg": "no error"}',
    '{"msg": "没有错误"}',
    '{"success": true, "error": null}',
    '{"success": "true", "errors": []}',
    '{"success": 1, "failed": 0}',
    '{"StatusCode": 0, "StatusMessage": "success"}',
    '{"Result": "Success"}',
    '{"status": "ok", "data": {"status": 7}}',
    '{"status": "queued", "id": 17}',
    '{"id": "msg_1"}',
    '{"code": 0, "data": [{"success": false}]}',
    '{"error": "0"}',
    '{"error": "无"}',
    '{"error": "ok"}',
    '{"error": {"code": 0, "message": ""}}',
    '{"errcode": 0.0}',
]
NO = {
    '{"code": 500}': "code=500",
    '{"Code": 500}': "Code=500",
    '{"code": 500.0}': "code=500.0",
    '{"code": 40001, "msg": "token"}': "code=40001",
    '{"code": -1}': "code=-1",
    '{"code": 1, "msg": "refused"}': "msg=refused",
    '{"code": 1, "msg": "参数错误"}': "msg=参数错误",
    '{"code": 500, "msg": "success"}': "code=500",
    '{"errcode": 45009}': "errcode=45009",
    '{"errcode": "-1"}': "errcode=-1",
    '{"errno": 1}': "errno=1",
    '{"error_code": 110}': "error_code=110",
    '{"errCode": "7", "errMsg": "ok"}': "errCode=7",
    '{"ret": -1}': "ret=-1",
    '{"resultCode": "500"}': "resultCode=500",
    '{"result": "fail"}': "result=fail",
    '{"status": "error"}': "status=error",
    '{"code": true, "ok": false}': "ok=False",
    '{"success": false}': "success=False",
    '{"success": "false"}': "success=false",
    '{"success": 0}': "success=0",
    '{"errcode": 0, "data": {"success": false}}': "success=False",
    '{"head": {"code": "500"}}': "code=500",
    '{"resp": {"code": 500}, "id": 1}': "code=500",
    '{"error": "no such tenant"}': "error=no such tenant",
    '{"error": {"message": "x"}}': "error={",
    '{"error": {"code": 0, "success": false}}': "success=False",
    '{"message": "系统异常"}': "message=系统异常",
    '{"msg": "系统繁忙，请稍后再试"}': "msg=系统繁忙",
    '{"msg": "token已失效"}': "msg=token已失效",
    '{"msg": "签名不正确"}': "msg=签名不正确",
    '{"message": "请先登录"}': "message=请先登录",
    "error": "没有说成功",
    "签名无效": "没有说成功",
    "false": "没有说成功",
}
NEITHER = [
    '{"code": 7}',
    '{"code": 7, "msg": "处理中"}',
    '{"StatusCode": 19001}',
    '{"code": "A0001"}',
    '{"result": 1}',
    "[]",
    "[1]",
    "1",
    "Welcome",
    '{"code": 0',
]
PAGES = [
    "<html>正在维护</html>",
    "\ufeff\r\n <!DOCTYPE html><form action=login>",
    "<?xml version='1.0'?><wlan/>",
]


def heard(body: str) -> tuple[Said, str]:
    return what_it_says(Answer(200, {}, body.encode()).read())


@pytest.mark.parametrize("body", YES)
def test_a_yes_in_every_spelling(body: str) -> None:
    assert heard(body)[0] is Said.YES


@pytest.mark.parametrize("body", NO)
def test_an_answer_that_says_no_is_named(body: str) -> None:
    said, by = heard(body)
    assert said is Said.NO
    assert by.startswith(NO[body])


@pytest.mark.parametrize("body", NEITHER)
def test_what_is_not_understood_is_neither(body: str) -> None:
    assert heard(body)[0] is Said.NEITHER


@pytest.mark.parametrize("body", PAGES)
def test_a_page_that_stands_in_between_is_no_answer(body: str) -> None:
    assert heard(body)[0] is Said.PAGE
