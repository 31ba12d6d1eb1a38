"""Long lists, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pager:
    """Where we are in a long list, and the ways to either side."""

    number: int
    last: int
    previous: str | None
    next: str | None


def pager(asked: int, total: int, size: int, href: Callable[[int], str]) -> Pager:
    """The page asked for, or the last there is, of `total` things; `href`: a page's address."""
    last = max(1, -(-total // size))
    number = min(asked, last)
    return Pager(
        number,
        last,
        href(number - 1) if number > 1 else None,
        href(number + 1) if number < last else None,
    )


def page_number(typed: str | None) -> int:
    """The page that an address asks for; the first, where it says nothing sensible."""
    known = typed is not None and typed.isascii() and typed.isdecimal() and len(typed) < 6
    return max(1, int(typed or 1)) if known else 1
