"""The gazetteer 地名库: which places there are, which are ours, and who supplies them.

Loaded from a folder: `region.yaml` says what the territory is and which station supplies what;
every `*.csv` beside it lists places as `code,name,kind,aliases`. A code begins with the code of
the place that holds it (2, 4, 6, 9, 12 digits for province, city, county, town, village; sites
such as estates and roads add `-` and a name of their own). Another utility replaces the folder.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from domain.input.load import BadSettings, Problem, load_text, read_settings
from pipeline.places.names import Level, Strength, level_of, spellings, stem
from pipeline.text.normalise import squeezed_spelling
from pipeline.text.phrases import PhraseBook

_STRONG = Strength.STRONG
KINDS = ("", "estate", "road", "line", "transformer_area", "site")
_HEADER = ["code", "name", "kind", "aliases"]


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """地名: one place of the gazetteer."""

    code: str
    name: str
    level: Level
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A spelling: the entries it may mean, coarsest first; no entries = not a place.

    `proven` are those it means without any support.
    """

    entries: tuple[PlaceEntry, ...]
    proven: tuple[PlaceEntry, ...]
    bare: bool  # without 市, 县, 镇 …: 南京 in 南京路 is no city


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """config/places/region.yaml: the territory 属地."""

    name: str
    territory: tuple[str, ...]  # division codes that are ours, with all that lies in them
    stations: dict[str, str] = field(default_factory=dict)  # code → 供电所; the longest code wins
    regions: dict[str, str] = field(default_factory=dict)  # a source's own region word → code
    words: tuple[str, ...] = ()  # bare names that are ordinary words: never places by themselves
    not_places: tuple[str, ...] = ()  # phrases that hold a name and are no place: 兰州拉面

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.territory:
            yield "territory", "没有区划代码; 写供电范围的代码, 例: ['411003']"
        for code in self.territory:
            if not code.isdigit():
                yield "territory", f"{code!r} 不是区划代码; 例: 411003"
        for phrase in self.not_places:
            if len(squeezed_spelling(phrase)) < 2:
                yield "not_places", f"{phrase!r} 只有一个字; 写整个词"


class Gazetteer:
    """All places, ready for matching. Built once; read by many threads."""

    def __init__(self, region: RegionSettings, entries: Iterable[tuple[PlaceEntry, str]]) -> None:
        """`entries` with their alias column (`a|b`; `?a` needs support, `!a` only in a chain)."""
        self.region = region
        self.territory = region.territory
        self.by_code: dict[str, PlaceEntry] = {}
        self.words: dict[str, list[PlaceEntry]] = {}
        self._ordinary = frozenset(map(squeezed_spelling, region.words))
        self._provinces = tuple(code[:2] for code in self.territory)
        self._cities = tuple(code[:4] for code in self.territory)
        self._collected: dict[str, list[tuple[PlaceEntry, Strength, bool]]] = {}
        for entry, aliases in entries:
            self.by_code[entry.code] = entry
            self._collect(entry, aliases)
        for word, code in region.regions.items():
            if code in self.by_code:
                self._add(self.by_code[code], squeezed_spelling(word), Strength.STRONG, False)
        self.book = PhraseBook(self._forms())
        self.longest_word = max((len(w) for w in self.words), default=0)
        self.word_starts = frozenset(word[:2] for word in self.words)

    def _collect(self, entry: PlaceEntry, aliases: str) -> None:
        written = {squeezed_spelling(a.lstrip("?!")): a for a in aliases.split("|") if a}
        proven = tuple(text for text, alias in written.items() if alias[0] not in "?!")
        name = squeezed_spelling(entry.name)
        short = stem(name, entry.level) if entry.level is not Level.SITE else ""
        most, most_bare = self._most_proof(entry, bare=False), self._most_proof(entry, bare=True)
        for text, strength in spellings(entry.code, name):
            if text in written:
                continue
            bare = text == short
            strength = min(strength, most_bare if bare else most)
            if proven and text.startswith(proven):
                strength = Strength.STRONG  # where 小召 is a place, 小召街道办 is one
            self._add(entry, text, strength, bare)
        for text, alias in written.items():
            strength = {"?": Strength.WEAK, "!": Strength.WORD}.get(alias[0], Strength.STRONG)
            self._add(entry, text, strength, text == short)

    def _most_proof(self, entry: PlaceEntry, bare: bool) -> Strength:
        """What a name can prove at most: far ones are spelt like words more often than meant."""
        if entry.code.startswith(self._cities):
            return Strength.STRONG
        if entry.level is Level.TOWN:  # every province has a 城关镇 and a 青山镇
            return Strength.WEAK
        if entry.level is Level.COUNTY:
            far = not entry.code.startswith(self._provinces)
            if len(entry.name) == 2 or (bare and far and len(entry.name) == 3):
                return Strength.WEAK  # 和县 in 市和县政府, 晋江 the web site
        return Strength.STRONG

    def _add(self, entry: PlaceEntry, text: str, strength: Strength, bare: bool) -> None:
        if strength is Strength.WORD or text in self._ordinary:
            known = self.words.setdefault(text, [])
            if entry not in known:
                known.append(entry)
        else:
            self._collected.setdefault(text, []).append((entry, strength, bare))

    def _forms(self) -> dict[str, Form]:
        forms = {}
        for text, found in self._collected.items():
            if len(found) == 1:
                entry, strength, bare = found[0]
                forms[text] = Form((entry,), (entry,) if strength is _STRONG else (), bare)
                continue
            found.sort(key=lambda f: (f[0].level, f[0].code))
            entries = dict.fromkeys(entry for entry, _, _ in found)
            proven = dict.fromkeys(entry for entry, strength, _ in found if strength is _STRONG)
            forms[text] = Form(tuple(entries), tuple(proven), all(bare for _, _, bare in found))
        for phrase in self.region.not_places:
            forms[squeezed_spelling(phrase)] = Form((), (), False)
        self._collected.clear()
        return forms

    def is_inside(self, code: str) -> bool:
        """Whether the place lies in our territory."""
        return code.startswith(self.territory)

    def holds_us(self, code: str) -> bool:
        """Whether the place is our city, province …: neither ours nor elsewhere."""
        return any(own.startswith(code) and own != code for own in self.territory)

    def is_known_bare(self, entry: PlaceEntry) -> bool:
        """Whether people here mean the place when they call it without 市 or 县: a province, a city
        of our province, a county of our city."""
        holders = {Level.PROVINCE: ("",), Level.CITY: self._provinces}
        return entry.code.startswith(holders.get(entry.level, self._cities))

    def station(self, code: str) -> str | None:
        """The supply station 供电所 responsible for the place, None where that is not settled."""
        stations = self.region.stations
        best = max((c for c in stations if code.startswith(c)), key=len, default=None)
        return stations[best] if best else None

    def full_name(self, code: str) -> str:
        """The place with the town that holds it, for people: 小召街道毛里居委会."""
        entry = self.by_code.get(code)
        if entry is None:
            return ""
        town = self.by_code.get(code[:9]) if entry.level > Level.TOWN else None
        return town.name + entry.name if town else entry.name


def split_aliases(aliases: str) -> list[str]:
    """The names of an alias column, without their marks, as they are spelt in squeezed text."""
    return [squeezed_spelling(a.lstrip("?!")) for a in aliases.split("|") if a]


def load_gazetteer(folder: Path) -> Gazetteer:
    """The gazetteer in `folder`. Raises BadSettings naming file and line of every mistake."""
    files = (folder / "region.yaml", *sorted(folder.glob("*.csv")))
    return _gazetteer(tuple((f.name, read_settings(f, f"places/{f.name}")) for f in files))


@lru_cache(maxsize=1)
def _gazetteer(files: tuple[tuple[str, str], ...]) -> Gazetteer:
    """Of these names and texts: a reload that changes no place need not read them all again."""
    region = load_text(files[0][1], RegionSettings, "places/region.yaml")
    problems: list[Problem] = []
    rows: list[tuple[PlaceEntry, str]] = []
    for name, text in files[1:]:
        rows.extend(read_places(text, f"places/{name}", problems))
    known = {entry.code for entry, _ in rows}
    for code in region.territory:
        if not problems and code not in known:
            problems.append(
                Problem("places/region.yaml", 1, "territory", f"{code} 不在本目录的 CSV 地名表中")
            )
    for code, station in region.stations.items():
        if not problems and code not in known and not any(one.startswith(code) for one in known):
            message = f"{station}: {code} 不在本目录的 CSV 地名表中"
            problems.append(Problem("places/region.yaml", 1, "stations", message))
    if problems:
        raise BadSettings(problems)
    return Gazetteer(region, rows)


def read_places(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[PlaceEntry, str]]:
    """The rows of one places file; mistakes are added to `problems`, by line."""
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        yield from _places(rows, name, problems)
    except csv.Error as error:  # a quote that nothing closes, till the field is too long
        problems.append(
            Problem(name, rows.line_num, "", f"不是 CSV: {error}；检查有没有没成对的引号")
        )


def _places(rows: Any, name: str, problems: list[Problem]) -> Iterator[tuple[PlaceEntry, str]]:
    header: list[str] = next(rows, [])
    if header != _HEADER:
        problems.append(
            Problem(name, 1, "", f"首行应为 {','.join(_HEADER)}，而不是 {','.join(header)!r}")
        )
        return
    met: dict[str, int] = {}
    for row in rows:
        if not row:
            continue
        if len(row) != len(_HEADER):
            message = f"有 {len(row)} 列，应为 {len(_HEADER)} 列"
            problems.append(Problem(name, rows.line_num, "", message))
            continue
        code, place, kind, aliases = (cell.strip() for cell in row)
        if kind not in KINDS:
            message = f"{kind!r} 不是类型；可用: {', '.join(k or '（空）' for k in KINDS)}"
            problems.append(Problem(name, rows.line_num, "kind", message))
        elif not code or not place:
            problems.append(Problem(name, rows.line_num, "", "缺代码或名称"))
        elif short := [n for n in (place, *split_aliases(aliases)) if len(n) < 2]:
            message = f"{short[0]!r} 只有一个字；能查找的名称要两个字以上"
            problems.append(Problem(name, rows.line_num, "aliases", message))
        elif code in met:
            message = f"代码 {code} 与第 {met[code]} 行重复"
            problems.append(Problem(name, rows.line_num, "code", message))
        else:
            met[code] = rows.line_num
            yield PlaceEntry(code, place, level_of(code), kind), aliases
