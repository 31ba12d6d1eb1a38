"""Ours or not 属地: what the places of a post and its source's region prove together.

To call a matter somebody else's silences it, so that takes clean evidence: a place elsewhere that
is named plainly. Villages share their names, and a village of ours may be called like a far county;
where our own town, county or source stands against such a namesake, it outweighs it, and where two
plain statements contradict each other the area is unknown: somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from domain.model import Area
from pipeline.gazetteer import Entry, Gazetteer
from pipeline.mention import Mention
from pipeline.normalise import Squeezed
from pipeline.place_names import Level

# 大石桥村 is a village, whatever county is called 大石桥.
_VILLAGE_BEHIND = ("村", "庄", "寨", "屯", "行政村", "自然村", "社区", "居委", "小区", "大队", "组")
_HOLDERS = (2, 4, 6, 9)  # lengths of the codes that hold others
_CITY_VILLAGE_BEHIND = ("村", "行政村", "自然村")


class _Proof(IntEnum):
    """How plainly a mention says that it means a place elsewhere."""

    NAMESAKE = 0  # may as well be a name among us
    BARE = 1  # a far city or county without its 市 or 县, and nothing that speaks for it
    PLAIN = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """The area, and the mentions that it takes for namesakes of places elsewhere."""

    area: Area
    namesakes: tuple[Mention, ...] = ()


def judge(
    settled: Sequence[Mention], post: Squeezed, region: Area, gazetteer: Gazetteer
) -> Verdict:
    """The area of a post. `region` is what its source's region says by itself."""
    around = _Around.of(settled, post.text, gazetteer)
    ours = others = 0.0
    near = bare = aside_ours = aside_others = False
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
            if proof is _Proof.PLAIN:
                others = max(others, weight)
            else:
                namesakes.append(mention)
                bare = bare or proof is _Proof.BARE
    if others:
        return Verdict(_contradicted(ours, others, near, region), tuple(namesakes) if ours else ())
    if ours:
        return Verdict(Area.INSIDE, tuple(namesakes))
    if namesakes:
        return _by_region(namesakes, bare, region)
    if region is Area.UNKNOWN and (aside_ours or aside_others):
        return Verdict(Area.INSIDE if aside_ours else Area.UNKNOWN)
    return Verdict(region)


def _contradicted(ours: float, others: float, near: bool, region: Area) -> Area:
    """A place elsewhere is named plainly: what does it take to doubt it?"""
    if ours >= others:
        return Area.INSIDE
    if region is Area.OUTSIDE or not ours:
        return Area.OUTSIDE
    return Area.UNKNOWN if near or region is Area.INSIDE else Area.OUTSIDE


def _by_region(namesakes: list[Mention], bare: bool, region: Area) -> Verdict:
    """Names that may be anybody's, and nothing of ours in the text."""
    if region is Area.INSIDE:
        return Verdict(Area.UNKNOWN) if bare else Verdict(region, tuple(namesakes))
    return Verdict(Area.OUTSIDE if bare else region)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the post says beside a mention: where places of ours end, which others it names."""

    text: str
    gazetteer: Gazetteer
    ends_of_ours: frozenset[int]
    others: frozenset[str]

    @classmethod
    def of(cls, settled: Sequence[Mention], text: str, gazetteer: Gazetteer) -> _Around:
        named = [(m.end, m.entry.code) for m in settled if m.entry is not None]
        return cls(
            text,
            gazetteer,
            frozenset(end for end, code in named if gazetteer.is_inside(code)),
            frozenset(
                m.entry.code
                for m in settled
                if m.entry is not None
                and gazetteer.by_code.get(m.entry.code) == m.entry
                and not gazetteer.holds_us(m.entry.code)
            ),
        )

    def proof(self, mention: Mention, entry: Entry) -> _Proof:
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
