"""Whether an answer of data may be believed when it holds no entries. Pure.

An interface that fails or wants a captcha often sends its usual frame with an empty list in it. So
an empty list counts only beside an answer that does not say no; the fields are guessed from what
interfaces usually call them, and a source's `ok_when` or `empty_when` knows better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SUCCEEDED = re.compile(r"(?i)(?:is_?)?succ(?:ess|eed|eeded)?|(?:is_?)?ok|result|state|status")
_CODE = re.compile(
    r"(?i)(?:err(?:or)?|result|ret|return|resp(?:onse)?|biz|status|state|sub|api|http)?_?"
    r"(?:code|no|num)|ret|err|status"
)
_ERROR = re.compile(r"(?i)err(?:or)?s?|exception|fault")
_MESSAGE = re.compile(
    r"(?i)(?:(?:err(?:or)?|result|ret|return|resp(?:onse)?|sub|status)_?)?"
    r"(?:msg|message|desc(?:ription)?|info|reason|text)|tips?|error"
)
_GATE = re.compile(
    r"(?i).*captcha.*|.*yzm.*|.*punish.*|.*slider.*"
    r"|(?:need|require|must|show|do|to|is|force)?s?_?(?:re)?verif(?:y|ication)"
    r"(?:_?(?:url|code|type|data|token|img|image|id|page|required|needed))?"
    r"|(?:need|require|must|force)s?d?_?(?:to_?)?(?:login|log_?in|sign_?in|auth\w*|verif\w*|valid\w*)"
    r"|(?:login|verify|verification|auth)_?(?:required|needed)"
)
_WRAPPERS = ("error", "status", "state", "result", "meta", "head", "header")
_NO = frozenset({"false", "fail", "failed", "failure", "error", "no", "n"})
_YES_WORD = re.compile(
    r"(?i)\W*(?:true|yes|y|s|ok|200 ok|succ(?:ess(?:ful(?:ly)?)?)?|成功)\W*(?:::.*)?"
)
_YES_CODES = frozenset({"", "200", "20000", "200000", "none", "null"})
_SAYS_YES = re.compile(
    r"(?i)成功|\bok\b|(?<!un)success|^正常$|(?:无|没有|未(?:查询|找)到).{0,8}(?:数据|记录|结果|信息|内容)"
)
_SAYS_NO = re.compile(
    r"(?i)[未不]成功|not success|失败|异常|错误|出错|繁忙|超时|超期|过期|失效|挤爆|拥堵"
    r"|实名|认证|验证|登[录陆]|稍[后候]|重试|无权|权限|限制|限流|维护"
    r"|\b(?:error|exception|fail\w*|invalid|denied|busy)\b"
    r"|\btime ?out\b"
)
_DEEP = 4


def why_doubted(data: Any) -> str | None:
    """Why an answer without entries is not to be believed, in Chinese, or None."""
    if not isinstance(data, Mapping):
        return None
    parts = [data, *(v for k in _WRAPPERS if isinstance(v := data.get(k), Mapping))]
    said = next((m for part in parts for m in _messages(part)), "")
    told = f"，说明是“{said[:60]}”" if said else ""
    for part in parts:
        for name, value in part.items():
            if _says_no(str(name), value, said):
                return f"接口说没有成功（{name} 是 {_short(value)}{told}）"
    if said and _SAYS_NO.search(said) and not _means_yes(said):
        return f"接口说没有成功（说明是“{said[:60]}”）"
    if gate := _gate(data, _DEEP):
        return f"接口要求登录或安全验证（有 {gate} 这一项{told}）"
    return None


def _says_no(name: str, value: Any, said: str) -> bool:
    if isinstance(value, Mapping) or value is None:
        return False
    if isinstance(value, list):  # "ret": ["SUCCESS::调用成功"]
        words = [v for v in value if isinstance(v, str)]
        if _ERROR.fullmatch(name):
            return bool(value)
        return name.lower() == "ret" and any(not _YES_WORD.match(w) for w in words)
    word = str(value).strip().lower()
    if _SUCCEEDED.fullmatch(name) and (value is False or word in _NO):
        return True
    if name.lower().removeprefix("is").lstrip("_") in ("success", "ok") and word == "0":
        return not _means_yes(said)
    if _ERROR.fullmatch(name):
        return value is True or not (value is False or _is_yes(word) or _means_yes(word))
    if not _CODE.fullmatch(name) or isinstance(value, bool):
        return False
    if _is_yes(word) or (name.lower() in ("status", "state") and word == "1"):
        return False
    return not _means_yes(said)


def _is_yes(word: str) -> bool:
    return word in _YES_CODES or not word.strip("0.") or bool(_YES_WORD.fullmatch(word))


def _means_yes(said: str) -> bool:
    return bool(_SAYS_YES.search(said)) and not re.search(r"(?i)[未不]成功|not success|失败", said)


def _messages(part: Mapping[str, Any]) -> Iterator[str]:
    for name, value in part.items():
        if isinstance(value, str) and value.strip() and _MESSAGE.fullmatch(str(name)):
            yield " ".join(value.split())


def _gate(data: Any, deep: int) -> str | None:
    """The name of a field that asks for a captcha, a log-in or a verification."""
    if not isinstance(data, Mapping) or not deep:
        return None
    for name, value in data.items():
        if _GATE.fullmatch(str(name)[:80]) and _is_set(value, deep):
            return str(name)[:80]
        if found := _gate(value, deep - 1):
            return found
    return None


def _is_set(value: Any, deep: int) -> bool:
    if isinstance(value, Mapping):
        return deep > 0 and any(_is_set(v, deep - 1) for v in value.values())
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "false", "no", "off", "none", "null")
    return bool(value)


def _short(value: Any) -> str:
    return str(value)[:80]
