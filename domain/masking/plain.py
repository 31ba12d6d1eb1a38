"""Plain spelling: what a reader sees of a text however it is written, with the way back.

１３８, 𝟏𝟑𝟖 and 138 are one number to whoever reads them, and so is one with unseen characters in
between. What looks for numbers, labels and addresses looks for them in plain text, and for
numbers written in words or in rings (一三八, ①③⑧) in `numerals` of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Separators, controls and marks that take no room of their own, and the blanks that are "letters".
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_DASHES = frozenset("\u2212\u30fc\uff70")
_DOTS = dict.fromkeys("•‧∙⋅・･", "·")
_SIMPLIFIED = dict(
    zip(
        "戶號電錶話機聯繫係絡單樓棟幢層帳賬碼證車業裝貳參陸門牌組鎮鄉區縣衛萬園開銀號麼請貴雲遼滬贛蘇魯晉閩瓊陝寧黃",
        "户号电表话机联系系络单楼栋幢层账账码证车业装贰叁陆门牌组镇乡区县卫万园开银号么请贵云辽沪赣苏鲁晋闽琼陕宁黄",
        strict=True,
    )
)


class _Table(dict[int, str]):
    """Code point → plain spelling, found out when a character is first met. `uneven`: those that
    are not spelt in one character."""

    def __init__(self, spelt: Callable[[str], str]) -> None:
        super().__init__()
        self._spelt = spelt
        self.uneven: set[str] = set()

    def __missing__(self, point: int) -> str:
        spelt = self._spelt(chr(point))
        if len(spelt) != 1:
            self.uneven.add(chr(point))  # first: another thread may read the same text
        self[point] = spelt
        return spelt


def _spelt(character: str) -> str:
    kind = unicodedata.category(character)
    # ① opens a list more often than it is a digit: it stays, and so does the ring of a key cap.
    if character in "\n\u20e3" or kind in ("No", "Nl"):
        return character
    if character.isspace() or character in _BLANKS:
        return " "
    if kind in _UNSEEN:
        return ""
    if kind == "Pd" or character in _DASHES:
        return "-"
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    normal = unicodedata.normalize("NFKC", character)
    if normal != character:
        return "".join(c if c.isascii() and c >= " " else _TABLE[ord(c)] for c in normal)
    return _DOTS.get(character) or _SIMPLIFIED.get(character, character)


def _spelt_apart(character: str) -> str:
    if unicodedata.category(character) in ("So", "Sk"):
        return PART
    return _TABLE[ord(character)] or PART


PART = "\x01"
_TABLE = _Table(_spelt)
_PARTED = _Table(_spelt_apart)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in plain spelling that knows where each of its characters came from."""

    text: str
    _origins: Sequence[int] | None  # None: character for character

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span (end exclusive, start < end) of the plain text → of the original.

        What is unseen between its first and its last character belongs to it.
        """
        if self._origins is None:
            return start, end
        return self._origins[start], self._origins[end - 1] + 1


def plain(text: str) -> Plain:
    """`text` in plain spelling."""
    return _read(text, _TABLE)


def parted(text: str) -> Plain | None:
    """As `plain`, but what is unseen parts its neighbours (as PART) instead of joining them, and
    so does a symbol: 138➖1234➖5678. None where there is neither."""
    return _read(text, _PARTED) if PART in text.translate(_PARTED) else None


def _read(text: str, table: _Table) -> Plain:
    spelt = text.translate(table)
    if table.uneven.isdisjoint(text):
        return Plain(spelt, None)
    origins: list[int] = []
    for position, character in enumerate(text):
        origins.extend([position] * len(table[ord(character)]))
    return Plain(spelt, origins)


class _Numerals(dict[int, str]):
    def __missing__(self, point: int) -> str:
        character = chr(point)
        digit = _NUMERALS.get(character)
        if digit is None and unicodedata.category(character) in ("No", "Nl"):
            value = unicodedata.numeric(character)
            digit = str(int(value)) if value.is_integer() and 0 <= value < 10 else character
        self[point] = digit or character
        return self[point]


_NUMERALS = dict(
    zip("零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖", "00012345678912123456789", strict=True)
)
_NUMERAL_TABLE = _Numerals()


def numerals(text: str) -> str:
    """Plain text with 一, 壹, ① and their like as digits, character for character."""
    return text.translate(_NUMERAL_TABLE)


_RINGS = (
    "\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788"
    "\u278a-\u2792\u3021-\u3029\u3220-\u3228\u3280-\u3288\xb2\xb3\xb9\u2070\u2074-\u2079\u2080-\u2089"
)
# A figure that may be somebody's, written out: a row of three, or one before what is numbered.
_WRITTEN_OUT = re.compile(
    rf"[{''.join(_NUMERALS)}{_RINGS}](?:[\s._\-·\u20e3\x01]{{0,2}}[{''.join(_NUMERALS)}{_RINGS}\d]){{2}}"
    rf"|[{''.join(_NUMERALS)}{_RINGS}][十百]?\s?(?:[#号栋幢座楼层室排房]|单元|门)"
)


def has_numerals(text: str) -> bool:
    """Whether `numerals` of a plain text is worth reading: 三天 and 一次 are no one's number."""
    return _WRITTEN_OUT.search(text) is not None


def seen(text: str) -> str:
    """`text` without what would act on a terminal or hide from a reader: controls and line breaks
    become blanks; bidirectional, zero-width and unassigned characters and halves of pairs go."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_SEEN)


class _SeenTable(dict[int, str]):
    def __missing__(self, point: int) -> str:
        kind = unicodedata.category(chr(point))
        if kind in ("Cc", "Zl", "Zp"):
            kept = " "
        else:
            kept = "" if kind in ("Cf", "Cs", "Co", "Cn") else chr(point)
        self[point] = kept
        return kept


_SEEN = _SeenTable()
