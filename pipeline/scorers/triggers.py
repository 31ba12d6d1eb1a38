"""Where a text speaks of electricity: the trigger words and the stretches of text around them.

A long letter mentions electricity in passing; what stands near the mention tells whether it is the
matter. A text without a trigger is not about the supply, whatever else it says.
"""

from __future__ import annotations

import re

# 电 counts unless it begins a word of everyday electronics or ends one of another matter. Every
# branch begins with a letter as it stands, so that the engine skips to those letters. 停电影响,
# 停电报修, 停电视频, 用电动不动就跳 hold no film, telegraph, television or motor.
_WORDS = {
    "电": "(?<![闪雷静广]电)(?![话脑子梯池竞邮钻焊音玩筒瓶讯贝]"
    "|信(?!息(?!港|产))"
    "|影(?!响(?![起当应亮彻]))|视(?!频(?![道繁率谱]))|报(?![修警装告])|动(?!不动)|台(?!区(?!别))"
    "|商(?!户(?!外)|铺(?![货天路])))",
    **dict.fromkeys(("跳闸", "拉闸", "掉闸", "闸刀", "合闸"), ""),
    **dict.fromkeys(("变压", "高压线", "高压塔", "高压杆", "低压线", "线杆", "千伏", "万伏"), ""),
    **dict.fromkeys(("变台", "配变", "箱变", "台区", "限负荷", "95598", "抄表", "智能表"), ""),
    **dict.fromkeys(("环网柜", "架空线", "增容", "农网", "零线"), ""),
    # a word within another: 中国网络, 深空开服, 水表箱
    "国网": "(?<![中我全各外美韩泰英法德]国网)(?![络站友民红速球易购安页游])",
    "空开": "(?<![深太星天航晴]空开)(?![服始放火战])",
    "表箱": "(?<!水表箱)",
    "换表": "(?![情演达格面白])",
    "装表": "(?![面演])",
    "户表": "(?![示现达面明态])",
    "kv": "(?<=[0-9]kv)",
}
TRIGGER = re.compile("|".join(word + condition for word, condition in _WORDS.items()))

# The one letter, and the words without it: who holds none of them is asked for no trigger.
LETTER = "电"
OTHERS = tuple(word for word in _WORDS if word != LETTER)

NEAR = (10, 14, 14)  # characters each side of a trigger, by register: the clause that holds it
WIDE = 40  # and its neighbours
MAX_WINDOWS = 40  # bounds the cost on texts that are nothing but triggers
TITLE_LIMIT = 100


def around(text: str, reach: int) -> list[tuple[int, int]]:
    """Stretches of `text` (squeezed) within `reach` characters of a trigger, merged, in order."""
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
