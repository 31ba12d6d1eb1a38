"""Public text made harmless for people's channels: one line, no addresses, no markup."""

from __future__ import annotations

import re

from domain.masking.plain import plain, seen

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


def harmless(text: str) -> str:
    """`clean`, with addresses taken out: nobody taps a stranger's link at night."""
    return _without_links(clean(text))


def for_chat(text: str) -> str:
    """`text` without anything that a chat client takes for markup; as long as it was."""
    return text.translate(_TWINS)


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
