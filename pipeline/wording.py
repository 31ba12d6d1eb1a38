"""Wording 措辞: what a post is told in, as weighed pairs of characters, and the local names in it.

Common pairs (我们, 停电) weigh little, rare ones (the name of an estate) much; the table of common
pairs is statistics only. Local names that no gazetteer has (欣胜园小区, 杨美公园) are read by
their endings and serve as places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeline.normalise import Squeezed

_RUNS = re.compile(r"[一-鿿]{2,}|[a-z0-9]{2,}")
_KEPT_CHARS = 1500  # the beginning tells the matter; the rest of a long letter only costs
_RAREST = 6.0

_LOCAL_ENDS = (
    "小区|花园|家园|花苑|公寓|新村|新城|公馆|广场|公园|家属院|安置区|苑|湾|府|"
    "社区|大道|路|街|巷|村|屯|庄|组|变电站|配电室|台区|学校|小学|中学|幼儿园|医院|市场|工业园|产业园"
)
_LOCAL = re.compile(rf"([一-鿿]{{2}})({_LOCAL_ENDS})")
# What stands before an ending without naming anything.
_NO_NAMES = re.compile(
    r"[我们这那该本整个各全某贵你他她的在到了是有与和及等附周旁隔近边为被把将对从向里内外上下多几两每些之老新大小"
    r"都也又就很不没无]|居民|安置|住宅|生活|公共|商业|农贸|政府|人民|中心|供电|所属|附近|农村|乡村|行政|自然|一条|公路|马路|道路|线路|铁路|走|变压|户"
)
_CODED = re.compile(r"[a-z]\d{1,2}(?=[市县区])")


@cache
def _common() -> dict[str, float]:
    """Pair → weight, for the common ones: the natural logarithm of posts per post that has it."""
    weights: dict[str, float] = {}
    table = files("pipeline").joinpath("common_pairs.txt").read_text(encoding="utf-8")
    for line in table.splitlines()[1:]:
        share, _, pairs = line.partition(" ")
        weight = min(_RAREST, math.log(1000 / float(share)))
        for start in range(0, len(pairs), 2):
            weights[pairs[start : start + 2]] = round(weight, 2)
    return weights


def terms(post: Squeezed) -> dict[str, float]:
    """Pair of characters (or a word of letters and digits) → weight."""
    common = _common()
    found: dict[str, float] = {}
    for match in _RUNS.finditer(post.text[: _KEPT_CHARS + post.boundary]):
        run = match[0]
        if run[0] < "\u4e00":
            found[run] = 3.0
            continue
        for start in range(len(run) - 1):
            pair = run[start : start + 2]
            if pair not in found:
                found[pair] = common.get(pair, _RAREST)
    return found


def local_names(post: Squeezed) -> tuple[str, ...]:
    """Names by their endings: two characters and the ending, so that what stands before is moot."""
    common = _common()
    found: dict[str, None] = {}
    for match in _LOCAL.finditer(post.text[: _KEPT_CHARS + post.boundary]):
        name, ending = match.groups()
        if common.get(name, _RAREST) > 4.6 and not _NO_NAMES.search(name):
            found[name + ending] = None
    return tuple(found)[:12]


def coded_regions(post: Squeezed) -> tuple[str, ...]:
    """Regions that a board writes as codes: A7县 → a7. Different codes are different places."""
    return tuple(dict.fromkeys(_CODED.findall(post.text)))[:6]


def similarity(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Cosine of two weighed term sets, 0–1."""
    if len(one) > len(other):
        one, other = other, one
    shared = sum(weight * other[term] for term, weight in one.items() if term in other)
    if not shared:
        return 0.0
    norm = sum(w * w for w in one.values()) * sum(w * w for w in other.values())
    return shared / math.sqrt(norm)
