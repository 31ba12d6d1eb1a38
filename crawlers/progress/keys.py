"""Entries that share a key: told apart, so that none of them vanishes behind the first. Pure.

A feed that writes the same guid everywhere, a list whose links all lead to one address, ids that a
pattern cuts too short: the site gives no key, and the post's link or its words become one. The
choice must be the same at the next poll, when the neighbour has left the page: what is met already
keeps the key under which it was met.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from crawlers.reading.addresses import canonical_url
from crawlers.reading.dates import read_time
from crawlers.reading.pages import Entry, Found, Page
from domain.addresses import split_address

Met = Callable[[str], str | None]  # key → digest of what was last shown under it, None: not met
_PINNED = re.compile(r"(?:[\[【(（]\s*)?(?:置顶|热门|推荐|精华|最新|公告|new|top)\s*[\])】）]\s*")
_CUT_SHORT = re.compile(r"(?:…+|\.{3,})$")
# A second link to the same post, no second post.
_ALSO_A_LINK = re.compile(
    r"\W*(?:点击|阅读)?(?:查看|详情|详细|更多|全文|原文|进入|回复|评论|\d+|[条次篇个楼]|more|details?|view)*\W*",
    re.IGNORECASE,
)
_MANY = 3  # lists on a page in which a title must stand to be part of the layout
_A_DAY_ON = timedelta(hours=25)


def told_apart(found: Found, met: Met, page: Page) -> Found:
    """`found` with a key for each of its posts; a post listed twice counts once."""
    groups: dict[str, list[Entry]] = {}
    for entry in found.entries:
        groups.setdefault(entry.key, []).append(entry)
    layout = _layout(list(groups.values()))
    told: dict[int, Entry] = {}
    shared: list[str] = []
    for key, group in groups.items():
        different = _different(group, layout, page)
        if len(different) > 1:
            shared.append(key)
        for entry in different:
            others = [e for e in different if e is not entry]
            told[id(entry)] = _told(entry, others, groups, met, page)
    entries = tuple(told[id(e)] for e in found.entries if id(e) in told)
    if not shared:
        return replace(found, entries=entries)
    notice = (
        f"{len(entries)} 条里只有 {len(groups)} 个编号（例如“{shared[0][:80]}”由几条共用），"
        f"已按链接或标题区分；请核对 key、key_pattern 或 link"
    )
    said = f"{found.notice}；{notice}" if found.notice else notice
    return replace(found, entries=entries, notice=said)


def _told(
    entry: Entry, others: Sequence[Entry], taken: dict[str, list[Entry]], met: Met, page: Page
) -> Entry:
    if met(entry.key) == entry.digest:
        return entry
    options = list(_other_keys(entry, page))
    for option in options:
        if met(option) is not None:
            return _under(entry, option)
    if not others and not _is_hollow(entry.key, page):
        return entry
    theirs = {key for other in others for key in _other_keys(other, page)}
    free = (o for o in options if o not in theirs and o not in taken and not _is_hollow(o, page))
    return _under(entry, next(free, options[-1]))


def _other_keys(entry: Entry, page: Page) -> Iterator[str]:
    """What else tells it apart, the best first."""
    if entry.url:
        canonical = canonical_url(entry.url)
        if canonical != entry.key:
            yield canonical
        if entry.url not in (canonical, entry.key):
            yield entry.url
    title, text = (str(entry.fields.get(name) or "") for name in ("title", "text"))
    said = "\n".join((title, text, _lasting_time(entry, page)))
    mark = hashlib.blake2s(said.encode("utf-8", "replace"), digest_size=6).hexdigest()
    yield f"{entry.key}#{mark}"


def _lasting_time(entry: Entry, page: Page) -> str:
    """The time as it is shown, if tomorrow it will be shown so too: "11-20", not "5分钟前"."""
    raw = entry.fields.get("time")
    today = read_time(raw, page.fetched_at)
    if today is None or today != read_time(raw, page.fetched_at + _A_DAY_ON):
        return ""
    return str(raw)


def _under(entry: Entry, key: str) -> Entry:
    return replace(entry, key=key, detail=entry.detail and entry.detail.but(key=key))


def _is_hollow(key: str, page: Page) -> bool:
    """An address that is no post's: the site's front page, the list itself."""
    if key == canonical_url(page.url):
        return True
    parts = split_address(key)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    return parts.path in ("", "/") and not parts.query and not parts.fragment


def _layout(groups: Sequence[Sequence[Entry]]) -> frozenset[str]:
    """Titles that stand beside most posts: 查看, the name of the column."""
    counted = Counter(title for group in groups for title in {_title(e)[0] for e in group})
    least = max(_MANY, len(groups) // 2)
    return frozenset(title for title, times in counted.items() if times >= least)


def _different(group: Sequence[Entry], layout: frozenset[str], page: Page) -> list[Entry]:
    """The posts among entries of one key."""
    if len(group) == 1:
        return list(group)
    said = [e for e in group if not _ALSO_A_LINK.fullmatch(t := _title(e)[0]) and t not in layout]
    different: list[Entry] = []
    for entry in said or group[:1]:
        if not any(_is_same(entry, other, page) for other in different):
            different.append(entry)
    return different


def _is_same(one: Entry, other: Entry, page: Page) -> bool:
    if not _alike(_title(one), _title(other)):
        return False
    if not _alike(_cut(one.fields.get("text")), _cut(other.fields.get("text"))):
        return False
    times = [read_time(e.fields.get("time"), page.fetched_at) for e in (one, other)]
    return len({t.at.date() for t in times if t}) < 2


def _alike(one: tuple[str, bool], other: tuple[str, bool]) -> bool:
    """The same words, or one says nothing, or one is the other's beginning and says so."""
    if one[0] == other[0] or not one[0] or not other[0]:
        return True
    return (one[1] and other[0].startswith(one[0])) or (other[1] and one[0].startswith(other[0]))


def _title(entry: Entry) -> tuple[str, bool]:
    return _cut(_PINNED.sub("", str(entry.fields.get("title") or "").lower()))


def _cut(text: object) -> tuple[str, bool]:
    """The words without blanks, and whether the site cut them short."""
    words = "".join(str(text or "").split())
    return _CUT_SHORT.sub("", words), bool(_CUT_SHORT.search(words))
