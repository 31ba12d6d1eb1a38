"""Masking: what may be shown, sent or exported of a text written by the public.

Phone numbers, identity and account numbers, e-mail, plates and door-level addresses are covered;
towns, villages, estates and roads stay, because they locate the matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # identity card: keep the region digits and nothing else
    (re.compile(r"(?<!\d)(\d{3})\d{11}(\d{3}[\dXx])(?!\d)"), r"\1***********\2"),
    (re.compile(r"(?<!\d)(1[3-9]\d)[\s-]?\d{4}[\s-]?(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"(?<!\d)(0\d{2,3})[-—\s]?\d{3,4}(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "***@***"),
    # household number, meter number, bank card: the label tells what the digits are
    (
        re.compile(
            r"(户号|用户编号|客户编号|表号|卡号|账号|帐号|身份证号?码?)([：:\s为是]*)[\dA-Za-z]{4,}"
        ),
        r"\1\2****",
    ),
    (re.compile(r"(?<!\d)(\d{4})\d{8,11}(\d{4})(?!\d)"), r"\1********\2"),
    (
        re.compile(
            r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z])[·\s]?[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
        ),
        r"\1*****",
    ),
    # door level: building, unit, floor, room; the estate or village before it stays
    (
        re.compile(
            r"\d{1,3}\s*(?:号楼|栋|幢|座)\s*(?:\d{1,2}\s*单元)?\s*\d{2,4}\s*(?:室|号|户)?(?!\d)"
        ),
        "*号楼*室",
    ),
    (re.compile(r"\d{1,2}\s*单元\s*\d{2,4}\s*(?:室|号|户)?(?!\d)"), "*单元*室"),
    (re.compile(r"(?<=[路街巷村组])\s*\d{1,4}\s*号(?!线|楼|杆|变|台)"), "*号"),
)


def mask(text: str) -> str:
    """`text` with personal data covered. Its length may change."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


@dataclass(frozen=True, slots=True)
class Masked:
    """Masked text whose characters know which span of the original each stands for.

    `origins[i]` is the (start, end) of `text[i]` in the original; every character of a covered
    number stands for the whole number. None: nothing was covered, the texts are the same.
    """

    text: str
    origins: tuple[tuple[int, int], ...] | None


def mask_with_origins(text: str) -> Masked:
    """`mask`, keeping the way back, so that spans of the original can be shown on masked text."""
    if mask(text) == text:
        return Masked(text, None)
    origins = [(i, i + 1) for i in range(len(text))]
    for pattern, replacement in _RULES:
        pieces: list[str] = []
        moved: list[tuple[int, int]] = []
        position = 0
        for match in pattern.finditer(text):
            start, end = match.span()
            shown = match.expand(replacement)
            pieces += (text[position:start], shown)
            moved += origins[position:start]
            moved += [(origins[start][0], origins[end - 1][1])] * len(shown)
            position = end
        text = "".join(pieces) + text[position:]
        origins = moved + origins[position:]
    return Masked(text, tuple(origins))
