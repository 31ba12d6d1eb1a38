"""Public text made harmless for chat channels, and cut to a limit without breaking a character."""

from __future__ import annotations

import re
import unicodedata

from domain.plain import plain, seen

LINK_MARK = "〔链接〕"
# What chat clients make a link of, in plain spelling (ｈｔｔｐ：／／ too). It ends where the Latin
# letters do: what a writer puts behind a link without a blank says the matter.
_NAME = r"[a-z\d](?:[a-z\d\-]{0,250}[a-z\d])?"
_REST = r"[!-~]*"
# Endings of files that are none of names: what an operator is told names channels.yaml.
_FILE = (
    r"(?!(?:ya?ml|jsonl?|csv|db|log|txt|toml|ini|conf|xml|html?|docx?|xlsx?|pdf|jpe?g|png|gif|mp4|bak)"
    r"(?![a-z\d]))"
)
_LINK = re.compile(
    r"[a-z][a-z\d+.\-]{0,20}\s?:\s?[/\\]\s?[/\\]+" + _REST + "|"
    r"(?<![a-z\d])(?:mailto|tel|sms|javascript|data|intent|weixin|alipays?|file):(?=[!-~])"
    + _REST
    + "|"
    # A bare name of the web, evil.cn/abc; a measure such as 10.kV is none.
    r"(?<![a-z\d.\-])(?!\d+\.(?:[kmg]?(?:v|w|va|wh|hz|a|b)|m|cm|mm|km|kg|h|s|d)(?![a-z\d.]))"
    rf"(?:{_NAME}\.){{1,20}}(?:xn--[a-z\d\-]{{2,59}}|{_FILE}[a-z]{{2,24}})(?![a-z\d])(?:[:/?#]{_REST})?|"
    r"(?<![a-z\d.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/]" + _REST + r"|(?![\d.]))|"
    r"(?<=[\u4e00-\u9fff])\.(?:com|cn|net|org|top|xyz|vip|cc|中国|公司|网络|网址)(?![a-z\d])(?:[:/?#]"
    + _REST
    + ")?",
    re.IGNORECASE,
)
# Full-width twins read the same and mean nothing to any channel's markup: no <@all>, no @all, no
# [text](address), no heading, no entity that a client would turn back into a bracket.
_TWINS = str.maketrans(
    {
        "<": "＜",
        ">": "＞",
        "@": "＠",
        "[": "［",
        "]": "］",
        "*": "×",
        "_": "＿",
        "`": "｀",
        "~": "～",
        "#": "＃",
        "&": "＆",
        "|": "｜",
        "\\": "＼",
    }
)


def clean(text: str) -> str:
    """One line without control, bidirectional, zero-width and unpaired surrogate characters."""
    return " ".join(seen(text).split())


def escape(text: str) -> str:
    """`clean`, with addresses taken out (nobody taps a stranger's link at night) and no markup."""
    return _without_links(clean(text)).translate(_TWINS)


def _without_links(text: str) -> str:
    read = plain(text)
    pieces: list[str] = []
    position = 0
    for match in _LINK.finditer(read.text):
        if match.end() > match.start():
            start, end = read.span(match.start(), match.end())
            pieces += (text[position:start], LINK_MARK)
            position = max(position, end)
    return "".join(pieces) + text[position:]


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was cut."""
    if len(text) <= limit:
        return text
    return text[: _boundary(text, limit - 1)] + "…"


def clip_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, whole characters only (with their combining marks)."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode()
    mark = "…".encode()
    room = limit - len(mark)
    if room < 0:
        return ""
    kept = raw[:room].decode("utf-8", "ignore")
    whole = raw.decode()
    return whole[: _boundary(whole, len(kept))] + "…"


def clip_lines(text: str, limit: int, head: int = 2, tail: int = 1) -> str:
    """At most `limit` bytes: the first `head` and last `tail` lines stay, the middle gives way.

    Those lines hold the number and the link. Where even they do not fit, the first ones are cut.
    """
    if len(text.encode("utf-8", "replace")) <= limit:
        return text.encode("utf-8", "replace").decode()
    lines = text.split("\n")
    last = lines[len(lines) - tail :] if len(lines) > head else []
    first = lines[:head]
    middle = lines[head : len(lines) - len(last)]
    room = limit - sum(len(line.encode("utf-8", "replace")) + 1 for line in last)
    top = clip_bytes("\n".join(first), max(room, 0))
    room -= len(top.encode())
    kept: list[str] = []
    for line in middle:
        size = len(line.encode("utf-8", "replace")) + 1
        if size > room:
            part = clip_bytes(line, room - 1) if room > 30 else ""
            kept.extend([part] if part else [])
            break
        kept.append(line)
        room -= size
    return "\n".join(part for part in (top, *kept, *last) if part)


def _boundary(text: str, position: int) -> int:
    """`position`, or the start of the character whose combining marks it would tear off."""
    while 0 < position < len(text) and unicodedata.combining(text[position]):
        position -= 1
    return position
