"""A phrase of the lexicon that a text does not say: denied just before it, asked for, or cut out of
another word (广电网络 is no 电网, 用户表示 no 户表).
"""

from __future__ import annotations

# What a phrase may be cut out of.
OTHER_WORDS: tuple[str, ...] = (
    *("广电网", "电网友", "中国网", "全国网", "外国网", "我国网", "各国网"),
    *("河南网", "湖南网", "海南网", "云南网", "济南网", "西南网", "东南网", "越南网"),
    *("提供电话", "提供电子", "提供电脑", "提供电影", "提供电视"),
    *("户表示", "户表达", "户表态", "户表现", "户表扬", "子表示", "子表演", "子表达", "子表现"),
    *("母表示", "总表示", "总表达", "分表示", "分表达", "分表现", "分表明", "合表演", "合表现"),
    *("验表明", "验表示", "校表示", "校表彰", "校表扬", "装表演", "装表面", "装表达", "水表箱"),
    *("抗旱灾", "手机井", "电子表示"),
)
BEFORE = frozenset("没不未无非有")  # the letters that a no ends with
_NO = BEFORE - {"有"}
_IDIOMS = frozenset(("动不", "时不", "要不", "是不", "能不", "会不", "有没", "差不", "好不"))
_ASKED = frozenset("吗么没")


def cut_from(phrase: str) -> tuple[tuple[int, str], ...]:
    """The other words that hold a phrase, each with how far before it they begin."""
    return tuple((word.index(phrase), word) for word in OTHER_WORDS if phrase in word)


def denied(text: str, start: int) -> bool:
    """Whether a no stands right before `start` in a squeezed text (没, 没有, 不, 未, 无)."""
    before = text[start - 1] if start else ""
    if before == "有":
        return text[max(start - 3, 0) : start].endswith("没有") and text[start - 3] != "有"
    return before in _NO and text[max(start - 2, 0) : start] not in _IDIOMS


def asked(text: str, end: int) -> bool:
    """Whether a phrase that ends there is asked rather than told (来电了吗, 修好没)."""
    return end < len(text) and text[end] in _ASKED
