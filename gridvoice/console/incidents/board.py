"""The board: everything its template shows, from a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from db import timers
from db.pages import board as read
from db.pages.board import Figures, TakenToday
from db.pages.incident import ShownIncident
from domain.assessments import Severity
from domain.incidents.events import TimerKind
from domain.incidents.filter import IncidentCount, IncidentFilter
from gridvoice.console.incidents.cards import Card, card
from gridvoice.console.incidents.filters import facets, href
from gridvoice.console.incidents.growth import LONGEST
from gridvoice.console.shared.banners import banners
from gridvoice.console.shared.context import Context
from gridvoice.console.shared.pager import pager
from gridvoice.console.shared.wording import counted, midnight

_CLOSED_SINCE = timedelta(days=7)
_CLOSED_SHOWN = 20
_RATED = (Severity.RED, Severity.ORANGE, Severity.YELLOW, Severity.BLUE)


@dataclass(frozen=True, slots=True)
class SeverityCount:
    slug: str
    label: str
    count: int


def board(
    conn: Connection, asked: IncidentFilter, page: int, context: Context, now: datetime
) -> dict[str, Any]:
    """What board.html shows."""
    taken = context.kept.taken_today(conn, midnight(now))
    people = [name for name, one in context.config.channels.items() if one.reaches_people]
    figures = read.read_figures(conn, midnight(now), now, people)
    counts = read.read_counts(conn)
    pages = pager(page, read.count_incidents(conn, asked), read.PAGE_SIZE, lambda n: href(asked, n))
    shown = read.read_incidents(conn, asked, pages.number)
    closed = []
    if pages.number == 1 and not asked.state:
        closed = read.read_closed(conn, asked, now - _CLOSED_SINCE, _CLOSED_SHOWN)
    both = [*shown, *closed]
    arrivals = context.kept.arrivals(conn, both, now - LONGEST)
    ids = [one.id for one in both]
    reopened = read.read_reopened(conn, ids)
    held = timers.waiting(conn, TimerKind.HELD, ids, now)

    def cards(some: Sequence[ShownIncident]) -> list[Card]:
        return [
            card(one, arrivals.get(one.id, ()), one.id in reopened, held.get(one.id), now)
            for one in some
        ]

    return {
        "banners": banners(context.troubles()),
        "figures": _figures(taken, figures, counts),
        "facets": facets(asked, counts),
        "filtered": asked.is_set,
        "cards": cards(shown),
        "closed": cards(closed),
        "pages": pages,
    }


def _figures(
    taken: TakenToday, figures: Figures, counts: Sequence[IncidentCount]
) -> dict[str, Any]:
    by_severity: dict[str, int] = dict.fromkeys(_RATED, 0)
    unrated = 0
    for one in counts:
        if one.area == "outside":
            continue
        if one.severity in by_severity:
            by_severity[one.severity] += one.count
        else:
            unrated += one.count
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
            SeverityCount(level, level.label, by_severity[level]) for level in _RATED
        ],
    }
