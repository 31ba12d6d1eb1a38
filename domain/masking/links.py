"""Links that came with a post: which may be opened, and how they are shown.

An address may hold a log-in before its host and somebody's number in its path or query.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, quote, unquote, urlunsplit

from domain.addresses import is_web_address, split_address
from domain.masking.covering import rule, rules

_PERSONAL = (
    r"(?:tel|phone|mobile|mob|cell|sjh|lxdh|dianhua|shouji|name|real_?name|user_?name|user|xm|id_?card|idno|"
    r"sfzh?|card|card_?no|account|acct|hh|huhao|cons_?no|meter_?no|e?mail|qq|wx|we_?chat|weixin|open_?id|union_?id|"
    r"address|addr|dizhi|pwd|pass|passwd|password|token|access_token|session|secret)"
)
_PERSONAL_KEY = re.compile(_PERSONAL, re.IGNORECASE)
# The same within a text: what stands before the @ of a link, and values whose name tells.
IN_TEXT = rules(
    r"://|%3\d|[?&;][a-z_]{2,12}=",
    rule(r"[a-z][a-z\d+.\-]{1,20}://([!-.0-?A-~]{1,200})@(?=[\w\[])"),
    rule(rf"[?&;]{_PERSONAL}=([!-%'-+\--:<-~]{{1,400}})"),
    rule(r"((?:\d{0,4}%3\d){4,}\d{0,4})"),  # %31%33%38…: a number in another dress
)
_NAME = re.compile(r"\w(?:[\w\-]{0,61}\w)?")


def openable(url: str | None) -> str | None:
    """`url` if a reader may be sent there: http(s), a host that can exist, no log-in before it.

    None also for what browsers and we would read as two different hosts. Never raises.
    """
    pieces = _split(url)
    return None if url is None or pieces is None or "@" in pieces.netloc else url


def shown_address(url: str | None, mask: Callable[[str], str]) -> str | None:
    """`url` as it may leave the store: a log-in dropped, personal values covered. Never raises."""
    pieces = _split(url)
    if pieces is None:
        return None
    netloc = pieces.netloc.rpartition("@")[2]
    path = "/".join(_covered(part, mask) for part in pieces.path.split("/"))
    query = re.sub(r"[^&;]+", lambda m: _pair(m[0], mask), pieces.query)
    fragment = re.sub(r"[^&;?/]+", lambda m: _pair(m[0], mask), pieces.fragment)
    return urlunsplit((pieces.scheme, netloc, path, query, fragment))


def _split(url: str | None) -> SplitResult | None:
    """The pieces of a web address that everybody reads alike: what a browser would mend (blanks, a
    backslash for a slash) is none."""
    if not url or "\\" in url or any(c <= " " or "\x7f" <= c <= "\xa0" for c in url):
        return None
    pieces = split_address(url) if is_web_address(url) else None
    return pieces if pieces is not None and _is_host(pieces.hostname or "") else None


def _is_host(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return ":" in host or all(_NAME.fullmatch(label) for label in labels)


def _pair(written: str, mask: Callable[[str], str]) -> str:
    """`name=value`, the value covered where its name or itself says that it is personal."""
    name, sign, value = written.partition("=")
    if sign and value and _PERSONAL_KEY.fullmatch(unquote(name)):
        return f"{name}=***"
    return f"{_covered(name, mask)}{sign}{_covered(value, mask)}"


def _covered(part: str, mask: Callable[[str], str]) -> str:
    meant = unquote(part.replace("+", " "))
    if meant.isdigit() and len(meant) > 12 and not meant.startswith("1"):
        return part  # the number of a page
    covered = mask(meant)
    return part if covered == meant else quote(covered, safe="*")
