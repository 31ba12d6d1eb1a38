"""What polls have left unread of a list, and one way down its pages. Pure.

A list grows at its top while it is read, loses posts, fails and is broken off. So a way down it
ends only where it touches ground that was known before it began, or at the list's end; wherever
else it stops lies a `Gap`, which the next polls read on, from the page where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from crawlers.progress.asks import pack, unpack
from crawlers.progress.known import Met, mark_of
from crawlers.reading.pages import Ask

FIRST_LOOK_PAGES = 500  # of a list that was never read before
_IDLE_PAGES = 20  # known pages in a row, beyond what reading again explains: the ground was missed
_MOST_GAPS = 8
_ROUNDING = 0.01


@dataclass(slots=True, eq=False)
class Gap:
    """Pages that may hold posts which no poll has met."""

    ask: Ask  # the page to go on with: the last one read, so that nothing slips by at the seam
    until: tuple[str, ...] = ()  # marks of the posts below it, in order; none: to the list's end
    left: float | None = None  # pages' worth of it that may still be read; None: all
    look: bool = False  # nothing is known to be missing: a look past known pages
    gone: bool = False  # the page after `ask` was not there; once more, and the list ends here
    idle: int = 0  # known pages in a row since something new was met
    sunk: float = 0.0  # pages by which what came above it has pushed it down, at least

    def write(self, series: str) -> dict[str, Any]:
        """For the row, as a gap of the list that is stored as `series`."""
        kept: dict[str, Any] = {
            "ask": pack(self.ask, series),
            "until": "".join(self.until),
            "left": self.left,
            "look": self.look,
            "gone": self.gone,
            "idle": self.idle,
            "sunk": round(self.sunk, 2),
        }
        return {name: value for name, value in kept.items() if value or name == "left"}

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Gap:
        marks = raw.get("until", "")
        return cls(
            unpack(raw["ask"]),
            tuple(marks[i : i + 8] for i in range(0, len(marks), 8)),
            raw.get("left"),
            bool(raw.get("look")),
            bool(raw.get("gone")),
            raw.get("idle", 0),
            raw.get("sunk", 0.0),
        )


def bounded(gaps: list[Gap]) -> list[Gap]:
    """At most eight, newest first: two neighbours become one that spans what lies between. If it
    can be, two that are read to their end, so that a look keeps its own measure."""
    while len(gaps) > _MOST_GAPS:
        whole = (
            i for i in range(1, len(gaps)) if gaps[i].left is None and gaps[i - 1].left is None
        )
        place = max(whole, default=len(gaps) - 1)
        upper, lower = gaps[place - 1 : place + 1]
        one = Gap(upper.ask, lower.until, lower.left, sunk=upper.sunk + lower.sunk)
        gaps[place - 1 : place + 1] = [one]
    return gaps


class Stop(Enum):
    """Why a way down ended."""

    TOUCHED = auto()  # known ground
    END = auto()  # of the list
    GONE = auto()  # there is no next page, this time
    FAR = auto()  # as far down as it was to go
    BUDGET = auto()  # the poll's share of pages
    SHARE = auto()  # the poll's share of detail pages, or the site is left in peace


class Walk:
    """One way down: what was met on it, where a post may have slipped by, what it has cost."""

    def __init__(self, gap: Gap, pages: int, *, from_top: bool = False, surely: bool = False):
        self.gap = gap
        self.read = 0
        self.fresh_pages = 0.0  # pages' worth of posts that were new
        self.found = 0  # posts that were new, below the first page
        self.repeats = 0  # pages in a row that only repeated this way's own posts
        self.doubt: Ask | None = None  # the page after which a post may have slipped by
        self._pages = pages
        self._from_top = from_top
        self._need = 2 if surely else 1  # known pages in a row that make known ground
        self._streak = 0
        self._touched = False
        self._met: set[str] = set()
        self._above: tuple[Ask, bool] | None = None  # the page before, and: its last post was known
        self._ends_on_ground = False
        self._is_below_known = from_top  # what is new from here on is this gap's, not one's above

    def reach(self, ask: Ask, page: Sequence[Met]) -> list[Met]:
        """A page is read: where to go on should this break off, and what was not met before.

        Where the list lost a post between two requests, the first of the next page slipped on to
        the page before. Between two known posts that is none that we lack, and pages that overlap
        prove that nothing slipped. After page one it does no harm: the next poll reads that again.
        """
        keys = [met.entry.key for met in page]
        if self._above is not None and page and self.doubt is None:
            above, old_at_its_end = self._above
            below_top = above.number > 0 or not self._from_top
            known = old_at_its_end and page[0].known
            if below_top and not known and self._met.isdisjoint(keys):
                self.doubt = above
        self.gap.ask = self.doubt or ask
        return [met for met in page if met.entry.key not in self._met]

    def leave(self, ask: Ask, page: Sequence[Met], rest: Sequence[Met]) -> None:
        """What that page held is stored."""
        self.read += 1
        if page:
            self._above = ask, (rest or page)[-1].known
            self.repeats = 0 if rest else self.repeats + 1
            self._forget_stuck(page)
        self._met.update(met.entry.key for met in page)
        if not rest:
            return
        unknown = sum(not met.known for met in rest)
        self.fresh_pages += unknown / len(page)
        self._is_below_known = self._is_below_known or unknown < len(rest)
        if self.gap.left is not None and self._is_below_known:
            # Known pages cost a look, and a first look nothing.
            self.gap.left -= 1 if self.gap.look else unknown / len(page)
        if unknown:
            self.found += unknown if ask.number else 0
            self.gap.gone = False
        self._notice_ground(rest)

    def _forget_stuck(self, page: Sequence[Met]) -> None:
        """Old posts above new ones are fixed to the top, or were moved up; those that come again
        below new ones are fixed to every page. They tell of no ground."""
        new = [i for i, met in enumerate(page) if not met.known]
        if not new:
            return
        stuck = {
            mark_of(met.entry.key)
            for i, met in enumerate(page)
            if i < new[-1] or (i > new[0] and met.entry.key in self._met)
        }
        self.gap.until = tuple(mark for mark in self.gap.until if mark not in stuck)

    def _notice_ground(self, rest: Sequence[Met]) -> None:
        gap = self.gap
        marks = [mark_of(met.entry.key) for met in rest]
        if is_tail_known(rest):
            self._streak += 1
            self._touched = self._touched or not set(marks).isdisjoint(gap.until)
            gap.idle += not (gap.look or self._from_top)
            return
        self._streak, self._touched, gap.idle = 0, False, 0
        tail = marks[max(i for i, met in enumerate(rest) if not met.known) + 1 :]
        self._ends_on_ground = bool(tail) and tail[:1] == list(gap.until[:1])

    def stand_on(self, ask: Ask, page: Sequence[Met]) -> None:
        """Begin below a page that this poll has read already."""
        self._met.update(met.entry.key for met in page)
        self._above = ask, bool(page) and page[-1].known
        self._is_below_known = self._above[1]

    @property
    def touches(self) -> bool:
        """Whether the way has come to ground that was known before it began."""
        if self._streak >= self._need and self._touched:
            return True
        return self.gap.idle > _IDLE_PAGES + 4 * self._pages + 2 * self.gap.sunk

    @property
    def touches_at_last(self) -> bool:
        """Where there is no budget to look further: a page that ends in the top of old ground."""
        return self.touches or (self._need == 1 and self._ends_on_ground)

    @property
    def is_stuck(self) -> bool:
        """Whether it looks as if the site answered every further page with its last one."""
        return self.repeats % 4 == 2

    @property
    def has_had_enough(self) -> bool:
        """Whether the poll's share of pages of this way is used up.

        In a look a page is a page. Else only what is new on them counts: from the top, because
        pages repeat while the list grows; in a gap, because what it has grown since, and what is
        read again to be sure, lies before.
        """
        if self.gap.look:
            return self.read >= self._pages
        most = 2 * self._pages if self._from_top else 4 * self._pages + 2
        return self.fresh_pages > self._pages - _ROUNDING or self.read >= most


def is_tail_known(rest: Sequence[Met]) -> bool:
    """Whether all of a page is known; of one whose ids change, all below the first known post."""
    known = [met.known for met in rest]
    if not any(met.renamed for met in rest):
        return all(known)
    return all(known[known.index(True) :])
