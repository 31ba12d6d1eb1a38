"""Ours or not 属地: what the places of a post and its source's region prove together.

To call a matter somebody else's silences it, so that takes clean evidence: a place elsewhere that
is named plainly. Villages share their names, and a village of ours may be called like a far county;
where our own town, county or source stands against such a namesake, it outweighs it, and where two
plain statements contradict each other the area is unknown: somebody looks. So is it where a bare
name may be a village of ours and 许昌, our own city, stands in the text or the source's region.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from domain.assessments import Area
from pipeline.places.gazetteer import Gazetteer, PlaceEntry
from pipeline.places.mention import Mention
from pipeline.places.names import Level, stem
from pipeline.text.normalise import Squeezed

# 大石桥村 is a village, whatever county is called 大石桥.
_VILLAGE_BEHIND = ("村", "庄", "寨", "屯", "行政村", "自然村", "社区", "居委", "小区", "大队", "组")
_HOLDERS = (2, 4, 6, 9)  # lengths of the codes that hold others
_CITY_VILLAGE_BEHIND = ("村", "行政村", "自然村")
# 郑州小区停电 is in Zhengzhou; but a name that is also a village of ours may be it.
_SHARED_BEHIND = (*_VILLAGE_BEHIND, "街道", "居民")


class _Proof(IntEnum):
    """How plainly a mention says that it means a place elsewhere."""

    NAMESAKE = 0  # may as well be a name among us
    BARE = 1  # a far city or county without its 市 or 县, and nothing that speaks for it
    PLAIN = 2


@dataclass(frozen=True, slots=True)
class FoundArea:
    """The area, and the mentions that it takes for namesakes of places elsewhere."""

    area: Area
    namesakes: tuple[Mention, ...] = ()


def whose(
    settled: Sequence[Mention],
    post: Squeezed,
    region: Area,
    gazetteer: Gazetteer,
    from_our_city: bool = False,
) -> FoundArea:
    """The area of a post. `region` is what its source's region says by itself; `from_our_city`,
    whether it names the city that holds us and no more."""
    around = _Around.of(settled, post.text, gazetteer)
    home = from_our_city or any(
        m.entry is not None
        and m.entry.level is Level.CITY
        and gazetteer.holds_us(m.entry.code)
        and not m.aside
        for m in settled
    )
    ours = others = 0.0
    near = bare = perhaps = aside_ours = aside_others = False
    namesakes: list[Mention] = []
    for mention in settled:
        entry = mention.entry
        if entry is None or gazetteer.holds_us(entry.code):
            continue
        inside = gazetteer.is_inside(entry.code)
        weight = 1.0 + entry.level + (2.0 if mention.start < post.boundary else 0.0)
        if mention.aside:
            aside_ours, aside_others = aside_ours or inside, aside_others or not inside
        elif inside:
            ours = max(ours, weight)
            near = near or entry.level >= Level.TOWN
        else:
            proof = around.proof(mention, entry)
            perhaps = perhaps or around.may_be_ours(mention, home)
            if proof is _Proof.PLAIN:
                others = max(others, weight)
            else:
                namesakes.append(mention)
                bare = bare or proof is _Proof.BARE
    if others:
        area = _contradicted(ours, others, near, region)
        if perhaps and area is Area.OUTSIDE and region is not Area.OUTSIDE:
            area = Area.UNKNOWN
        return FoundArea(area, tuple(namesakes) if ours else ())
    if ours:
        return FoundArea(Area.INSIDE, tuple(namesakes))
    if namesakes:
        if bare and (home or perhaps) and region is Area.UNKNOWN:
            return FoundArea(Area.UNKNOWN)
        return _by_region(namesakes, bare, region)
    if region is Area.UNKNOWN and (aside_ours or aside_others):
        return FoundArea(Area.INSIDE if aside_ours else Area.UNKNOWN)
    return FoundArea(region)


def _contradicted(ours: float, others: float, near: bool, region: Area) -> Area:
    """A place elsewhere is named plainly: what does it take to doubt it?"""
    if ours >= others:
        return Area.INSIDE
    if region is Area.OUTSIDE or not ours:
        return Area.OUTSIDE
    return Area.UNKNOWN if near or region is Area.INSIDE else Area.OUTSIDE


def _by_region(namesakes: list[Mention], bare: bool, region: Area) -> FoundArea:
    """Names that may be anybody's, and nothing of ours in the text."""
    if region is Area.INSIDE:
        return FoundArea(Area.UNKNOWN) if bare else FoundArea(region, tuple(namesakes))
    return FoundArea(Area.OUTSIDE if bare else region)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the post says beside a mention: where places of ours end, which others it names."""

    text: str
    gazetteer: Gazetteer
    ends_of_ours: frozenset[int]
    ends_of_others: dict[int, str]
    others: frozenset[str]

    @classmethod
    def of(cls, settled: Sequence[Mention], text: str, gazetteer: Gazetteer) -> _Around:
        named = [(m.end, m.entry.code) for m in settled if m.entry is not None]
        return cls(
            text,
            gazetteer,
            frozenset(end for end, code in named if gazetteer.is_inside(code)),
            {
                end: code
                for end, code in named
                if not gazetteer.is_inside(code) and not gazetteer.holds_us(code)
            },
            frozenset(
                m.entry.code
                for m in settled
                if m.entry is not None
                and gazetteer.by_code.get(m.entry.code) == m.entry
                and not gazetteer.holds_us(m.entry.code)
            ),
        )

    def may_be_ours(self, mention: Mention, home: bool) -> bool:
        """蜜蜂张, 盐城: a bare name that a place of ours has too, and not right behind another
        place that has one so called. Two characters need more: 许昌 anywhere (`home`), what a
        village is called behind it, or its town before it."""
        if not mention.form.bare or self._behind_its_holder(mention):
            return False
        inside = self.gazetteer.is_inside
        if any(inside(e.code) for e in mention.form.entries):
            return True
        name = self.text[mention.start : mention.end]
        shared = [e for e in self.gazetteer.words.get(name, ()) if inside(e.code)]
        return bool(shared) and (
            home
            or self.text.startswith(_SHARED_BEHIND, mention.end)
            or any(self._behind_town(mention, e.code[:9]) for e in shared)
        )

    def _behind_its_holder(self, mention: Mention) -> bool:
        entry, before = mention.entry, self.ends_of_others.get(mention.start)
        return entry is not None and before is not None and entry.code.startswith(before)

    def _behind_town(self, mention: Mention, code: str) -> bool:
        town = self.gazetteer.by_code.get(code)
        if town is None:
            return False
        before = self.text[max(0, mention.start - 10) : mention.start]
        return before.endswith((town.name, stem(town.name, Level.TOWN)))

    def proof(self, mention: Mention, entry: PlaceEntry) -> _Proof:
        form, start = mention.form, mention.start
        behind_ours = start in self.ends_of_ours or (
            self.text[start - 1 : start] == "的" and start - 1 in self.ends_of_ours
        )
        # A village of two towns is placed in the county of both: it is no county for that.
        known = self.gazetteer.by_code.get(entry.code) == entry
        level = entry.level if known else max(e.level for e in form.entries)
        if behind_ours and (form.bare or level >= Level.TOWN):
            return _Proof.NAMESAKE
        if any(
            entry.code[:n] in self.others for n in _HOLDERS if n < len(entry.code) + (not known)
        ):
            return _Proof.PLAIN
        behind = _CITY_VILLAGE_BEHIND if level <= Level.CITY else _VILLAGE_BEHIND
        if (
            (form.bare and self.text.startswith(behind, mention.end))
            or any(self.gazetteer.is_inside(e.code) for e in form.entries)
            or level > Level.TOWN
            or (form.bare and level is Level.TOWN)
        ):
            return _Proof.NAMESAKE
        thin = form.bare and not self.gazetteer.is_known_bare(entry)
        return _Proof.BARE if thin else _Proof.PLAIN
