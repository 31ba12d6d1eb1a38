"""What troubles the system, since when, and what of it the operator was told.

Kept in memory, so that it works while the store does not, and written to the store when that can
be, so that a restart repeats nothing. Spans run on the monotonic clock: the wall clock may jump.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from alerts.notice.notice import TroubleItem, Troubles
from db import troubles
from db.engine import read, write
from db.troubles import TroubleRow
from domain.clock import utc_now
from domain.trouble import Trouble, folded

OVER_AFTER_S = 120.0  # what stays away so long is over; a new process needs a while to see
FLICKER_S = 15.0  # what nobody has heard of and stays away so long must last its time anew
REPEAT_AFTER = timedelta(minutes=30)  # what comes and goes is told no more often than this


@dataclass
class _Spell:
    """One trouble from its beginning to its end."""

    trouble: Trouble
    since: datetime
    began: float  # monotonic, as are the next
    gone: float | None = None
    told_at: datetime | None = None  # perhaps in a spell before this one
    told: bool = False  # in this one
    ended_at: datetime | None = None
    changed: bool = True


@dataclass(frozen=True, slots=True)
class News:
    """What the operator is to hear now."""

    begun: tuple[str, ...] = ()
    over: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.over)


class Told:
    """The memory. Used by the task that tells and by the one that writes to the store."""

    def __init__(self, wall: Callable[[], datetime] = utc_now) -> None:
        self._wall = wall
        self._spells: dict[str, _Spell] = {}
        self._lock = threading.Lock()
        self.loaded = False

    def look(self, standing: Iterable[Trouble], monotonic: float | None = None) -> News:
        """Take note of what stands now; what of it is due to be told."""
        now = time.monotonic() if monotonic is None else monotonic
        present = {trouble.key: trouble for trouble in standing}
        with self._lock:
            for key, trouble in present.items():
                spell = self._spells.get(key)
                if spell is None or spell.ended_at is not None:
                    before = spell.told_at if spell else None
                    spell = _Spell(trouble, self._wall(), now, told_at=before)
                    self._spells[key] = spell
                spell.trouble, spell.gone = trouble, None
            begun, over = [], []
            for key, spell in self._spells.items():
                if spell.ended_at is not None:
                    continue
                if key in present:
                    if self._is_due(spell, now):
                        begun.append(key)
                    continue
                spell.gone = now if spell.gone is None else spell.gone
                if now - spell.gone < (OVER_AFTER_S if spell.told else FLICKER_S):
                    continue
                if spell.told and spell.trouble.lasts:
                    over.append(key)
                else:
                    self._end(spell)
        return News(tuple(begun), tuple(over))

    def _is_due(self, spell: _Spell, now: float) -> bool:
        after = spell.trouble.tell_after
        if spell.told or after is None or now - spell.began < after.total_seconds():
            return False
        # A told_at that lies ahead was written before the clock was set back.
        since_told = self._wall() - spell.told_at if spell.told_at else None
        return since_told is None or not timedelta(0) <= since_told < REPEAT_AFTER

    def _end(self, spell: _Spell) -> None:
        spell.ended_at, spell.changed = self._wall(), True

    def only_alarms(self, news: News) -> News:
        """What of it cannot wait for the morning."""
        with self._lock:
            begun, over = (
                tuple(k for k in keys if self._spells[k].trouble.alarm)
                for keys in (news.begun, news.over)
            )
        return News(begun, over)

    def troubles(self, news: News) -> Troubles:
        """What it is about; many alike are one."""
        with self._lock:
            return Troubles(self._items(news.begun), self._items(news.over))

    def _items(self, keys: Iterable[str]) -> tuple[TroubleItem, ...]:
        spells = [self._spells[key] for key in keys]
        since = {spell.trouble.key: spell.since for spell in spells}
        return tuple(
            TroubleItem(t.key, t.line, t.todo, since[t.key], t.alarm)
            for t in folded(spell.trouble for spell in spells)
        )

    def tell(self, news: News) -> None:
        """The operator has heard it."""
        with self._lock:
            for key in news.begun:
                spell = self._spells[key]
                spell.told, spell.told_at, spell.changed = True, self._wall(), True
                if not spell.trouble.lasts:
                    self._end(spell)
            for key in news.over:
                self._end(self._spells[key])

    def has_told(self, key: str) -> bool:
        """Whether the operator has heard of this, in its present spell."""
        with self._lock:
            return key in self._spells and self._spells[key].told

    def sync(self, engine: Engine) -> None:
        """Read what an earlier process told, once; write what has changed since the last call."""
        if not self.loaded:
            with read(engine) as conn:
                self._recall(troubles.stored(conn))
        with self._lock:
            changed = [spell for spell in self._spells.values() if spell.changed]
            rows = [_row(spell) for spell in changed]
        if not rows:
            return
        with write(engine) as conn:
            troubles.save(conn, rows, self._wall())
        with self._lock:
            for spell, row in zip(changed, rows, strict=True):
                # It may have moved on meanwhile.
                spell.changed = replace(_row(spell), what=row.what, todo=row.todo) != row

    def _recall(self, rows: Iterable[TroubleRow]) -> None:
        wall, now = self._wall(), time.monotonic()
        with self._lock:
            for row in rows:
                age = max(0.0, (wall - row.since).total_seconds())
                told = row.told_at is not None and row.told_at >= row.since
                spell = self._spells.get(row.key)
                if spell is None:
                    trouble = Trouble(row.key, row.what, row.todo, row.alarm)
                    self._spells[row.key] = _Spell(
                        trouble, row.since, now - age, None, row.told_at, told, row.ended_at, False
                    )
                elif row.ended_at is None and spell.ended_at is None:
                    spell.since, spell.began = row.since, min(spell.began, now - age)
                    spell.told, spell.told_at = spell.told or told, spell.told_at or row.told_at
                else:
                    spell.told_at = spell.told_at or row.told_at
            self.loaded = True


def _row(spell: _Spell) -> TroubleRow:
    t = spell.trouble
    return TroubleRow(t.key, t.line, t.todo, t.alarm, spell.since, spell.told_at, spell.ended_at)
