"""Where a text speaks of electricity: the trigger words and the stretches of text around them.

A long letter mentions electricity in passing; what stands near the mention tells whether it is the
matter. A text without a trigger is not about the supply, whatever else it says.
"""

from __future__ import annotations

import re
from functools import cache

from domain.text import fold_table
from pipeline.scorers.folding import gaps

# 电 counts unless it begins a word of everyday electronics or ends one of another matter.
_NEUTRAL_AFTER = "影话视脑子商梯台信池动竞邮报钻焊音玩筒瓶讯贝"
_NEUTRAL_BEFORE = "闪雷静广"
_WORDS = (
    *("跳闸", "拉闸", "掉闸", "闸刀", "合闸", "空开", "变压", "变台", "配变", "台区", "限负荷"),
    *("高压线", "高压塔", "高压杆", "低压线", "线杆", "国网", "95598", "千伏", "万伏", "kv"),
    *("户表", "换表", "装表", "抄表", "智能表", "表箱"),
)
_NOT_WITHIN = {  # a word within another: 中国网络, 深空开服, 水表箱
    "国网": "(?<![中我全各外美韩泰英法德])国网(?![络站友民红速球易购安页游])",
    "空开": "(?<![深太星天航晴])空开(?![服始放火战])",
    "表箱": "(?<!水)表箱",
    "换表": "换表(?!情|演|达|格|面|白)",
    "装表": "装表(?!面|演)",
    "kv": "[0-9]kv",
    "户表": "户表(?!示|现|达|面|明|态)",
}
TRIGGER = re.compile(
    "|".join(
        [
            f"(?<![{_NEUTRAL_BEFORE}])电(?![{_NEUTRAL_AFTER}])",
            *(_NOT_WITHIN.get(word, word) for word in _WORDS),
        ]
    )
)

NEAR = (10, 14)  # characters each side of a trigger, by register: the clause that holds it
WIDE = 40  # and its neighbours
MAX_WINDOWS = 40  # bounds the cost on texts that are nothing but triggers
TITLE_LIMIT = 100


@cache
def may_speak() -> re.Pattern[str]:
    """Asked of the raw text, before anything is folded: finds whatever TRIGGER would find after.

    Each character stands for all that fold to it, with any white space between.
    """
    gap = "[" + "".join(re.escape(chr(p)) for p in sorted(gaps())) + "]*"
    spelt: dict[str, list[str]] = {}
    for point, folded in fold_table().items():
        if len(folded) == 1:
            spelt.setdefault(folded, []).append(chr(point))
        else:
            for char in folded:  # ㎸ and the like
                spelt.setdefault(char, []).append(chr(point))

    def any_of(char: str) -> str:
        return "[" + re.escape(char + "".join(spelt.get(char, []))) + "]"

    # ㎸ alone is a whole word.
    whole = [f"{gap}".join(any_of(c) for c in word) for word in _WORDS] + [any_of("电"), "[㎸㎹]"]
    return re.compile("|".join(whole))


def around(text: str, reach: int) -> list[tuple[int, int]]:
    """Stretches of `text` (compact) within `reach` characters of a trigger, merged, in order."""
    return spread([m.span() for m in TRIGGER.finditer(text)], reach, len(text))


def spread(spans: list[tuple[int, int]], reach: int, length: int) -> list[tuple[int, int]]:
    """`spans` widened by `reach` on both sides within 0..length, merged; at most MAX_WINDOWS."""
    found: list[tuple[int, int]] = []
    begin = last = -1
    for start, end in spans:
        start = start - reach if start > reach else 0
        if start > last:
            if last >= 0:
                found.append((begin, last))
                if len(found) == MAX_WINDOWS:
                    return found
            begin = start
        last = end + reach
    if last >= 0:
        found.append((begin, last if last < length else length))
    if len(found) > 1 and found[-2][1] > length:
        found[-2] = (found[-2][0], length)
    return found
