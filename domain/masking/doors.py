"""Door-level addresses: building and unit, floor and room, number in a street.

The estate, the village and the road stay, and so does the building alone: they locate the matter.
"""

from __future__ import annotations

import re

from domain.masking.covering import NO_UNIT, Span, groups, rule, rules

_N = r"[\d十百]{1,4}"
_BUILDING = (
    r"(?:(?<![\d十百.*])([\d十百]{1,4}|(?<![a-z])[a-z]\d?)\s?"
    r"(?:号?楼栋|号楼|#楼|栋楼?|幢楼?|座楼?|号院)"
    r"|(?<![\d.*#])(\d{1,3}|[a-z])#(?=\d)|#\s?(\d{1,3})\s?楼)"
)
_TO = r"[\s\-_,·/]{0,2}"
_ROOM = rf"(\d{{3,4}})(?![\d*])(?:\s?(?:室|房|号|户)|{NO_UNIT})"
_SHORT_ROOM = r"(\d{1,4})\s?(?:室|号室?|房)(?![线楼院杆变台箱塔井泵站柜电梯出门])"
_SIDE = r"(?:([东西南北中左右]{1,2})(?=\s?户))"
_UNIT = r"(?:单元|门(?=[\s\-]{0,2}\d{3,4}))"
_FLOOR = rf"(?:({_N})\s?[楼层]{_TO})?"
# What is numbered along a street or in a village and is nobody's door.
_THINGS = (
    r"(?![线楼院杆变台箱柜塔井泵站机令]|\s?(?:开关|环网|电杆|电线|电缆|配电|公变|专变|主变|公交|地铁|车|出口|"
    r"变压器|路灯|文件|通知|公告))"
)
_CLOCK = (
    r"(?!\s?(?:[早晚夜]|上午|下午|中午|凌晨|开始|[到至那]|以?[前后]|之|\d{1,2}[点时:]|"
    r"[\-~]\d{1,2}[号日]))"
)
_DAY = r"(?!\s?(?:[停就今断没又跳]|一直|来电|恢复))"


def _street(match: re.Match[str]) -> list[Span]:
    """毛里村12号停电 may speak of a day; so may any number that a time of day follows."""
    number, text = match["number"], match.string
    if len(number) < 3 or not number.isdigit():
        behind = text[match.end() : match.end() + 8]
        if not re.match(_CLOCK, behind) or (match["village"] and not re.match(_DAY, behind)):
            return []
    return [match.span("number"), *([match.span("more")] if match["more"] else [])]


def _dashed(match: re.Match[str]) -> list[Span]:
    parts = re.findall(r"\d+", match[0])
    if len(parts) == 3 and re.fullmatch("20[1-3]\\d", parts[2]) and len(parts[0] + parts[1]) > 3:
        return []
    return groups(match)


DOORS = rules(
    r"[\d十百a-z]\s?(?:[号室房楼层栋幢座排#\-]|单元|门)|[#牌]|/\d|[东西南北中]\s?单元",
    # 3号楼2单元501室, 三栋二单元, 12栋3单元5楼东户
    rule(
        rf"{_BUILDING}{_TO}({_N}|[东西南北中])\s?{_UNIT}{_TO}{_FLOOR}(?:{_SIDE}|{_SHORT_ROOM}|{_ROOM})?"
    ),
    # 3#楼501, 3栋5楼501室, A座1203
    rule(
        rf"{_BUILDING}{_TO}{_FLOOR}(?:{_SIDE}|{_SHORT_ROOM}|(\d{{3,4}})(?![\d*])(?:\s?[室房]|{NO_UNIT}))"
    ),
    rule(
        rf"(?<![\d.*])(\d{{1,2}})\s?楼{_TO}(?:{_SIDE}|(\d{{3,4}})(?![\d*])(?:\s?[室房]|{NO_UNIT}))"
    ),
    # 2号楼3-501, 12#1-702
    rule(
        rf"{_BUILDING}{_TO}(\d{{1,2}})[\-/](\d{{3,4}})(?![\d*\-./]|\s?[线杆变台柜开刀])" + NO_UNIT
    ),
    # 2单元501, 2单元5楼东户
    rule(rf"(?<![\d十百.*])({_N})\s?单元{_TO}{_FLOOR}(?:{_SIDE}|{_SHORT_ROOM}|{_ROOM})"),
    rule(rf"(?<![\d.*])({_N})\s?[楼层]{_TO}{_SIDE}"),
    # 6排12号: rows of low houses
    rule(rf"(?<![\d十百.*第])({_N})\s?排{_TO}({_N})\s?号{_THINGS}"),
    # 幸福小区501室, 五零一室
    rule(r"(?<![\d.*a-z])([a-z]?\d{2,4})\s?(?:室(?![内外温友])|号?房(?![间屋子东租产地价管源改]))"),
    # 3-2-501, 12-3-5-1201; not 2026-11-27
    rule(
        r"(?<![\d.*\-])(\d{1,2})-(\d{1,2})(?:-(\d{1,2}))?-(\d{3,4})(?![\d*\-.]|\s?[线杆变台柜开刀])"
        + NO_UNIT,
        _dashed,
    ),
    rule(
        r"(?<=[区苑园庭府城湾院里寓])\s?(?<![\d.*\-])(\d{1,2})-(\d{3,4})(?![\d*\-.]|\s?[线杆变台柜开刀])"
        + NO_UNIT
    ),
    # 桃园小区12/2/501, which no year ends
    rule(
        r"(?<=[区苑园庭府城湾院里寓])\s?(?<![\d.*/])(\d{1,2})/(\d{1,2})/(?!20[1-3]\d)(\d{3,4})(?![\d*\-./])"
        + NO_UNIT
    ),
    rule(
        rf"(?:(?<![线电回支])路|[街巷弄组]|(?P<village>[村屯寨庄])|胡同|大道)\s?-?(?P<number>{_N}(?:-\d{{1,4}})?)\s?号{_THINGS}"
        rf"(?:附\s?(?P<more>{_N})\s?号)?",
        _street,
    ),
    rule(rf"门牌号?(?:码|\s|:|是|为){{0,3}}({_N}(?:-\d{{1,4}})?)(?!\d)"),
)
