"""What is known of a source between two polls: the JSON that lies in its row.

`seen` maps keys to digests of what the lists last showed of them, newest first. `lists` holds for
each list its first page as it was (ETag, Last-Modified, hash, number of entries), the rows it
showed last, the gaps that polls have left in it, and what was found out about its habits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from crawlers.progress.gap import Gap
from crawlers.progress.known import Met, Row, mark_of, row_of
from crawlers.reading.pages import Conditions, Series

_MOST_SEEN = 300
_MOST_ROWS, _LEAST_ROWS, _ROWS_OF_SOURCE = 100, 20, 3000
_NO_CONTENT = "-" * 8


@dataclass(slots=True)
class ListMark:
    """One list, as the polls so far found it."""

    etag: str | None = None
    modified: str | None = None
    page: str | None = None  # hash of the first page's body; None: it was never read
    matched: int = 0
    before: int = 0  # what `matched` was before this poll
    rows: list[Row] = field(default_factory=list)  # what it showed last, newest first
    gaps: list[Gap] = field(default_factory=list)  # newest first
    looked: int = 0  # number of the poll that last looked past known pages
    looked_at: datetime | None = None
    ended: bool = False  # it was read to its end
    unordered: bool = False  # news came up below known pages
    plain: bool = False  # its 304 cannot be trusted
    moving: bool = False  # its ids change at each poll

    @property
    def conditions(self) -> Conditions | None:
        """What to ask along, unless the page itself is wanted."""
        if self.plain or not (self.etag or self.modified):
            return None
        return Conditions(self.etag, self.modified)

    @property
    def is_open(self) -> bool:
        """Whether posts may be missing."""
        return any(not gap.look for gap in self.gaps)

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(row.mark for row in self.rows)

    def show(self, page: Sequence[Met], shown: list[Row], room: int) -> None:
        """A page was read on a way from the top, on which `shown` was met before it."""
        here = {row.mark for row in shown}
        shown += [row for met in page if (row := row_of(met)).mark not in here]
        here |= {row.mark for row in shown}
        self.rows = (shown + [row for row in self.rows if row.mark not in here])[:room]

    def write(self, series: str) -> dict[str, Any]:
        kept: dict[str, Any] = {
            "e": self.etag,
            "m": self.modified,
            "p": self.page,
            "n": self.matched,
            "rows": "".join(row.mark + row.content for row in self.rows),
            "gaps": [gap.write(series) for gap in self.gaps],
            "looked": self.looked,
            "looked_at": self.looked_at and self.looked_at.isoformat(),
        }
        habits = ("ended", "unordered", "plain", "moving")
        kept |= {name: getattr(self, name) for name in habits}
        return {name: value for name, value in kept.items() if value}

    @classmethod
    def read(cls, raw: Mapping[str, Any], seen: Mapping[str, str]) -> ListMark:
        rows, looked_at = raw.get("rows"), raw.get("looked_at")
        if raw.get("open"):  # written by 0.1.0 in the middle of a poll: read it from the start
            return cls()
        if rows is None and raw.get("p") and "looked_at" not in raw:
            # Written by 0.1.0, which knew no rows: any post of the source is known ground.
            rows = "".join(mark_of(key) + _NO_CONTENT for key in islice(seen, _MOST_ROWS))
        rows = rows or ""
        return cls(
            etag=raw.get("e"),
            modified=raw.get("m"),
            page=raw.get("p"),
            matched=raw.get("n", 0),
            before=raw.get("n", 0),
            rows=[Row(rows[i : i + 8], rows[i + 8 : i + 16]) for i in range(0, len(rows), 16)],
            gaps=[Gap.read(gap) for gap in raw.get("gaps", ())],
            looked=raw.get("looked", 0),
            looked_at=datetime.fromisoformat(looked_at) if looked_at else None,
            **{name: bool(raw.get(name)) for name in ("ended", "unordered", "plain", "moving")},
        )


@dataclass(slots=True)
class Cursor:
    """Read from the row at the start of a poll, changed along, written with each delivery."""

    rules: str
    seen: dict[str, str] = field(default_factory=dict)
    lists: dict[str, ListMark] = field(default_factory=dict)  # by the key of their series
    since: datetime | None = None  # start of the last complete poll
    interval: timedelta | None = None
    turn: str = ""  # the key of the list that the next poll begins with
    fresh: dict[str, str] = field(default_factory=dict)  # met in this poll

    @classmethod
    def read(cls, raw: Mapping[str, Any], rules: str) -> Cursor:
        """From the row. After a change of the source's rules, what is held of its lists is void.

        Raises ValueError where the row holds what no version of ours wrote.
        """
        try:
            # 0.1.0 kept apart, as `part`, what a poll that broke off had met: the newer of both.
            seen = {**raw.get("part", {})}
            seen |= {k: d for k, d in raw.get("seen", {}).items() if k not in seen}
            same = raw.get("rules") == rules
            lists = raw.get("lists", {}) if same else {}
            since, interval = raw.get("since"), raw.get("interval_s")
            return cls(
                rules=rules,
                seen=seen,
                lists={name: ListMark.read(mark, seen) for name, mark in lists.items()},
                since=datetime.fromisoformat(since) if since else None,
                interval=timedelta(seconds=interval) if interval else None,
                turn=str(raw.get("turn", "")) if same else "",
            )
        except (AttributeError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

    def mark(self, series: Series) -> ListMark:
        """Of this list; the gaps that were stored of it ask as this list again."""
        mark = self.lists.setdefault(series.key, ListMark())
        for gap in mark.gaps:
            gap.ask = gap.ask.but(series=series)
        return mark

    @property
    def room(self) -> int:
        """How many rows are kept of each list."""
        return max(_LEAST_ROWS, min(_MOST_ROWS, _ROWS_OF_SOURCE // max(len(self.lists), 1)))

    def digest_of(self, key: str) -> str | None:
        """What was shown of a post when it was last met, in this poll or before."""
        return self.fresh.get(key) or self.seen.get(key)

    def note(self, key: str, digest: str) -> None:
        """A post of this poll that is stored, or lies as a pending page."""
        self.fresh[key] = digest

    def write(self) -> dict[str, Any]:
        """For the row: keys of this poll first, older ones after, up to a limit; beyond it only
        those that stand in the rows of a list."""
        seen = self.fresh | {k: d for k, d in self.seen.items() if k not in self.fresh}
        most = max(_MOST_SEEN, len(self.fresh))
        if len(seen) > most:
            wanted = {row.mark for mark in self.lists.values() for row in mark.rows}
            kept = dict(islice(seen.items(), most))
            beyond = islice(seen.items(), most, None)
            seen = kept | {k: d for k, d in beyond if mark_of(k) in wanted}
        written: dict[str, Any] = {
            "rules": self.rules,
            "seen": seen,
            "lists": {name: mark.write(name) for name, mark in self.lists.items()},
        }
        if self.since:
            written["since"] = self.since.isoformat()
        if self.interval:
            written["interval_s"] = self.interval.total_seconds()
        if self.turn:
            written["turn"] = self.turn
        return written
