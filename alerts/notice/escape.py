"""Public text made harmless for people's channels: one line, no addresses, no markup."""

from __future__ import annotations

import re

from domain.masking.plain import plain, seen

LINK_MARK = "〔链接〕"
# What chat clients make a link of, in plain spelling (ｈｔｔｐ：／／ too). It ends where the Latin
# letters do: what a writer puts behind a link without a blank says the matter.
_NAME = r"[a-z\d\-]{1,63}"
_REST = r"[!-~]*"
# Endings of files that are none of names: what an operator is told names channels.yaml.
_FILE = (
    r"(?!(?:ya?ml|jsonl?|csv|db|log|txt|toml|ini|conf|xml|html?|docx?|xlsx?|pdf|jpe?g|png|gif|mp4|bak)"
    r"(?![a-z\d]))"
)
# Names in other letters: behind them only an ending that is one, for people write 停电.第二天 too.
_ENDINGS = (
    "com|cn|net|org|edu|gov|info|biz|top|xyz|vip|cc|co|io|me|tv|app|site|online|shop|store|club|fun"
    "|icu|link|live|wang|ltd|group|pro|work|tech|mobi|asia|jp|kr|tw|hk|mo|sg|us|uk|eu|de|fr|ru"
    "|中国|中國|公司|网络|網絡|网址|网店|网站|在线|中文网|商城|商店|商标|手机|移动|集团|企业|政务|公益"
    "|香港|台湾|台灣|澳门|新加坡|联通|信息|娱乐|游戏|购物|健康|招聘|рф|한국"
)
# Addresses without //: whom a tap would call, write to, pay or run.
_SCHEMES = (
    "mailto|tel|sms|mms|callto|facetime|skype|whatsapp|tg|geo|magnet|ed2k|thunder|javascript|vbscript"
    "|data|blob|intent|weixin|wxwork|dingtalk|alipays?|mqqapi|market|file|about|view-source"
)
_LINK = re.compile(
    r"[a-z][a-z\d+.\-]{0,20}\s?:\s?[/\\]\s?[/\\]+" + _REST + "|"
    rf"(?<![a-z\d])(?:{_SCHEMES}):(?=[!-~])" + _REST + "|"
    # A bare name of the web, evil.cn/abc; a measure such as 10.kV is none.
    r"(?<![a-z\d\-])(?<![a-z\d\-]\.)(?!\d+\.(?:[kmg]?(?:v|w|va|wh|hz|a|b)|m|cm|mm|km|kg|h|s|d)(?![a-z\d.]))"
    rf"(?:{_NAME}\.){{1,20}}(?:xn--[a-z\d\-]{{2,59}}|{_FILE}[a-z]{{2,24}})(?![a-z\d])(?:[:/?#]{_REST})?|"
    r"(?<![a-z\d.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/]" + _REST + r"|(?![\d.]))|"
    rf"(?<=[^\x00-\x7f])\.(?:{_ENDINGS})(?![a-z\d])(?:[:/?#]{_REST})?",
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
