"""Bare names 光名: how people call their own village among themselves: 胡庄, 东街上, 俺北寨.

A bare name proves little: it is an ordinary word, a piece of a longer name, or a village of another
county. So it counts where several things speak for it: how it is built (李庄, 前纸坊), how rare its
characters stand together, what stands before it (俺, 老家, the beginning of a sentence) and behind
it (街上, 又停电了). Only names of the territory are read, and only those that are no ordinary words
by themselves (region.yaml, `words`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.places.gazetteer import Gazetteer, PlaceEntry
from pipeline.places.names import Level, stem
from pipeline.text.normalise import Squeezed, squeezed_spelling
from pipeline.text.pairs import is_rare
from pipeline.text.phrases import PhraseBook
from pipeline.text.sounds import sounding_like

_ENOUGH = 3
_BESIDE = 3
_LOOK_BACK = 6  # characters before a name that are looked at

# What stands right before a name that somebody lives at.
_HOME_BEFORE = re.compile(
    r"(?:[俺咱][们这家]?|我们|我家|[我俺](?:们|家)?(?:是|在|住|住在)|家住|家在|住在|老家(?:在|是)?|娘家|婆家)$"
)
_STARTS = re.compile(r"(?:^|[^一-鿿a-z0-9])$")
# Any other character means that the name is the end of a longer one (大刘庄 is not 刘庄), or stands
# behind a place elsewhere.
_MAY_STAND_BEFORE = re.compile(
    r"[在到去回从往给住是的了和与及跟同家离就又都把被让叫向对问说看个访谢来]$"
)
# What a village has and is called by: the name goes on as a place.
_SITE_BEHIND = re.compile(
    r"村|街|集|社区|小区|台区|变|线(?![下上杆路])|学校|小学|中学|[一二三]中|幼儿园|卫生[室院]|供电所|大队|"
    r"[一二三四五六七八九十\d]+组|[东西南北][头边关门]|大桥|桥头|这[边儿片里]|那[边儿片里]|这?一[片带]|附近|"
    r"老家|老院|老屋|老街|新村|敬老院|养老院"
)
# What befalls it.
_STATE_BEHIND = re.compile(
    r"[又全还天从今昨一到]?[停没黑断灭跳]|来电|有电|电|灯|变压器|低电压|抢修|恢复|线[杆路]|[又全]|晚上|夜里"
)
_MAY_STAND_BEHIND = re.compile(
    r"$|[^一-鿿a-z0-9]|[这那的嘞哩里上有都整到还是也咋从要把被今昨]|家家|户"
)
# 官庄镇, 李家湖, 未来城: the name goes on as another one.
_LONGER_BEHIND = re.compile(
    r"[镇乡县市区山湖岭湾冲坳嘴路道巷方国坪垸溪江泉城府苑]|[壹一]号|花园|家园|公馆|国际|广场|大厦|云天"
)
_BUILT = frozenset("庄村寨营岗店桥集楼堂沟坡湾屯铺堡庙寺河洼台井")
# 南头, 后街: every village has one.
_ANY_VILLAGE_HAS = re.compile(r"[东西南北前后中上下大小老新][头边街门关口院场]$")
# No slip of the pen makes a name of these.
_NO_SLIPS = frozenset("一二三四五六七八九十两几每这那自新门在的是了不有和就也都")
_SIDES = frozenset("东西南北前后中老新大小上下")


@dataclass(frozen=True, slots=True)
class BareName:
    """A bare name met in a post, and what it may mean: one place, or namesakes of several towns."""

    start: int
    end: int
    entries: tuple[PlaceEntry, ...]


class BareNames:
    """All bare names of a territory. Built once; read by many threads."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        called: dict[str, list[PlaceEntry]] = {}
        ordinary = frozenset(map(squeezed_spelling, gazetteer.region.words))
        for entry in gazetteer.by_code.values():
            if gazetteer.is_inside(entry.code) and entry.level in (Level.TOWN, Level.VILLAGE):
                name = squeezed_spelling(stem(entry.name, entry.level))
                if len(name) >= 2 and name not in ordinary and not _ANY_VILLAGE_HAS.match(name):
                    called.setdefault(name, []).append(entry)
        self._book = PhraseBook({name: _outermost(found) for name, found in called.items()})
        known = gazetteer.book.phrases.keys() | gazetteer.words.keys()
        self._misspelt = PhraseBook(dict(_misspelt(called, known)))

    def find(
        self, post: Squeezed, taken: Iterable[tuple[int, int]], holders: Collection[int] = ()
    ) -> Iterator[BareName]:
        """The bare names of a post that stand as names, none over a span that is `taken`.

        `holders`: where places of ours end; a name right behind one lies in it.
        """
        text = post.text
        covered = bytearray(len(text))
        for start, end in taken:
            covered[start:end] = b"x" * (end - start)
        for book, stands in ((self._book, _is_name), (self._misspelt, _is_misspelt)):
            for start, end, entries in book.find(post):
                if not any(covered[start:end]) and stands(text, start, end, start in holders):
                    covered[start:end] = b"x" * (end - start)
                    yield BareName(start, end, entries)


def _outermost(found: Collection[PlaceEntry]) -> tuple[PlaceEntry, ...]:
    """小召镇 and 小召居委会 in it: whoever says 小召 means the town, or nobody knows which."""
    return tuple(
        one
        for one in found
        if not any(one.code != other.code and one.code.startswith(other.code) for other in found)
    )


def _misspelt(
    called: Mapping[str, Sequence[PlaceEntry]], known: Collection[str]
) -> Iterator[tuple[str, tuple[PlaceEntry, ...]]]:
    """The names with one character written by its sound: 胡装 for 胡庄. Not those that are a name
    of their own or may stand for two, nor such as are words or count something."""
    meant: dict[str, set[str]] = {}
    for name in called:
        for at, char in enumerate(name):
            for other in sounding_like(char):
                meant.setdefault(f"{name[:at]}{other}{name[at + 1 :]}", set()).add(name)
    for spelling, names in meant.items():
        if len(names) == 1 and spelling not in known and _may_be_a_name(spelling):
            entries = _outermost(called[min(names)])
            if len(entries) == 1:
                yield spelling, entries


def _may_be_a_name(spelling: str) -> bool:
    return is_rare(spelling) and not _NO_SLIPS & set(spelling)


def _is_name(text: str, start: int, end: int, held: bool) -> bool:
    """Whether enough speaks for a name being one."""
    beside = _speaks_beside(text, start, end, held)
    if beside is None:
        return False
    name = text[start:end]
    built = 2 if len(name) >= 3 else int(name[-1] in _BUILT and name[0] not in _SIDES)
    return beside + built + 2 * is_rare(name) >= _ENOUGH


def _speaks_beside(text: str, start: int, end: int, held: bool) -> int | None:
    """How much of it stands beside the name; None where it is a piece of something else."""
    before = text[max(0, start - _LOOK_BACK) : start]
    if held or _HOME_BEFORE.search(before):
        points = 2
    elif _STARTS.search(before):
        points = 1
    elif _MAY_STAND_BEFORE.search(before):
        points = 0
    else:
        return None
    if _SITE_BEHIND.match(text, end):
        return points + 3
    if _STATE_BEHIND.match(text, end):
        return points + 2
    if _LONGER_BEHIND.match(text, end):
        return None
    return points + bool(_MAY_STAND_BEHIND.match(text, end))


def _is_misspelt(text: str, start: int, end: int, held: bool) -> bool:
    """Whether what sounds like a name is one: 门店 and 新装 are words, so it takes that the post
    goes on as of a place, or comes from there."""
    return (_speaks_beside(text, start, end, held) or 0) >= (_BESIDE if end - start < 3 else 2)
