"""Where a text speaks of electricity: the trigger words and the stretches of text around them.

A long letter mentions electricity in passing; what stands near the mention tells whether it is the
matter. A text without a trigger is not about the supply, whatever else it says.
"""

from __future__ import annotations

import re

# 电 counts unless it begins a word of everyday electronics or follows 闪/雷.
_NEUTRAL_AFTER = "影话视脑子商梯台信池动竞邮报钻焊音玩筒瓶讯贝"
TRIGGER = re.compile(
    "(?<![闪雷])电(?![" + _NEUTRAL_AFTER + "])"
    "|跳闸|拉闸|掉闸|闸刀|合闸|变压|变台|高压[线塔杆]|国网|线杆|[0-9](?:千伏|kv|万伏)|台区|配变"
    "|95598|户表|空开|限负荷|低压线|换表|装表|抄表|智能表|表箱"
)


NEAR = 10  # characters each side of a trigger: the clause that holds it
WIDE = 40  # and its neighbours
MAX_WINDOWS = 40  # bounds the cost on texts that are nothing but triggers
TITLE_LIMIT = 100


def around(text: str, reach: int) -> list[tuple[int, int]]:
    """Stretches of `text` (compact) within `reach` characters of a trigger, merged, in order."""
    found: list[tuple[int, int]] = []
    last = -1
    for match in TRIGGER.finditer(text):
        start = max(match.start() - reach, 0)
        end = min(match.end() + reach, len(text))
        if start <= last:
            found[-1] = (found[-1][0], end)
        elif len(found) == MAX_WINDOWS:
            break
        else:
            found.append((start, end))
        last = end
    return found
