"""Who of a page is met already: asked of the cursor, and of the store for what it does not hold."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Sequence

from crawlers.polling.desk import Desk
from crawlers.progress.cursor import ListMark
from crawlers.progress.known import (
    Met,
    asked_of_store,
    bounded_key,
    by_known_key,
    keys_by_mark,
    moved,
    twin,
    under,
)
from crawlers.reading.pages import Entry

_NEARLY_ALL = 0.8


async def meet(desk: Desk, mark: ListMark, entries: Sequence[Entry]) -> list[Met]:
    """The posts of a list page in its order, each once, under the keys that they are known by."""
    cursor = desk.cursor
    entries = [bounded_key(entry) for entry in entries]
    held = ChainMap(cursor.fresh, cursor.seen)
    asked = asked_of_store(entries, held)
    stored: set[str] = set()
    if asked:
        polls = desk.ports.polls
        stored = await desk.ports.in_thread(polls.known, desk.source.name, asked)
    known = stored | {
        k for e in entries for k in (e.key, twin(e.key)) if k is not None and k in held
    }
    page: list[Entry] = []
    here: set[str | None] = set()
    for entry in (by_known_key(entry, known) for entry in entries):
        if entry.key not in here:
            page.append(entry)
            here |= {entry.key, twin(entry.key)}
    renamed = _renamed(desk, mark, page, known)
    return [
        _met(desk, under(entry, renamed.get(i, entry.key)), known, is_renamed=i in renamed)
        for i, entry in enumerate(page)
    ]


def _renamed(desk: Desk, mark: ListMark, page: Sequence[Entry], known: set[str]) -> dict[int, str]:
    """Place on the page → the key of the post that stands there under a new one."""
    unknown = sum(entry.key not in known for entry in page)
    if not unknown or not (mark.moving or unknown >= _NEARLY_ALL * len(page)):
        return {}
    rows = moved(page, known, mark.rows, mark.before, established=mark.moving)
    if not rows:
        mark.moving = mark.moving and unknown == len(page)
        return {}
    keys = keys_by_mark(ChainMap(desk.cursor.fresh, desk.cursor.seen))
    renamed = {place: keys[row.mark] for place, row in rows.items() if row.mark in keys}
    if renamed:
        mark.moving = True
        known.update(renamed.values())
        place = next(iter(renamed))
        desk.tally.notices.append(
            f"编号每次都变，{desk.source.rules.key_advice}：同一帖上次是“{renamed[place]}”，这次是“{page[place].key}”；"
            f"标题、正文和时间都没有变，没有当作新帖"
        )
    return renamed


def _met(desk: Desk, entry: Entry, known: Collection[str], *, is_renamed: bool) -> Met:
    cursor = desk.cursor
    if entry.key not in known:
        return Met(entry, known=False, new=True)
    digest = cursor.digest_of(entry.key)
    if entry.key in cursor.fresh or digest == entry.digest:
        return Met(entry, known=True, new=False, renamed=is_renamed)
    if digest is None:  # stored; a detail page is not read again for that
        again = entry.detail is None
        return Met(entry, known=True, new=again, renamed=is_renamed, again=again)
    return Met(entry, known=True, new=True, renamed=is_renamed)
