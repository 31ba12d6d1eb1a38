"""What commands print: JSON lines for programs, text for people, progress only on a terminal.

Nothing that came from outside (a post, an id, an argument, an address) acts on the reader's
terminal or draws a line of its own: for people such characters are left out, in JSON they are
written as escapes.
"""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, TypeVar

from domain.masking.plain import seen

T = TypeVar("T")

# All but the usual letters and signs is looked at one by one.
_UNUSUAL = re.compile("[^ -~\u3001-\u30ff\u4e00-\u9fff\uff01-\uff5e]")


def set_encoding(for_programs: bool) -> None:
    """JSON is UTF-8 whatever the locale; for people, what their terminal cannot show becomes ?."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if for_programs and stream is sys.stdout:
                stream.reconfigure(encoding="utf-8")
            else:
                stream.reconfigure(errors="replace")


def emit(value: dict[str, Any]) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(as_json_line(value) + "\n")


def as_json_line(value: dict[str, Any]) -> str:
    """`value` as JSON in UTF-8; what a terminal would act on or not show, as \\u escapes."""
    return _UNUSUAL.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    return _spelt(match[0])


@lru_cache(maxsize=4096)
def _spelt(character: str) -> str:
    """Outside of strings JSON is ASCII: what is met here stands in a string."""
    if seen(character) == character:
        return character
    return json.dumps(character)[1:-1] if character > "\x7f" else f"\\u{ord(character):04x}"


def say(text: str = "") -> None:
    """A line for people."""
    sys.stdout.write(seen(text) + "\n")


def complain(text: str) -> None:
    """Trouble, on standard error: a line, or one with indented lines below it."""
    first, *more = text.split("\n")
    sys.stderr.write(f"gridvoice: {seen(first)}\n")
    for line in more:
        sys.stderr.write(f"  {seen(line).strip()}\n")


def show_traceback(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """For sys.excepthook: what raised may quote a stranger's text."""
    for line in "".join(traceback.format_exception(kind, error, trace)).split("\n"):
        sys.stderr.write(seen(line) + "\n")


def progress(items: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Pass items on, counting them on standard error when that is a terminal."""
    shown, what = sys.stderr.isatty(), seen(what)
    count = 0
    for count, item in enumerate(items, 1):
        yield item
        if shown and count % 200 == 0:
            of = f"/{total}" if total else ""
            sys.stderr.write(f"\r{what} {count}{of} ")
            sys.stderr.flush()
    if shown and count >= 200:
        sys.stderr.write(f"\r{what} {count} 完成\n")


def width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table, aligned for Chinese."""
    rows = [[seen(cell) for cell in row] for row in rows]
    columns = [max(width(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = (c + " " * (w - width(c)) for c, w in zip(row, columns, strict=True))
        say("  ".join(cells).rstrip())
