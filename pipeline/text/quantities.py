"""Quantities in Chinese text: 停电三天, 一百多户, 第三次投诉 → numbers and their units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "几": 3,
    "数": 3,
}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}

# unit → (what is measured, in how many of it)
_MEASURES: dict[str, tuple[str, float]] = {
    "小时": ("hours", 1),
    "钟头": ("hours", 1),
    "天": ("hours", 24),
    "整天": ("hours", 24),
    "昼夜": ("hours", 24),
    "夜": ("hours", 10),
    "晚": ("hours", 10),
    "晚上": ("hours", 10),
    "周": ("hours", 168),
    "星期": ("hours", 168),
    "礼拜": ("hours", 168),
    "个月": ("years", 1 / 12),
    "个多月": ("years", 1 / 12),
    "年": ("years", 1),
    "户": ("households", 1),
    "次": ("times", 1),
    "回": ("times", 1),
    "遍": ("times", 1),
}
_QUANTITY = re.compile(
    r"(\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百千万几数半]{1,8})[多余来]?"
    r"(小时|钟头|个小时|个钟头|整天|昼夜|天|夜|晚上|晚|周|个星期|星期|个礼拜|礼拜|个月|个多月|年|户|次|回|遍)"
)
_DECADES = ("八几", "九几", "七几", "六几")
# 三天两头, 一天到晚, 三天前, 一天三次: how often or when, not how long.
_NOT_LONG = re.compile(r"两头|到晚|[之以]?[前内后]|就?停?电?[\d一二两三四五六七八九十几多]+[次回]")
_RECENTLY = ("生", "这", "近", "前", "过", "每", "第", "隔", "那", "头")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number read in text. `measure`: hours, years, households or times."""

    measure: str
    amount: float
    start: int
    end: int


def quantities(text: str, until: int = 1000) -> Iterator[Quantity]:
    """The quantities of a squeezed text up to a position, in order. Dates and rates are none."""
    for match in _QUANTITY.finditer(text, 0, until):
        number, unit = match[1], match[2]
        amount = parse_number(number)
        measure, factor = _MEASURES.get(unit) or _MEASURES[unit.removeprefix("个")]
        start, end = match.span()
        if amount is None:
            continue
        if measure == "years" and (amount > 60 or number in _DECADES):
            continue
        if measure == "hours" and (
            text.startswith(_RECENTLY, start - 1) or _NOT_LONG.match(text, end)
        ):
            continue
        yield Quantity(measure, amount * factor, start, end)


def parse_number(text: str) -> float | None:
    """`12`, `1.5`, `三`, `一百二十`, `几十`, `半`, `三五` (the larger). None: not a number."""
    if text[0].isascii():
        return float(text)
    if text == "半":
        return 0.5
    total = section = 0.0
    digit: float | None = None
    for char in text:
        if char in _DIGITS:
            digit = float(_DIGITS[char])
        elif char in _UNITS:
            unit = _UNITS[char]
            if unit == 10000:
                total, section = (total + section + (digit or 0.0) or 1.0) * unit, 0.0
            else:
                section += (digit if digit else 1.0) * unit
            digit = None
        else:
            return None
    return total + section + (digit or 0.0)
