"""How a division's name is written by people: its spellings, and how much each proves by itself.

`许昌市` is also 许昌; a town keeps its stem when it turns from 乡 into 镇 into 街道; a village is
written with 村, 社区 or 居委会, or with nothing after its town.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum


class Strength(IntEnum):
    """What a spelling proves."""

    WORD = 1  # an ordinary word too: a place only right after the place that holds it
    WEAK = 2  # a place where the text or the source's region supports it
    STRONG = 3  # a place by itself


class Level(IntEnum):
    """级别: how fine a place is. Compared when the finest is sought."""

    PROVINCE = 0
    CITY = 1
    COUNTY = 2
    TOWN = 3
    SITE = 4  # a road, estate, line or transformer area that is named in the settings
    VILLAGE = 5


_LEVELS = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWN, 12: Level.VILLAGE}

_NATIONS = re.compile(
    r"(?<=..)(?:蒙古族|回族|藏族|维吾尔族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|"
    r"哈萨克族|哈萨克|傣族|黎族|傈僳族|佤族|畲族|高山族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜族|"
    r"柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯族|阿昌族|普米族|塔吉克族|"
    r"塔吉克|怒族|乌孜别克族|俄罗斯族|鄂温克族|德昂族|保安族|裕固族|京族|塔塔尔族|独龙族|鄂伦春族|"
    r"赫哲族|门巴族|珞巴族|基诺族|蒙古|各族|回)+$"
)

_VILLAGE_ENDS = (
    "社区居民委员会",
    "社区居委会",
    "村村民委员会",
    "村民委员会",
    "居民委员会",
    "村委会",
    "居委会",
    "社区",
)
_TOWN_ENDS = ("街道办事处", "街道", "地区", "镇", "乡")
_TOWN_WRITTEN = ("街道办事处", "街道办", "街道", "办事处", "镇", "乡")


def level_of(code: str) -> Level:
    """The level that a code says: division codes by length, all others are sites."""
    return _LEVELS.get(len(code), Level.SITE) if code.isdigit() else Level.SITE


def stem(name: str, level: Level) -> str:
    """The name without what says its kind: 小召街道 → 小召, 恩施土家族苗族自治州 → 恩施."""
    if level is Level.VILLAGE:
        return village_stem(name)
    if level is Level.TOWN:
        ends: tuple[str, ...] = _TOWN_ENDS
    elif level is Level.COUNTY:
        ends = ("自治县", "自治旗", "新区", "林区", "特区", "县", "市", "区", "旗")
    else:
        ends = ("特别行政区", "自治区", "自治州", "地区", "省", "市", "州", "盟")
    for end in ends:
        if name.endswith(end) and len(name) > len(end):
            name = name[: -len(end)]
            break
    return _NATIONS.sub("", name)


def village_stem(name: str) -> str:
    """毛里居委会 → 毛里, 湾店村居民委员会 → 湾店, 位村村委会 → 位村."""
    for end in _VILLAGE_ENDS:
        if name.endswith(end) and len(name) > len(end):
            name = name[: -len(end)]
            break
    # 湾店村 → 湾店, but 牛村 and 三村 are called so.
    if name.endswith("村") and len(name) >= 3:
        name = name[:-1]
    return name


def spellings(code: str, name: str) -> Iterator[tuple[str, Strength]]:
    """The ways in which people write the division, with what each proves."""
    level = level_of(code)
    if level is Level.SITE:
        yield name, Strength.STRONG
        return
    short = stem(name, level)
    if level is Level.VILLAGE:
        yield from _village_spellings(name, short)
        return
    yield name, Strength.STRONG
    if len(short) < 2 or short == name:
        return
    if level is Level.TOWN:
        for end in _TOWN_WRITTEN:
            if short + end != name:
                yield short + end, Strength.WEAK
        yield short, Strength.WORD if len(short) < 3 else Strength.WEAK
    elif level is Level.COUNTY:
        county_end = name[-1]
        bare = {"市": Strength.STRONG, "县": Strength.WEAK}.get(county_end, Strength.WORD)
        yield short, bare
        if name.endswith(("自治县", "自治旗")):
            yield short + county_end, Strength.STRONG
    else:
        yield short, Strength.STRONG
        if name.endswith("自治州"):
            yield short + "州", Strength.STRONG
            yield short + "自治州", Strength.STRONG


def _village_spellings(name: str, short: str) -> Iterator[tuple[str, Strength]]:
    ends = ["村", "村委会", "村民委员会", "居委会", "社区", "社区居委会", "行政村"]
    if short.endswith("村"):
        ends.remove("村")
        yield short, Strength.WEAK if len(short) > 2 else Strength.WORD
    written = {short + end for end in ends} | {name}
    for spelling in sorted(written):
        yield spelling, Strength.WEAK
    if not short.endswith("村"):
        yield short, Strength.WORD if len(short) < 3 else Strength.WEAK
