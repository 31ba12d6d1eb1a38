"""JSONL as strangers write it: a line at a time in bounded memory, each bad one named."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

# A text of domain/input/bounds.py fits in with every character written as an escape.
LINE_BYTES = 8_000_000
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


class BadLine(ValueError):
    """A line that is no JSON object; the text says why, in Chinese."""


@contextmanager
def open_lines(path: Path) -> Iterator[Iterator[str | BadLine]]:
    """The lines of a file, gzipped or not (by its name). Raises OSError when it cannot be opened;
    what breaks off later is a bad line."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        yield lines_of(stream)


def lines_of(stream: BinaryIO | gzip.GzipFile) -> Iterator[str | BadLine]:
    """Every line without its end, blank ones too, so that counting them gives a line's number."""
    while True:
        try:
            line = stream.readline(LINE_BYTES + 1)
            if len(line) > LINE_BYTES and not line.endswith(b"\n"):
                _skip_rest(stream)
                yield BadLine(f"这一行超过 {LINE_BYTES} 字节")
                continue
        except (OSError, EOFError, zlib.error) as error:
            yield BadLine(f"文件到这里断了：{error}")
            return
        if not line:
            return
        yield _decoded(line.removeprefix(_BOM))  # files put one behind the other have several


def as_object(line: str | BadLine) -> dict[str, Any]:
    """The JSON object that a line holds. Raises BadLine."""
    if isinstance(line, BadLine):
        raise line
    try:
        value = json.loads(line, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadLine(f"不是 JSON：{str(error)[:200] or type(error).__name__}") from None
    if not isinstance(value, dict):
        raise BadLine("要写一个 JSON 对象")
    return value


def _skip_rest(stream: BinaryIO | gzip.GzipFile) -> None:
    while chunk := stream.readline(_CHUNK):
        if chunk.endswith(b"\n"):
            return


def _decoded(line: bytes) -> str | BadLine:
    try:
        return line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError as error:
        return BadLine(f"不是 UTF-8：第 {error.start + 1} 字节是 0x{line[error.start]:02x}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:40]} is too large for a number")
    return value
