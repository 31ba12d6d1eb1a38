"""Bodies that are not what their kind expects: JSONP, JSON in a comment, rows inside a script.

Two registries, named in the YAML of a source as `decode:`. A decoder raises ValueError with what
it missed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

_JSONP = re.compile(r"^[\s;]*(?:/\*.*?\*/)?\s*[\w$.\[\]]+\s*\((.*)\)[\s;]*$", re.DOTALL)
# What may stand around the value: try{cb(…)}catch(e){}, cb && cb(…), )]}', and comments.
_OPENING = re.compile(r"[\[{]")
_NOISE = re.compile(
    r"(?s)(?:[\s;)}]|catch\s*(?:\(\s*\w*\s*\))?\s*\{[^{}]*\}|/\*.*?\*/|//[^\n]*+|<!--.*?-->)*+\Z"
)
_FAR, _MOST_TRIED = 4_000, 50  # how far into the text, and at how many brackets, it may begin
_COMMENT = re.compile(r"<!--\s*(?:[\w-]+:)?\s*([\[{].*?[\]}])\s*-->", re.DOTALL)
_RECORD = re.compile(r"<record>\s*(?:<!\[CDATA\[(.*?)\]\]>|(.*?))\s*</record>", re.DOTALL)
_ASSIGNED = re.compile(r"(?:var|let|const|window\.)\s*[\w$.]+\s*=\s*(?=[\[{])")


def _whole_number(digits: str) -> int | str:
    """No site counts so far: what is longer stays a text, else one field costs the whole page."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


_MOST_DIGITS = 40
_DECODER = json.JSONDecoder(strict=False, parse_int=_whole_number)


def _json(text: str) -> Any:
    text = text.lstrip("\ufeff \t\r\n")
    if not text:
        raise ValueError("回答是空的")
    try:
        return _DECODER.decode(text)
    except ValueError:
        shown = text[:60].replace("\n", " ")
        hint = "" if text[:1] in "<{[" else "；若外面套着脚本，可写 decode: jsonp"
        raise ValueError(f"不是 JSON，开头是“{shown}”{hint}") from None


def _jsonp(text: str) -> Any:
    match = _JSONP.match(text)
    try:
        return _json(match[1] if match else text)
    except ValueError:
        if text.lstrip()[:1] == "<":
            raise
        for opening in islice(_OPENING.finditer(text, 0, _FAR), _MOST_TRIED):
            with suppress(ValueError):
                value, end = _DECODER.raw_decode(text, opening.start())
                if _NOISE.match(text, end):
                    return value
                if not _is_subscript(value):
                    break
        raise


def _is_subscript(value: Any) -> bool:
    """window["cb"]"""
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | int)


def _json_in_comment(text: str) -> Any:
    match = _COMMENT.search(text)
    if not match:
        raise ValueError("HTML 注释里没有 JSON")
    return _json(match[1])


def _json_in_string(text: str) -> Any:
    """Epoint's wrapper: {"code": 200, "content": "<the same as a JSON string>"}; bare passes."""
    value = _json(text)
    if isinstance(value, dict):
        for name in ("content", "data", "result", "d"):
            inner = value.get(name)
            if isinstance(inner, str) and inner.lstrip()[:1] in ("{", "["):
                return _json(inner)
    return _json(value) if isinstance(value, str) else value


def _json_in_script(text: str) -> Any:
    match = _ASSIGNED.search(text)
    if not match:
        raise ValueError("脚本里没有“变量 = {…}”")
    try:
        value, _ = _DECODER.raw_decode(text, match.end())
    except ValueError as error:
        raise ValueError(f"脚本里的变量不是 JSON：{error}") from None
    return value


_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_$][\w$]*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>[{}\[\],:]))""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _js_object(text: str) -> Any:
    """A JavaScript literal: keys without quotes, strings in single ones. Read, never run."""
    pieces: list[str] = []
    position = 0
    text = text.strip().rstrip(";")
    if text.startswith("("):
        text = text[1:].rstrip(")")
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match or match.end() == position:
            if not text[position:].strip():
                break
            raise ValueError(f"不是 JavaScript 对象：第 {position} 个字符处读不懂")
        position = match.end()
        if match["string"]:
            plain = re.sub(
                r"\\(u[0-9a-fA-F]{4}|.)",
                lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else _ESCAPES.get(m[1], m[1]),
                match["string"][1:-1],
                flags=re.DOTALL,
            )
            pieces.append(json.dumps(plain))
        elif match["name"] in ("true", "false", "null"):
            pieces.append(match["name"])
        elif match["name"] == "undefined":
            pieces.append("null")
        elif match["name"]:
            pieces.append(json.dumps(match["name"]))
        else:
            pieces.append(match["number"] or match["mark"])
    return _json("".join(pieces))


def _records(text: str) -> str:
    """Hanweb: list rows inside <script type="text/xml"> or an XML answer, as CDATA records."""
    rows = [cdata or plain for cdata, plain in _RECORD.findall(text)]
    if not rows:
        raise ValueError("没有 <record> 记录")
    return "<html><body>" + "\n".join(rows) + "</body></html>"


def _without_comments(text: str) -> str:
    """Tieba: the list sits inside an HTML comment."""
    return text.replace("<!--", "").replace("-->", "")


JSON_DECODERS: dict[str, Callable[[str], Any]] = {
    "json": _json,
    "jsonp": _jsonp,
    "json_in_comment": _json_in_comment,
    "json_in_script": _json_in_script,
    "json_in_string": _json_in_string,
    "js_object": _js_object,
}

PAGE_DECODERS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "records": _records,
    "commented": _without_comments,
}
