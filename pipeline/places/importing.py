"""Import of place lists: administrative-division tables and a utility's own CSV → our CSV form.

Takes the published division lists (`code,name,…`, `code,area,street,village`) and lists with
Chinese headings (代码, 名称, 类型, 别名). Mistakes are named by line; the good rows are kept.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from domain.input.load import Problem
from pipeline.places.gazetteer import KINDS

_HEADINGS = {
    "code": ("code", "代码", "编码", "区划代码"),
    # The finest name that a row holds is the row's name.
    "name": ("village", "name", "名称", "村", "street", "area"),
    "kind": ("kind", "类型"),
    "aliases": ("aliases", "别名"),
}
_KIND_WORDS = {
    "小区": "estate",
    "道路": "road",
    "路": "road",
    "线路": "line",
    "台区": "transformer_area",
    "地点": "site",
}
# Rows of the division tables that only fill a level and name no place.
_FILLERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "直辖县级"})


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One line of our CSV form."""

    code: str
    name: str
    kind: str = ""
    aliases: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows that could be read and what was wrong with the others."""

    rows: tuple[PlaceRow, ...]
    problems: tuple[Problem, ...]


def read_list(path: Path) -> Imported:
    """The places of one list (`.csv` or `.csv.gz`, UTF-8 or GB18030)."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return read_text(text, path.name)


def read_text(text: str, name: str) -> Imported:
    """As `read_list`, from text. `name` is how messages call the list."""
    lines = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(lines, [])]
    columns = {
        field: next((header.index(h) for h in headings if h in header), None)
        for field, headings in _HEADINGS.items()
    }
    code_at, name_at = columns["code"], columns["name"]
    if code_at is None or name_at is None:
        message = f"needs a column 'code' (代码) and 'name' (名称); found {', '.join(header)}"
        return Imported((), (Problem(name, 1, "", message),))
    rows: list[PlaceRow] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for cells in lines:
        line = lines.line_num
        if not any(cells):
            continue
        if len(cells) != len(header):
            message = f"has {len(cells)} columns, the heading has {len(header)}"
            problems.append(Problem(name, line, "", message))
            continue
        code, place = cells[code_at].strip(), cells[name_at].strip()
        kind = _cell(cells, columns["kind"])
        kind = _KIND_WORDS.get(kind, kind)
        wrong = _wrong(code, place, kind, seen)
        if wrong is not None:
            problems.append(Problem(name, line, *wrong))
            continue
        seen[code] = line
        if place not in _FILLERS:
            rows.append(PlaceRow(code, place, kind, _cell(cells, columns["aliases"])))
    return Imported(tuple(rows), tuple(problems))


def _cell(cells: list[str], at: int | None) -> str:
    return cells[at].strip() if at is not None else ""


def _wrong(code: str, place: str, kind: str, seen: dict[str, int]) -> tuple[str, str] | None:
    division, _, site = code.partition("-")
    if not division.isascii() or not division.isdigit() or len(division) not in (2, 4, 6, 9, 12):
        return "code", (
            f"{code!r} is not a division code of 2, 4, 6, 9 or 12 digits, nor one followed by '-'"
        )
    if code in seen:
        return "code", f"{code} stands on line {seen[code]} already"
    if not place:
        return "name", "is empty"
    if kind not in KINDS:
        return "kind", f"{kind!r} is not one of {', '.join(k for k in KINDS if k)}"
    if "-" in code and not site:
        return "code", f"{code!r} ends with '-'; give the site a name of its own after it"
    return None


def write_places(rows: Iterable[PlaceRow], path: Path) -> int:
    """Write `rows` in our form, in order of code. Returns how many."""
    ordered = sorted(rows, key=lambda row: row.code)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["code", "name", "kind", "aliases"])
        writer.writerows([row.code, row.name, row.kind, row.aliases] for row in ordered)
    return len(ordered)
