"""Lines as strangers write them: none is lost, none is two, each bad one is named."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from domain.input import jsonl
from domain.input.jsonl import BadLine, as_object, lines_of, open_lines


def read(raw: bytes) -> list[str]:
    """The lines; of a bad one what is said of it, in angle brackets."""
    return [
        f"<{line}>" if isinstance(line, BadLine) else line for line in lines_of(io.BytesIO(raw))
    ]


def test_every_line_comes_once_without_its_end() -> None:
    assert read(b"") == []
    assert read(b"a\r\n\n\xef\xbb\xbfb\n c ") == ["a", "", "b", " c "]
    assert read("停\u2028电\x0b\n".encode()) == ["停\u2028电\x0b"], "only a line feed ends a line"


def test_a_line_of_other_letters_is_named_with_its_byte() -> None:
    assert read(b"ab\xcd\xb5\xb5\xe7\nc\n") == ["<不是 UTF-8：第 5 字节是 0xb5>", "c"]


def test_a_line_that_is_too_long_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_BYTES", 8)
    monkeypatch.setattr(jsonl, "_CHUNK", 4)
    bad = "<这一行超过 8 字节>"
    assert read(b"12345678\nnext\n") == ["12345678", "next"]
    assert read(b"123456789\nnext\n") == [bad, "next"]
    assert read(b"1234567890123456789012\n\nnext\n") == [bad, "", "next"]
    assert read(b"12345678") == ["12345678"]
    assert read(b"12345678901234") == [bad]


def test_a_file_that_breaks_off_is_a_bad_line_at_its_end(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d\n" % n for n in range(20_000)))
    path = tmp_path / "lines.jsonl.gz"
    path.write_bytes(whole)
    with open_lines(path) as lines:
        assert len(list(lines)) == 20_000
    path.write_bytes(whole[: len(whole) // 2])
    with open_lines(path) as lines:
        *good, last = lines
    assert [*map(str, good)] == [str(n) for n in range(len(good))]
    assert isinstance(last, BadLine)
    assert "断了" in str(last)
    path.with_suffix("").write_bytes(b"{}\n")
    with open_lines(path.with_suffix("")) as lines:
        assert list(lines) == ["{}"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "不是 JSON"), ("{", "不是 JSON"), ("[1]", "JSON 对象"), ("null", "JSON 对象"),
        ('{"a": NaN}', "NaN"), ('{"a": -Infinity}', "-Infinity"), ('{"a": 1e999}', "too large"),
        ('{"a": -1e999}', "too large"), ("[" * 100_000, "不是 JSON"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_object_is_refused(line: str, said: str) -> None:
    with pytest.raises(BadLine, match=said):
        as_object(line)


def test_an_object_is_read_as_it_stands() -> None:
    assert as_object('{"a": 1.5, "b": [1e3], "a": 2}') == {"a": 2, "b": [1000.0]}
    bad = BadLine("x")
    with pytest.raises(BadLine) as raised:
        as_object(bad)
    assert raised.value is bad
