"""Wording 措辞: what a post is told in, as weighed pairs of characters, and the local names in it.

Common pairs (我们, 停电) weigh little, rare ones (the name of an estate) much; the table of common
pairs is statistics only. Local names that no gazetteer has (欣胜园小区, 杨美公园) are read by
their endings and serve as places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul

from pipeline.text.normalise import Squeezed
from pipeline.text.pairs import RAREST, common_pairs

_RUNS = re.compile(r"[一-鿿]{2,}|[a-z0-9]{2,}")
_KEPT_CHARS = 600  # the beginning tells the matter; the rest of a long letter only dilutes it
_TITLE_COUNTS = 2.0
_SUBJECT_CHARS = 80

_SITE_ENDS = (
    "小区|花园|家园|嘉园|佳园|名园|花苑|佳苑|名苑|雅苑|嘉苑|名城|新城|国际城|万和城|豪庭|华庭|名邸|公寓|新村|公馆|"
    "苑|壹号|安置房|商业街|菜市场|大市场|庙会|鱼塘|机井|冷库|泵站|电灌站|养殖场|加油站|水厂|"
    "广场|公园|家属院|安置区|社区|村|屯|庄|组|变电站|配电室|台区|学校|小学|中学|幼儿园|医院|市场|工业园|产业园|养老院|福利院"
)
_ROAD_ENDS = "大道|路|街|巷"
_LOCAL = re.compile(rf"([一-鿿a-z0-9]{{2}})(?:({_SITE_ENDS})|({_ROAD_ENDS}))")
# What stands before an ending without naming anything: 我们小区, 供电线路, 市政府路.
_NO_NAMES = re.compile(
    r"[我们这那该本整个各全某你他她的在到了是有及等附周旁隔近边为被把将对从几多每些之也又就很不没无建所设压]"
    r"|^都|[们家户区年天]都|居民|安置|住宅|生活|公共|商业|农贸|政府|人民|农村|乡村|行政|自然|公路|马路|道路|铁路|步行|老旧|新建|大型|高层|电力"
)
_NO_ROADS = re.compile(r"[线道公铁马要条电空网断短走套思半一]$")
# 10kV城南线, 花园一线: feeders, where a name may begin; but no 高压线, 断线, 斑马线.
_FEEDER = re.compile(
    r"(?:(?<![一-鿿])|(?<=千伏)|(?<=[镇乡县的因是]))[一-鿿]{2}"
    r"(?<![高低压电路火零专干支导热光花断架拉走地进下入户接主明裸漏甩换修查巡通排条根缆皮弱强旧新老这那无有在引跳停整全视])"
    r"(?<![管沿掉触缠晃挂头里上着过的底红黄黑白实标环行铁马划格轨天细错独出布跨直渡城际生源界战前后视航])"
    r"[东西南北ⅰⅱⅲi一二三四五\d]{0,2}线(?![路杆上下索条])"
)
_CODED = re.compile(r"[a-z]\d{1,2}(?=[市县区])")


def terms(post: Squeezed) -> dict[str, float]:
    """Pair of characters (or a word of letters and digits) → weight; the title counts double."""
    common = common_pairs()
    found: dict[str, float] = {}
    boundary = post.boundary
    for match in _RUNS.finditer(post.text, 0, boundary + 1 + _KEPT_CHARS):
        run = match[0]
        times = _TITLE_COUNTS if match.start() < boundary else 1.0
        if run[0] < "\u4e00":
            found.setdefault(run, 3.0 * times)
            continue
        for start in range(len(run) - 1):
            pair = run[start : start + 2]
            if pair not in found:
                found[pair] = common.get(pair, RAREST) * times
    return found


@dataclass(frozen=True, slots=True)
class LocalNames:
    """Names by their endings, as two characters and the ending, so that what stands before is moot.

    `sites` are estates, villages, parks …, `roads` roads, of the whole post; `subjects` those of
    the title, or of the first words where the title has none: what the matter is about.
    """

    sites: tuple[str, ...]
    roads: tuple[str, ...]
    subjects: tuple[str, ...]


def local_names(post: Squeezed) -> LocalNames:
    """The local names of a post."""
    common = common_pairs()
    sites: dict[str, None] = {}
    roads: dict[str, None] = {}
    in_title: dict[str, None] = {}
    at_start: dict[str, None] = {}
    boundary = post.boundary
    for match in _LOCAL.finditer(post.text, 0, boundary + 1 + _KEPT_CHARS):
        name, site, road = match.groups()
        # 未来 is a common word, but 来华 is not: 未来华庭 is a name all the same.
        joint = match[0][1:3]
        if max(common.get(name, RAREST) + 1.5, common.get(joint, RAREST)) < 5.5:
            continue
        if _NO_NAMES.search(name):
            continue
        if road and _NO_ROADS.search(name):
            continue
        (sites if site else roads)[match[0]] = None
        if match.start() < boundary:
            in_title[match[0]] = None
        elif match.start() < boundary + _SUBJECT_CHARS:
            at_start[match[0]] = None
    for match in _FEEDER.finditer(post.text, 0, boundary + 1 + _KEPT_CHARS):
        if common.get(match[0][:2], RAREST) >= RAREST:
            roads[match[0]] = None
            (in_title if match.start() < boundary else at_start)[match[0]] = None
    return LocalNames(tuple(sites)[:12], tuple(roads)[:8], tuple(in_title or at_start)[:6])


def coded_regions(post: Squeezed) -> tuple[str, ...]:
    """Regions that a board writes as codes: A7县 → a7. Different codes are different places."""
    return tuple(dict.fromkeys(_CODED.findall(post.text)))[:6]


@dataclass(frozen=True, slots=True)
class Wording:
    """Weighed terms and the length of their vector."""

    terms: Mapping[str, float]
    norm: float

    @classmethod
    def of(cls, weighed: Mapping[str, float]) -> Wording:
        """The terms, ready for comparing."""
        weights = weighed.values()
        return cls(weighed, math.sqrt(sum(map(mul, weights, weights))))

    def similarity(self, other: Wording) -> float:
        """Cosine, 0–1."""
        mine, theirs = self.terms, other.terms
        shared = sum([mine[term] * theirs[term] for term in mine.keys() & theirs.keys()])
        return shared / (self.norm * other.norm) if shared else 0.0
