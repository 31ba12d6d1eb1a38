"""Links of a page: joined to its address, and reduced to what tells posts apart. Neither raises."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlunsplit

from domain.addresses import is_web_address, split_address

# What a link carries beside the post's own address: who looked at it, from where, when.
_TRACKING = re.compile(r"(?i)^(?:utm_\w+|spm|from|jsessionid|phpsessid|sessionid|_t|timestamp)$")
_SESSION = re.compile(r"(?i);jsessionid=[^/?#]*")
_COOKIELESS = re.compile(r"/\((?:[A-Za-z]\([^()/?#]*\))+\)(?=/)")  # ASP.NET: /(S(abc))/
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def join(base: str, link: str, encoding: str = "utf-8") -> str | None:
    """The address that a link leads to, as a browser reads it; None for what is no web page.

    What a link's query says in Chinese is sent in the `encoding` of its page: a GBK site asked for
    it in UTF-8 answers that there is no such letter.
    """
    path, mark, rest = _cut(link.strip())
    if mark == "?" and not encoding.startswith("utf"):
        query, hash_sign, fragment = rest.partition("#")
        rest = _in_encoding(query, encoding) + hash_sign + fragment
    try:
        joined = urljoin(base, path.replace("\\", "/") + mark + rest)
    except ValueError:
        return None
    return joined if is_web_address(joined) else None


def canonical_url(url: str) -> str:
    """The address without what does not tell posts apart: fragment, session, tracking, order.

    Bytes stay bytes: what a GBK site percent-encodes is not UTF-8, and two towns must not fall
    into one. An address that cannot be taken to pieces is its own canonical form.
    """
    plain = _COOKIELESS.sub("", _SESSION.sub("", url.strip()))
    parts = split_address(plain)
    if parts is None:
        return url.strip()
    host = (parts.hostname or "").lower()
    if parts.port and (parts.scheme, parts.port) not in (("http", 80), ("https", 443)):
        host = f"{host}:{parts.port}"
    return urlunsplit(
        (
            parts.scheme.lower(),
            host,
            parts.path or "/",
            _query(parts.query),
            _fragment(parts.fragment),
        )
    )


def _query(query: str) -> str:
    ascii_only = _NOT_ASCII.sub(_percent, query)
    pairs = parse_qsl(ascii_only, keep_blank_values=True, encoding="latin-1")
    told = sorted((k, v) for k, v in pairs if not _TRACKING.match(k))
    return urlencode(told, encoding="latin-1")


def _fragment(fragment: str) -> str:
    """A single-page site keeps the post's address there: "#/thread?id=7", "#id=7"."""
    if fragment.startswith(("/", "!")):
        return fragment
    if "=" not in fragment or fragment.startswith(":"):
        return ""
    return _query(fragment.removeprefix("?"))


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def _in_encoding(query: str, encoding: str) -> str:
    def sent(match: re.Match[str]) -> str:
        return quote(match[0].encode(encoding, "xmlcharrefreplace"))

    return _NOT_ASCII.sub(sent, query)


def _cut(link: str) -> tuple[str, str, str]:
    """What stands before the query or the fragment, the mark, and the rest."""
    match = re.search(r"[?#]", link)
    if match is None:
        return link, "", ""
    return link[: match.start()], match[0], link[match.end() :]
