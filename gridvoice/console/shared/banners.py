"""What is wrong right now, each with what to do about it; nothing when all is well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.trouble import Trouble, folded


@dataclass(frozen=True, slots=True)
class Banner:
    """A line across the page. `level`: alarm, warn or done."""

    level: str
    what: str
    todo: str
    href: str = ""


def banners(troubles: Iterable[Trouble]) -> list[Banner]:
    """The gravest first; many alike are one."""
    return [
        Banner("alarm" if t.alarm else "warn", t.line, t.todo.strip(), t.href)
        for t in folded(troubles)
    ]
