"""The board: everything its template shows, from a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.model import Severity
from gridvoice.console import queries
from gridvoice.console.banners import banners
from gridvoice.console.cards import card
from gridvoice.console.filters import Filters, facets
from gridvoice.console.remembered import Remembered
from gridvoice.console.surroundings import Surroundings
from gridvoice.console.words import counted, midnight

_CLOSED_SINCE = timedelta(days=7)
_CLOSED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Pages:
    """Where we are in a long list, and the ways to either side."""

    number: int
    last: int
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class SeverityCount:
    slug: str
    label: str
    count: int


def board(
    conn: Connection, filters: Filters, around: Surroundings, kept: Remembered, now: datetime
) -> dict[str, Any]:
    """The context of board.html."""
    taken = kept.taken_today(conn, midnight(now))
    figures = queries.read_figures(conn, midnight(now), now, around.people_channels)
    kinds = queries.read_kinds(conn)
    total = queries.count_incidents(conn, filters)
    last = max(1, -(-total // queries.PAGE_SIZE))
    filters = replace(filters, page=min(filters.page, last))
    shown = queries.read_incidents(conn, filters)
    closed = []
    if filters.page == 1 and not filters.state:
        closed = queries.read_closed(conn, filters, now - _CLOSED_SINCE, _CLOSED_SHOWN)
    rows = [*shown, *closed]
    arrivals = kept.arrivals(conn, rows, now)
    reopened = queries.read_reopened(conn, [row.id for row in rows])

    def cards(rows: Any) -> list[Any]:
        return [card(row, arrivals.get(row.id, ()), row.id in reopened, now) for row in rows]

    return {
        "banners": banners(around.troubles()),
        "figures": _figures(taken, figures, kinds),
        "facets": facets(filters, kinds),
        "filtered": filters.is_set,
        "cards": cards(shown),
        "closed": cards(closed),
        "pages": _pages(filters, last),
    }


def _figures(taken: queries.Taken, figures: queries.Figures, kinds: list[Any]) -> dict[str, Any]:
    by_severity = dict.fromkeys(("red", "orange", "yellow", "blue"), 0)
    unrated = 0
    for kind in kinds:
        if kind.area == "outside":
            continue
        if kind.severity in by_severity:
            by_severity[kind.severity] += kind.count
        else:
            unrated += kind.count
    return {
        "posts": counted(taken.posts),
        "relevant": counted(taken.relevant),
        "complaints": counted(taken.complaints),
        "delivered": counted(figures.delivered),
        "waiting": figures.waiting,
        "dead": figures.dead,
        "sources": figures.sources,
        "late": figures.late,
        "failing": figures.failing,
        "backlog": figures.backlog,
        "open_total": sum(by_severity.values()) + unrated,
        "open_by_severity": [
            SeverityCount(slug, Severity(slug).label, count) for slug, count in by_severity.items()
        ],
    }


def _pages(filters: Filters, last: int) -> Pages:
    def at(page: int) -> str | None:
        return replace(filters, page=page).href() if 1 <= page <= last else None

    return Pages(filters.page, last, at(filters.page - 1), at(filters.page + 1))
