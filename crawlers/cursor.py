"""What has been seen of a source: the JSON that lies in its row between two polls.

`seen` maps keys to digests of what the lists showed at the last complete poll, newest first;
`part` the same for a crawl that was cut short. `lists` holds for each list its first page's ETag,
Last-Modified, content hash and number of entries, and `open` while a crawl of it was cut short:
then a page full of known posts is no reason to stop, because behind it may lie a gap; only a page
that the last complete poll saw is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from crawlers.pages import Conditions

_MOST_SEEN = 300


@dataclass(slots=True)
class ListMark:
    """The first page of one list, as it was."""

    etag: str | None = None
    modified: str | None = None
    page: str | None = None  # hash of the body
    matched: int = 0
    open: bool = False

    @property
    def conditions(self) -> Conditions | None:
        """What to ask along, unless the page itself is wanted."""
        if self.open or not (self.etag or self.modified):
            return None
        return Conditions(self.etag, self.modified)


@dataclass(slots=True)
class Cursor:
    """Read from the row at the start of a poll, changed along, written with each delivery."""

    rules: str
    seen: dict[str, str] = field(default_factory=dict)
    part: dict[str, str] = field(default_factory=dict)
    lists: dict[str, ListMark] = field(default_factory=dict)
    since: datetime | None = None  # start of the last complete poll
    interval: timedelta | None = None
    fresh: dict[str, str] = field(default_factory=dict)  # met in this poll

    @classmethod
    def read(cls, raw: Mapping[str, Any], rules: str) -> Cursor:
        """From the row. After a change of the source's rules, page hashes and ETags are void."""
        lists = {}
        if raw.get("rules") == rules:
            for name, m in raw.get("lists", {}).items():
                lists[name] = ListMark(
                    m.get("e"), m.get("m"), m.get("p"), m.get("n", 0), bool(m.get("open"))
                )
        since = raw.get("since")
        interval = raw.get("interval_s")
        return cls(
            rules=rules,
            seen=dict(raw.get("seen", {})),
            part=dict(raw.get("part", {})),
            lists=lists,
            since=datetime.fromisoformat(since) if since else None,
            interval=timedelta(seconds=interval) if interval else None,
        )

    def mark(self, series: str) -> ListMark:
        return self.lists.setdefault(series, ListMark())

    def digest_of(self, key: str) -> str | None:
        """What was shown of a post when it was last met, before this poll."""
        return self.part.get(key) or self.seen.get(key)

    def note(self, key: str, digest: str) -> None:
        """A post of this poll that is stored, or lies as a pending page."""
        self.fresh[key] = digest

    def write(self) -> dict[str, Any]:
        """For the row: keys of this poll first, older ones after, up to a limit."""
        part = self.fresh | {k: d for k, d in self.part.items() if k not in self.fresh}
        seen = self.seen
        if not any(m.open for m in self.lists.values()):
            seen = part | {k: d for k, d in seen.items() if k not in part}
            part = {}
        lists = {}
        for name, m in self.lists.items():
            kept: dict[str, Any] = {"e": m.etag, "m": m.modified, "p": m.page, "n": m.matched}
            lists[name] = {k: v for k, v in kept.items() if v} | ({"open": True} if m.open else {})
        most = max(_MOST_SEEN, len(self.fresh))
        written: dict[str, Any] = {
            "rules": self.rules,
            "seen": dict(islice(seen.items(), most)),
            "lists": lists,
        }
        if part:
            written["part"] = dict(islice(part.items(), most))
        if self.since:
            written["since"] = self.since.isoformat()
        if self.interval:
            written["interval_s"] = self.interval.total_seconds()
        return written
