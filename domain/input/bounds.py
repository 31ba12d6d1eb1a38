"""What comes in through the door: how long a text, how large a figure, which moment is believed.

A stranger writes these values. Whatever lies beyond a bound is cut or left out here, once, so that
nothing behind the door has to think of it; whoever reads rows of a file refuses it by name.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

TEXT_BYTES = 1_000_000  # a letter of 300,000 characters; assessing it takes a second
TITLE_CHARS = 10_000
KEY_CHARS = 400  # with a source's name it must fit into one entry of an index
NAME_CHARS = 100  # of a source or a channel
WORDS_CHARS = 500  # of a region or the site's own spelling of a time
URL_CHARS = 2_000
MOST_COUNT = 10**12  # more than all people could do
_MOST_COUNTS = 20
_CUT = "…（原文过长，此处截断；全文见原始证据）"


def too_long(title: str, text: str) -> str | None:
    """Why these words are no post's, in Chinese; None: they may be."""
    if len(title) > TITLE_CHARS:
        return f"'title' 超过 {TITLE_CHARS} 个字符"
    if _bytes(text) > TEXT_BYTES:
        return f"'text' 超过 {TEXT_BYTES} 字节"
    return None


def cut_text(text: str) -> str:
    """`text` if it is no longer than a post may be, else its beginning and a note in Chinese."""
    if _bytes(text) <= TEXT_BYTES:
        return text
    room = TEXT_BYTES - len(_CUT.encode())
    return text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + _CUT


def cut(text: str, most: int) -> str:
    """`text` in at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def cut_key(key: str) -> str:
    """A key in at most KEY_CHARS characters; different ones stay different."""
    if len(key) <= KEY_CHARS:
        return key
    rest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{key[: KEY_CHARS - 33]}…{rest}"


def count(value: Any) -> int | None:
    """A figure of engagement, if it can be believed: a number from 0 to MOST_COUNT."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= MOST_COUNT else None


def counts(given: Any) -> dict[str, int]:
    """The figures of engagement that can be believed, at most 20."""
    if not isinstance(given, Mapping):
        return {}
    believed: dict[str, int] = {}
    for name, value in given.items():
        figure = count(value)
        if figure is not None and isinstance(name, str) and len(name) <= NAME_CHARS:
            believed[name] = figure
            if len(believed) == _MOST_COUNTS:
                break
    return believed


def moment(value: datetime | None) -> datetime | None:
    """A moment that both databases can hold and every zone can show; else None."""
    if value is None or value.tzinfo is None:
        return None
    try:
        year = value.astimezone(UTC).year
    except (OverflowError, ValueError):
        return None
    return value if 1 < year < 9999 else None


def address(url: str) -> str | None:
    """An address that can be taken apart and shown; else None, as a cut one leads elsewhere."""
    if not 0 < len(url) <= URL_CHARS or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port  # read late by urlsplit, and refused late
    except ValueError:
        return None
    return url


def _bytes(text: str) -> int:
    if len(text) * 4 <= TEXT_BYTES:  # no character takes more than four
        return len(text)
    return len(text.encode("utf-8", "surrogatepass"))
