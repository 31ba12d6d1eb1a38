"""Which posts of a page are met already, under whatever key the site shows them today. Pure.

A post is known by its key. Two sites' habits break that: the same address comes under http today
and https tomorrow, and ids (a session, a random number) change at each poll. The first is settled
by its twin. The second shows in the list as a whole: in the order in which they stood, under no
key of theirs, stand the titles, texts and times of the last poll. A single post whose words
happen to equal another's is never taken for it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from crawlers.reading.pages import Entry
from domain.input.bounds import cut_key

_RELATIVE = re.compile(r"[前刚今昨]|ago", re.IGNORECASE)  # such a time is another at each poll
_ONE_TO_ONE = 0.9  # share of what stands below the first match that must match too
_VARIED = 0.6  # share of what matches that must be different from the rest of it
_FEW = 3  # below so many matches equal titles alone prove nothing


@dataclass(frozen=True, slots=True)
class Met:
    """A post as a page shows it, under the key that it is known by."""

    entry: Entry
    known: bool  # stored, or waiting as a pending page, before this page was read
    new: bool  # to be taken in: unknown, or shown with other words than last time, or `again`
    renamed: bool = False  # the site shows it under another key than before
    again: bool = False  # stored, but whether as it is shown now is not known here


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of a post of a list: a mark of its key, a mark of what was shown."""

    mark: str
    content: str


def mark_of(key: str) -> str:
    """Eight letters that stand for a key."""
    return hashlib.blake2s(key.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def content_of(entry: Entry) -> str:
    """Eight letters that stand for title, text and time as a page shows them."""
    shown = json.dumps(_said(entry), ensure_ascii=True).encode()
    return hashlib.blake2s(shown, digest_size=4).hexdigest()


def _said(entry: Entry) -> tuple[str, str, str]:
    title, text, time = (str(entry.fields.get(name) or "") for name in ("title", "text", "time"))
    return title, text, "" if _RELATIVE.search(time) else time


def row_of(met: Met) -> Row:
    return Row(mark_of(met.entry.key), content_of(met.entry))


def bounded_key(entry: Entry) -> Entry:
    """With a key as the store keeps it."""
    return under(entry, cut_key(entry.key))


def under(entry: Entry, key: str) -> Entry:
    """The same post, by the key that it is known by."""
    if key == entry.key:
        return entry
    detail = entry.detail and entry.detail.but(key=key)
    return replace(entry, key=key, detail=detail)


def twin(key: str) -> str | None:
    """The same address under the other of http and https; None where the key is no address."""
    if key.startswith("http://"):
        return "https://" + key[len("http://") :]
    if key.startswith("https://"):
        return "http://" + key[len("https://") :]
    return None


def asked_of_store(entries: Sequence[Entry], seen: Collection[str]) -> list[str]:
    """The keys that the store has to be asked for: those that the cursor does not hold."""
    asked: list[str] = []
    for entry in entries:
        other = twin(entry.key)
        if entry.key not in seen and other not in seen:
            asked += [entry.key] if other is None else [entry.key, other]
    return asked


def by_known_key(entry: Entry, known: Collection[str]) -> Entry:
    """Under its twin's key where only that is known."""
    other = twin(entry.key)
    if other is None or entry.key in known or other not in known:
        return entry
    return under(entry, other)


def moved(
    page: Sequence[Entry],
    known: Collection[str],
    rows: Sequence[Row],
    shown_before: int,
    *,
    established: bool = False,
) -> dict[int, Row]:
    """Which of a page's posts are posts of `rows` under a new key: its place on the page → row.

    `rows` is what the list showed last time, in its order, the first `shown_before` on one page.
    Empty unless the list as a whole shows it, or did so at an earlier poll (`established`).
    """
    unknown = [entry.key not in known for entry in page]
    if not any(unknown):
        return {}
    contents = [content_of(entry) for entry in page]
    marks = {mark_of(entry.key) for entry in page}
    pairs: dict[int, Row] = {}
    blocks = SequenceMatcher(None, [row.content for row in rows], contents, autojunk=False)
    for block in blocks.get_matching_blocks():
        for n in range(block.size):
            row, place = rows[block.a + n], block.b + n
            if unknown[place] and row.mark not in marks:
                pairs[place] = row
    if not pairs:
        return {}
    of_list = {row.mark for row in rows}
    same = sum(mark_of(e.key) in of_list for e, new in zip(page, unknown, strict=True) if not new)
    if established:
        return pairs if same <= len(pairs) else {}
    whole = len(pairs) == len(page) == shown_before
    tail = len(page) - min(pairs)
    enough = whole or (len(pairs) >= 2 and 2 * len(pairs) >= len(page))
    varied = len({contents[place] for place in pairs}) >= _VARIED * len(pairs)
    as_a_whole = same * 10 <= len(pairs) and len(pairs) >= _ONE_TO_ONE * tail
    more_than_titles = len(pairs) >= _FEW or all(any(_said(page[n])[1:]) for n in pairs)
    return pairs if enough and varied and as_a_whole and more_than_titles else {}


def keys_by_mark(seen: Mapping[str, str]) -> dict[str, str]:
    """Mark → key, for the keys that a cursor holds."""
    return {mark_of(key): key for key in seen}
