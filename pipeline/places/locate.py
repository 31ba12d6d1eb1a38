"""Locate 定位: which places a post names, whether the matter is ours, who supplies it.

Places in the text come first, the source's own region second; what neither settles stays unknown.
A spelling that proves little (a road that every town has, a village name of two counties) counts
only where another place of the text, or the source's region, supports it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from domain.assessments import Area, Place
from pipeline.places.bare import BareName, BareNames
from pipeline.places.gazetteer import Form, Gazetteer, PlaceEntry
from pipeline.places.mention import AsideWords, Mention, holder_of, holds, places, stands_elsewhere
from pipeline.places.names import Level
from pipeline.places.territory import whose
from pipeline.text.normalise import Squeezed, squeeze


@dataclass(frozen=True, slots=True)
class Located:
    """What a post's places come to. `places` begins with the one that locates the matter."""

    places: tuple[Place, ...]
    area: Area
    station: str | None


@dataclass(frozen=True, slots=True)
class _Region:
    """A source's region: its code where it is a known place, and what holds without any place."""

    code: str | None
    located: Located


# A7县泉塘街道: boards that hide places behind codes; what follows lies there, wherever that is.
_CODED_BEFORE = re.compile(r"[a-z]\d{0,2}[市县区]$")
_CODE_LENGTHS = (9, 6, 4, 2)  # town, county, city, province: the nearer support goes first
_DENIED = ("不是", "并非", "而非", "不是那个", "不是说")
_LINKS = ("的", "、", ",", "·")


class Locator:
    """Finds places by one gazetteer. Safe to share between threads."""

    def __init__(self, gazetteer: Gazetteer, asides: AsideWords | None = None) -> None:
        self.gazetteer = gazetteer
        self._asides = asides or AsideWords()
        self._bare = BareNames(gazetteer)
        self._region = lru_cache(maxsize=4096)(self._read_region)

    def locate(self, title: str, text: str, region: str | None = None) -> Located:
        """The places of a post and its area. Any text at all; never raises."""
        return self.locate_squeezed(squeeze(title, text), region)

    def locate_squeezed(self, post: Squeezed, region: str | None) -> Located:
        """As `locate`, for a post already made ready for matching."""
        source = self._region(region)
        mentions = self._mentions(post)
        settled = self._settled(mentions, post, source.code) if mentions else []
        called = self._called(settled, post, source)
        return (
            self._conclude(settled, called, post, source) if settled or called else source.located
        )

    # -- reading ---------------------------------------------------------------------------

    def _mentions(self, post: Squeezed) -> list[Mention]:
        """Spellings in the post, leftmost and longest first, none over another."""
        roads = self._asides.roads
        return [
            Mention(start, end, form)
            for start, end, form in self.gazetteer.book.find(post)
            if form.entries
            and not (form.bare and post.text.startswith(roads, end))
            and not _CODED_BEFORE.search(post.text, max(0, start - 4), start)
        ]

    def _is_aside(self, mention: Mention, text: str) -> bool:
        asides = self._asides
        before = text[max(0, mention.start - 4) : mention.start]
        return bool(asides.before and before.endswith(asides.before)) or bool(
            asides.after and text.startswith(asides.after, mention.end)
        )

    def _read_region(self, region: str | None) -> _Region:
        """What a source's region says: the finest place that it names."""
        code = self._code_of(squeeze("", region)) if region else None
        area = Area.UNKNOWN
        if code is not None and not self.gazetteer.holds_us(code):
            area = Area.INSIDE if self.gazetteer.is_inside(code) else Area.OUTSIDE
        station = self.gazetteer.station(code) if code and area is Area.INSIDE else None
        return _Region(code, Located((), area, station))

    def _code_of(self, region: Squeezed) -> str | None:
        mentions = self._mentions(region)
        if not mentions:
            entries = self.gazetteer.words.get(region.text[1:], [])
            only = [e for e in entries if self.gazetteer.is_inside(e.code)] or entries
            return only[0].code if len(only) == 1 else None
        entries = [m.entry for m in self._settled(mentions, region, None) if m.entry is not None]
        return max(entries, key=lambda e: e.level).code if entries else None

    # -- meaning ---------------------------------------------------------------------------

    def _settled(
        self, mentions: list[Mention], post: Squeezed, region: str | None
    ) -> list[Mention]:
        """The mentions that mean a place, with the bare names that hang on them."""
        self._resolve(post, mentions, region)
        settled = _without_denied([m for m in mentions if m.entry is not None], post.text)
        settled.extend(self._chained(settled, post))
        return settled

    def _resolve(self, post: Squeezed, mentions: list[Mention], region: str | None) -> None:
        """Give each mention its entry, the certain ones first."""
        for mention in mentions:
            form = mention.form
            if len(form.entries) == len(form.proven) == 1:
                mention.entry = form.proven[0]
        certain = {m.entry.code for m in mentions if m.entry is not None}
        for position, mention in enumerate(mentions):
            if mention.entry is None:
                holder = holder_of(position, mentions)
                mention.entry = self._meant(post, mention, holder, certain, region)
        for position, mention in enumerate(mentions):
            if mention.entry is not None and stands_elsewhere(mention, position, mentions):
                mention.entry = None

    def _meant(
        self,
        post: Squeezed,
        mention: Mention,
        holder: PlaceEntry | None,
        certain: set[str],
        region: str | None,
    ) -> PlaceEntry | None:
        """What an ambiguous or weak spelling means: by its holder, the others, the region."""
        entries, agreed = mention.form.entries, self._agreed
        written = post.text[mention.start : mention.end]
        if holder is not None:
            return agreed([e for e in entries if e.code.startswith(holder.code)], written)
        for length in _CODE_LENGTHS:
            fit = [e for e in entries if len(e.code) > length and e.code[:length] in certain]
            if fit:
                return agreed(fit, written)
        if region is not None and len(region) >= 4:
            for length in _CODE_LENGTHS[:3]:
                fit = [e for e in entries if e.code.startswith(region[:length])]
                if fit and len(region) >= length:
                    return agreed(fit, written)
        return agreed(list(mention.form.proven), written)

    def _agreed(self, entries: list[PlaceEntry], written: str) -> PlaceEntry | None:
        """The one entry, or what is known where it may be several; None if they lie far apart."""
        if len(entries) <= 1:
            return entries[0] if entries else None
        holders = [e for e in entries if all(o.code.startswith(e.code) for o in entries)]
        if holders:
            return holders[0]
        first, last = min(e.code for e in entries), max(e.code for e in entries)
        for length in (9, 6, 4):
            if len(first) >= length and first[:length] == last[:length]:
                return self._one_of_several(first[:length], written)
        if any(self.gazetteer.is_inside(e.code) for e in entries):
            return None
        return entries[0]  # nowhere near us, whichever is meant

    def _one_of_several(self, code: str, written: str) -> PlaceEntry | None:
        """赵庄村 of two towns: called as it is written, placed in the county that holds both."""
        holder = self.gazetteer.by_code.get(code)
        return PlaceEntry(code, written, holder.level) if holder else None

    def _chained(self, settled: list[Mention], post: Squeezed) -> list[Mention]:
        """Places written bare right behind the place that holds them: 小召毛里, 建安区昌盛."""
        words, starts = self.gazetteer.words, self.gazetteer.word_starts
        longest, text = self.gazetteer.longest_word, post.text
        found: list[Mention] = []
        queue = [m for m in settled if m.entry is not None and m.entry.level < Level.SITE]
        taken = {m.start for m in settled}
        while queue:
            mention = queue.pop()
            start = mention.end + (text[mention.end : mention.end + 1] in _LINKS)
            if start in taken or text[start : start + 2] not in starts or mention.entry is None:
                continue
            for length in range(min(longest, len(text) - start), 1, -1):
                word = text[start : start + length]
                entries = [e for e in words.get(word, ()) if holds(mention.entry, e)]
                meant = self._agreed(entries, word)
                if meant is not None:
                    form = Form((meant,), (), True)
                    behind = Mention(start, start + length, form, meant)
                    taken.add(start)
                    found.append(behind)
                    if meant.level < Level.SITE:
                        queue.append(behind)
                    break
        return found

    def _called(self, settled: list[Mention], post: Squeezed, source: _Region) -> list[Mention]:
        """Places of ours that are called by their bare names."""
        if source.located.area is Area.OUTSIDE:
            return []
        inside = self.gazetteer.is_inside
        known = [m for m in settled if m.entry is not None]
        holders = {
            m.end
            for m in known
            if m.entry is not None and m.entry.level <= Level.TOWN and inside(m.entry.code)
        }
        bare = list(self._bare.find(post, [(m.start, m.end) for m in known], holders))
        near = {m.entry.code for m in known if m.entry is not None}
        near |= {one.entries[0].code for one in bare if len(one.entries) == 1}
        towns = {code[:9] for code in (*near, source.code or "") if len(code) >= 9}
        ours = bool(near) or source.code is not None
        found = []
        for one in bare:
            meant = self._meant_bare(one, towns, ours, post)
            if meant is not None:
                found.append(Mention(one.start, one.end, Form((meant,), (), True), meant))
        return _without_denied(found, post.text)

    def _meant_bare(
        self, one: BareName, towns: set[str], ours: bool, post: Squeezed
    ) -> PlaceEntry | None:
        """The one place, else that of a town named beside it, else what is known where it may be
        several: nothing, where nothing else speaks of us."""
        entries = list(one.entries)
        if len(entries) > 1 and not ours:
            return None
        fit = [e for e in entries if e.code[:9] in towns]
        return self._agreed(fit or entries, post.text[one.start : one.end])

    # -- concluding ------------------------------------------------------------------------

    def _conclude(
        self, settled: list[Mention], called: list[Mention], post: Squeezed, source: _Region
    ) -> Located:
        for mention in settled:
            mention.aside = self._is_aside(mention, post.text)
        assessment = whose(
            settled, post, source.located.area, self.gazetteer, self._is_our_city(source.code)
        )
        area = assessment.area
        namesakes = set(map(id, assessment.namesakes))
        settled = [m for m in settled if id(m) not in namesakes]
        if called:
            area = _with_bare_names(area)
            settled += called
        if len(settled) > 1:
            settled.sort(key=lambda m: m.start)
            main = max(settled, key=lambda m: self._rank(m, area))
            settled.remove(main)
            settled.insert(0, main)
        station = self._station(settled) or source.located.station if area is Area.INSIDE else None
        return Located(tuple(places(settled, post)), area, station)

    def _is_our_city(self, code: str | None) -> bool:
        return code is not None and len(code) == 4 and self.gazetteer.holds_us(code)

    def _station(self, settled: list[Mention]) -> str | None:
        codes = (m.entry.code for m in settled if m.entry is not None)
        ours = filter(self.gazetteer.is_inside, codes)
        return next(filter(None, map(self.gazetteer.station, ours)), None)

    def _rank(self, mention: Mention, area: Area) -> tuple[bool, bool, int]:
        """The place that locates the matter is the finest on the side where the matter is."""
        entry = mention.entry
        if entry is None:
            return False, False, -1
        ours = self.gazetteer.is_inside(entry.code)
        side = ours if area is not Area.OUTSIDE else not ours
        return side, not mention.aside, int(entry.level)


def _with_bare_names(area: Area) -> Area:
    """The area of a post that also calls places of ours by their bare names: they settle what is
    unknown, and make what is plainly elsewhere doubtful."""
    return Area.UNKNOWN if area is Area.OUTSIDE else Area.INSIDE


def _without_denied(mentions: list[Mention], text: str) -> list[Mention]:
    """我们是大王庄，不是东大王庄: without the villages and towns that the writer says it is not."""
    denied = {
        m.entry.code
        for m in mentions
        if m.entry is not None
        and m.entry.level >= Level.TOWN
        and text.endswith(_DENIED, max(0, m.start - 4), m.start)
    }
    return [m for m in mentions if m.entry is not None and m.entry.code not in denied]
