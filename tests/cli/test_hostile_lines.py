"""Lines that no writer of JSONL should write: each is named, and the rest of the file is done."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from command_line import Gridvoice, Said

from domain.input import jsonl
from domain.input.jsonl import BadLine

OUTAGE = {"id": "good1", "text": "小召乡北寨村停电三天没人管，请供电所尽快解决",
          "region": "许昌市建安区", "published_at": "2026-03-02 08:00", "relevant": True,
          "complaint": True, "category": "supply_quality"}  # fmt: skip
TALK = {"id": "good2", "text": "今天小召乡的集市很热闹", "relevant": False, "complaint": False}


def raw(**fields: Any) -> bytes:
    """A line whose values are written as they are."""
    given = {"id": '"bad"', "text": '"停电"', "relevant": "true", "complaint": "false", **fields}
    return ("{" + ",".join(f'"{k}":{v}' for k, v in given.items()) + "}").encode()


BAD = {
    "no JSON": b"{nonsense",
    "a list": b"[1]",
    "a number": b"7",
    "digits without end": raw(likes="9" * 5_000),
    "NaN": raw(likes="NaN"),
    "Infinity": raw(engagement='{"likes":-Infinity}'),
    "a float beyond all": raw(likes="1e999"),
    "deep": raw(likes="[" * 100_000 + "]" * 100_000),
    "deep and open": b"[" * 1_000_000,
    "not UTF-8": '{"id":"x","text":"停电"}'.encode("gb18030"),
    "UTF-16": '{"id":"x","text":"停电"}'.encode("utf-16-le"),
    "half a character": '{"id":"x","text":"停'.encode()[:-1],
    "NUL": b"\x00" * 50,
    "a text of a megabyte": raw(text='"' + "a" * 1_000_001 + '"'),
    "a Chinese text of a megabyte": raw(text='"' + "停" * 340_000 + '"'),
    "a title without end": raw(title='"' + "长" * 10_001 + '"'),
    "a line without end": raw(likes='"' + "x" * 9_000_000 + '"'),
    "a title that is a number": raw(title="5"),
    "a channel that is a list": raw(channel='["weibo"]'),
    "no text": b'{"id":"x","relevant":true,"complaint":true}',
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A good line, every bad one, a good one."""
    path = tmp_path / "hostile.jsonl"
    good = [json.dumps(row, ensure_ascii=False).encode() for row in (OUTAGE, TALK)]
    path.write_bytes(b"\n".join([good[0], *BAD.values(), good[1], b""]))
    return path


NUMBERS = list(range(2, len(BAD) + 2))


def named(said: Said) -> dict[int, str]:
    """Number → problem of the lines that were complained of."""
    found = re.findall(r"hostile\.jsonl:(\d+): (.+)", said.err)
    return {int(number): problem for number, problem in found}


def test_assess_names_every_bad_line_and_assesses_the_rest(
    gridvoice: Gridvoice, hostile: Path
) -> None:
    said = gridvoice("assess", "--json", hostile)
    assert said.code == 1
    assert [row.get("id", row.get("line")) for row in said.rows] == ["good1", *NUMBERS, "good2"]
    for name, row in zip(BAD, said.rows[1:-1], strict=True):
        assert set(row) == {"line", "error"}, name
        assert 0 < len(row["error"]) < 400, name


def test_replay_names_every_bad_line_and_stores_the_rest(
    gridvoice: Gridvoice, hostile: Path
) -> None:
    said = gridvoice("replay", "--json", hostile)
    assert said.code == 1
    assert list(named(said)) == NUMBERS
    assert "Traceback" not in said.err
    (summary,) = said.rows
    assert (summary["posts"], summary["stored"], summary["bad"]) == (2, 2, len(BAD))
    assert (summary["incidents"], summary["alerts"], summary["set_aside"]) == (1, 1, 0)


def test_evaluate_names_every_bad_line_and_counts_the_rest(
    gridvoice: Gridvoice, hostile: Path
) -> None:
    said = gridvoice("evaluate", hostile, "--json", "--scorer", "fast")
    assert said.code == 1
    assert list(named(said)) == NUMBERS
    assert said.row["n"] == 2


HALF = '"\\ud83d停电\\u0000"'
ODD = {
    "figures of 400 digits": raw(
        id=1, likes="9" * 400, text='"小召乡老庄陈村停电三天没人管，投诉无门"'
    ),
    "the end of the calendar": raw(id=2, published_at='"9999-12-31T23:59:59-12:00"'),
    "its beginning": raw(id=3, published_at='"0001-01-01T00:00:00+14:00"'),
    "half a character in every field": raw(
        id=HALF, text=HALF, title=HALF, channel=HALF, region=HALF, url=HALF, author=HALF, reply=HALF
    ),
    "no address": raw(id=5, url='"http://[公告]/1"'),
    "figures that are none": raw(id=6, engagement='{"likes":"many","views":null,"x":[1]}'),
    "ten thousand figures": raw(
        id=7, engagement="{" + ",".join(f'"k{n}":{n}' for n in range(10_000)) + "}"
    ),
    "fields without end": raw(
        id=8, region='"' + "区" * 90_000 + '"', channel='"' + "x" * 90_000 + '"'
    ),
}


def test_odd_values_of_a_good_post_are_bounded_and_it_is_assessed(
    gridvoice: Gridvoice, tmp_path: Path
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(b"\n".join([*ODD.values(), json.dumps(OUTAGE).encode(), b""]))
    said = gridvoice("replay", "--json", path)
    assert (said.code, said.err) == (0, "")
    (summary,) = said.rows
    many = len(ODD) + 1
    assert (summary["posts"], summary["stored"], summary["set_aside"]) == (many, many, 0)
    assert gridvoice("replay", "--json", path).row["stored"] == 0
    assert gridvoice("assess", "--json", path).code == 0
    found = gridvoice("search", "停电", "--json", "--limit", "0")
    assert (found.code, len(found.rows)) == (0, many)
    listed = gridvoice("incidents", "list", "--json", "--posts")
    assert (listed.code, "good1" in listed.out) == (0, True)


def test_a_sound_line_is_refused_for_nothing() -> None:
    line = '{"id":1,"text":"' + "停" * 300_000 + '","likes":12,"x":1.5e3}'
    assert jsonl.as_object(line)["x"] == 1500.0
    escaped = ('{"text":"' + "\\u505c" * 330_000 + '"}').encode()
    (read,) = jsonl.lines_of(io.BytesIO(escaped))
    assert len(jsonl.as_object(read)["text"]) == 330_000


class Endless(io.RawIOBase):
    """A line of 300 MB, then one more."""

    def __init__(self) -> None:
        self._left = 300_000_000
        self._rest = b'\n{"id": 1}\n'

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self._left or len(self._rest))
        buffer[:size] = b"x" * size if self._left else self._rest[:size]
        if self._left:
            self._left -= size
        else:
            self._rest = self._rest[size:]
        return size


def test_files_put_one_behind_the_other_may_each_begin_with_a_mark() -> None:
    joined = b'\xef\xbb\xbf{"a": 1}\n\xef\xbb\xbf{"a": 2}\n' + '{"a": "\ufeff"}'.encode()
    lines = jsonl.lines_of(io.BytesIO(joined))
    assert [jsonl.as_object(line)["a"] for line in lines] == [1, 2, "\ufeff"]


def test_a_line_without_end_is_passed_over_in_bounded_memory() -> None:
    tracemalloc.start()
    try:
        lines = list(jsonl.lines_of(io.BufferedReader(Endless())))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(lines[0], BadLine)
    assert lines[1] == '{"id": 1}'
    assert peak < 4 * jsonl.LINE_BYTES


def test_a_packed_file_that_breaks_off_is_named_where_it_does(
    gridvoice: Gridvoice, tmp_path: Path
) -> None:
    rows = [json.dumps({**OUTAGE, "id": str(n)}, ensure_ascii=False) for n in range(3_000)]
    packed = gzip.compress("\n".join(rows).encode())
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    said = gridvoice("assess", "--json", path)
    assert said.code == 1
    assert said.rows[0]["id"] == "0"
    assert "断了" in said.rows[-1]["error"]
    path.write_bytes(b"no gzip at all")
    assert gridvoice("replay", path).code == 1
