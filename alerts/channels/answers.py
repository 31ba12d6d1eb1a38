"""What a 2xx answer says in its body, where nobody has written down what its receiver means by yes.

Many gateways answer 200 and refuse in the body, each in words of its own; others have a code of
their own for success. And a log-in or maintenance page that stands in between answers 200, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any


class Said(Enum):
    """YES and NO; NEITHER: it may have been taken; PAGE: this is no answer of a receiver at all."""

    YES = "yes"
    NO = "no"
    NEITHER = "neither"
    PAGE = "page"


_FLAGS = frozenset({"success", "issuccess", "succeed", "succeeded", "ok", "isok", "accepted"})
_ERRORS = frozenset({"error", "errors", "iserror", "failed", "failure", "exception", "fault"})
_ERROR_CODES = frozenset({"errcode", "errno", "errorcode", "errorno", "errornum"})
_CODES = frozenset(
    {
        "code", "ret", "retcode", "returncode", "rtncode", "resultcode", "rescode", "respcode",
        "responsecode", "statuscode", "rspcode", "bizcode", "status", "state", "result", "res",
    }
)  # fmt: skip
_WORDS = frozenset({"msg", "message", "errmsg", "errormsg", "errormessage"})
_INNER = frozenset(
    {"data", "result", "response", "resp", "body", "error", "status", "head", "header"}
)
_DEPTH = 3

_FINE_CODES = frozenset({200, 201, 202, 204, 20000})
_YES = frozenset(
    {
        "true", "yes", "y", "ok", "okay", "success", "successful", "successfully", "succeed",
        "succeeded", "accepted", "received", "done", "成功", "操作成功", "请求成功", "发送成功",
        "接收成功", "已接收", "已收到", "收到",
    }
)  # fmt: skip
_NO = frozenset({"false", "no", "n", "fail", "error", "err", "ng", "nok", "reject", "abnormal"})
_REFUSING = re.compile(
    r"fail|error|exception|refus|reject|denied|deny|invalid|illegal|forbid|unauthor|not allowed"
    r"|失败|错误|拒绝|无效|非法|异常|禁止|过期|未授权|无权|不存在|不合法"
    r"|失效|不正确|繁忙|超时|timed? ?out|busy|expired|未登录|[请先新]登录"
)
_NOTHING_WRONG = re.compile(r"(no|0|without) (error|exception|failure)s?|(没有|无)(错误|异常)")
_SENTENCE = 80  # characters; longer ones may repeat what we sent
_EMPTY = frozenset({"", "0", "none", "null", "nil", "false", "no", "无", "没有"})


def what_it_says(body: Any) -> tuple[Said, str]:
    """`body`: its JSON, else its text; and by which words of it, in Chinese."""
    if body is None or body in ("", {}):
        return Said.YES, ""  # the status itself said it
    if isinstance(body, Mapping):
        return _of_object(body)
    if isinstance(body, str) and body.lstrip("\ufeff \t\r\n").startswith("<"):
        return Said.PAGE, "是网页，不是接收方的应答"
    return _of_words(
        str(body) if isinstance(body, bool | str) else ""
    ) or Said.NEITHER, "没有说成功"


def _of_object(body: Mapping[str, Any]) -> tuple[Said, str]:
    """A no anywhere outweighs all; a yes outweighs a code that nobody knows; words for people are
    heard last. An object in which nothing is a verdict leaves the status as it stands."""
    marks = list(_marks(body))
    plain = [mark for wanted in (Said.NO, Said.YES) for mark in marks if mark[0] is wanted]
    return next(iter([*plain, *_words_for_people(body), *marks]), (Said.YES, ""))


def _words_for_people(body: Mapping[str, Any]) -> Iterator[tuple[Said, str]]:
    for name, value in body.items():
        if _key(name) in _WORDS and isinstance(value, str) and len(value) <= _SENTENCE:
            said = _of_words(value)
            if said is not None:
                yield said, f"{name}={value[:40]}"


def _marks(body: Mapping[str, Any], depth: int = 1) -> Iterator[tuple[Said, str]]:
    for name, value in body.items():
        if isinstance(value, Mapping):
            if depth < _DEPTH and _key(name) in _INNER:
                # What lies within may be of another matter: only a no of it counts.
                yield from (m for m in _marks(value, depth + 1) if m[0] is Said.NO)
            if _key(name) != "error" or _says_all_is_well(value):
                continue
        said = _of_field(_key(name), value)
        if said is not None:
            yield said, f"{name}={str(value)[:40]}"


def _says_all_is_well(error: Mapping[str, Any]) -> bool:
    """`error: {code: 0, message: ""}` is how some say that there was none."""
    said = {_of_field(_key(name), value) for name, value in error.items()}
    return Said.YES in said and not said & {Said.NO, Said.NEITHER}


def _of_field(key: str, value: Any) -> Said | None:
    if key in _FLAGS:
        return _of_flag(value)
    if key in _ERRORS:
        if isinstance(value, str) and _of_words(value) is Said.YES:
            return Said.YES  # `error: "ok"`
        nothing = not value or (isinstance(value, str) and value.strip().lower() in _EMPTY)
        return None if nothing else Said.NO
    if key in _ERROR_CODES:
        number = _number(value)
        if number is None:
            return _of_words(value) if isinstance(value, str) else None
        return Said.YES if number == 0 else Said.NO
    return _of_code(value) if key in _CODES else None


def _of_flag(value: Any) -> Said | None:
    number = _number(value)
    if number is not None:
        return Said.YES if number else Said.NO
    return _of_words(str(value)) if isinstance(value, bool | str) else None


def _of_code(value: Any) -> Said | None:
    number = _number(value)
    if number is None:
        if isinstance(value, bool):
            return Said.YES if value else Said.NO
        if not isinstance(value, str) or not value.strip():
            return None
        # `A0001` is a code that we do not know; `queued` is a state.
        return _of_words(value) or (Said.NEITHER if any(map(str.isdigit, value)) else None)
    if number == 0 or number in _FINE_CODES:
        return Said.YES
    return Said.NO if number < 0 or _is_http_refusal(number) else Said.NEITHER


def _is_http_refusal(number: int) -> bool:
    """400 to 599, and as gateways lengthen them: 40001, 50000."""
    return str(number)[:1] in "45" and len(str(number)) in (3, 5)


def _of_words(text: str) -> Said | None:
    words = text.strip().strip("!！.。").casefold()
    if words in _YES or _NOTHING_WRONG.fullmatch(words):
        return Said.YES
    return Said.NO if words in _NO or _REFUSING.search(words) else None


def _number(value: Any) -> int | None:
    """A whole number, also as 500.0, in quotes and with zeros before it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else None


def _key(name: object) -> str:
    """A field's name as every spelling of it has it: `errCode`, `error_code`, `Error-Code`."""
    return re.sub(r"[_\-\s.]", "", str(name)).lower()
