"""Which encoding a body is in, whatever is said of it: headers and meta lie, and one character cut
in its middle (PHP's substr) must not turn a page into nonsense. Pure.

UTF-8 proves itself: no other text looks like characters of three bytes. Of the Chinese encodings
none ever fails to decode, so what counts is how many common characters a reading has. gb2312 and
gbk are read as gb18030, big5 as big5-hkscs: their supersets, as browsers do.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from itertools import product

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

_WIDE = re.compile("[\u0800-\ufffc\ufffe-\U0010ffff]+")  # three bytes and more in UTF-8
_FOREIGN = re.compile(r"euc_(?:jp|kr)|shift_jis|cp932|cp949|iso2022|johab|hz")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SIGNS = re.compile("[\u2000-\u30ff\uff00-\uffef]")  # punctuation, kana: no proof of anything
_SAMPLE = 20_000  # characters
_HEAD = 200  # bytes
_CHINESE = ("gb18030", "big5hkscs")
_TO_BE_COMMON, _TO_BE_LIKELY = 0.7, 0.5


def decoded(body: bytes, content_type: str = "", declared: str | None = None) -> tuple[str, str]:
    """The text of a body, and the encoding it was read in; `declared` is stronger than all else."""
    if declared:
        encoding = _superset(declared)
        return body.decode(encoding, "replace"), encoding
    bom, mark = read_bom(body)
    if bom and mark:
        return body[len(mark) :].decode(bom, "replace"), bom
    if wide := _utf_16(body):
        return body.decode(wide, "replace"), wide
    # Labels of UTF-16 on a body without zero bytes are lies.
    names = http_content_type_encoding(content_type), html_body_declared_encoding(body)
    said = [_superset(name) for name in names if name and not name.startswith("utf-16")]
    encoding = "utf-8" if _is_utf_8(body, said) else _other(body, said)
    return body.decode(encoding, "replace"), encoding


def _utf_16(body: bytes) -> str | None:
    """UTF-16 without a mark at its beginning: every second byte of markup is zero."""
    head = body[:_HEAD]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd < len(head) / 4:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf_8(body: bytes, said: list[str]) -> bool:
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    wide = sum(map(len, _WIDE.findall(text)))
    if wide and wide >= 2 * broken:
        return True
    # "©" and "·" alone: two bytes that are a Chinese character as well.
    return not broken and not any(name in _CHINESE or _FOREIGN.match(name) for name in said)


def _other(body: bytes, said: list[str]) -> str:
    foreign = next((name for name in said if _FOREIGN.match(name)), None)
    if foreign and _is_nearly_whole(body.decode(foreign, "replace")):
        return foreign
    chinese = [name for name in said if name in _CHINESE]
    likely = {name: _share_of_common(body, name) for name in (*chinese, *_CHINESE)}
    best = max(likely, key=lambda name: likely[name])  # the first of equals: what was said
    if chinese and likely[best] < likely[chinese[0]] * 1.5:
        return chinese[0]
    if likely[best] >= (_TO_BE_COMMON if said else _TO_BE_LIKELY):
        return best
    if said:
        return said[0]
    return "gb18030" if "\ufffd" not in body.decode("gb18030", "replace") else "utf-8"


def _is_nearly_whole(text: str) -> bool:
    return text.count("\ufffd") * 10 <= sum(map(len, _NOT_ASCII.findall(text)))


def _share_of_common(body: bytes, encoding: str) -> float:
    """How much of what is not ASCII are the commonest characters of that encoding."""
    text = "".join(_NOT_ASCII.findall(body.decode(encoding, "replace")))[:_SAMPLE]
    telling = _SIGNS.sub("", text)
    return sum(map(_common(encoding).__contains__, telling)) / len(telling) if telling else 0.0


@cache
def _common(encoding: str) -> frozenset[str]:
    """Level one of GB 2312 (3,755 characters) or of Big5 (5,401)."""
    leads, trails = {
        "gb18030": (range(0xB0, 0xD8), [*range(0xA1, 0xFF)]),
        "big5hkscs": (range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]),
    }[encoding]
    pairs = (bytes(pair) for pair in product(leads, trails))
    return frozenset("".join(pair.decode(encoding, "ignore") for pair in pairs))


def _superset(name: str) -> str:
    plain = name.lower().replace("_", "-")
    if wider := {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(plain):
        return wider
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name
