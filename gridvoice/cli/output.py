"""What commands print: JSON lines for programs, text for people, progress only on a terminal."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


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
    line = json.dumps(value, ensure_ascii=False)
    try:
        sys.stdout.write(line + "\n")
    except UnicodeEncodeError:  # half a character that a site sent: written as an escape
        sys.stdout.write(json.dumps(value) + "\n")


def say(text: str = "") -> None:
    """A line for people."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """A line of trouble, on standard error."""
    sys.stderr.write(f"gridvoice: {text}\n")


def progress(items: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Pass items on, counting them on standard error when that is a terminal."""
    shown = sys.stderr.isatty()
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
    columns = [
        max(width(str(cell)) for cell in column) for column in zip(header, *rows, strict=True)
    ]
    for row in (header, *rows):
        cells = (str(c) + " " * (w - width(str(c))) for c, w in zip(row, columns, strict=True))
        say("  ".join(cells).rstrip())
