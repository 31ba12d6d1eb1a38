"""From the rows of a page to its entries: one bad row never costs its neighbours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from crawlers.reading.addresses import canonical_url, join
from crawlers.reading.pages import Ask, Entry
from crawlers.reading.posts import digest

Row = TypeVar("Row")
_MOST_NAMED = 3
_ENOUGH_ROWS = 3  # before "in none of them" says something
_OF_THE_ID = ("key", "key_pattern")  # of each row: what is not found by it has another id
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_NO_PAGE = re.compile(r"(?i)javascript:|mailto:|tel:|about:|data:|#|$")
# What generators write where they have no id.
_NO_KEYS = frozenset({"", "n/a", "na", "none", "null", "nil", "undefined", "nan", "-", "#", "无"})


class Notes:
    """What an operator should hear of a page that was read all the same."""

    def __init__(self) -> None:
        self._skipped: list[str] = []
        self._links: list[str] = []
        self._said: list[str] = []
        self._missed: Counter[tuple[str, str]] = Counter()

    def skipped(self, number: int, error: Exception) -> None:
        """A row that cannot be read; the others are."""
        first_line = " ".join(str(error).split())[:120]
        self._skipped.append(f"第 {number} 条（{type(error).__name__}：{first_line}）")

    def bad_link(self, link: str) -> None:
        """A link that no browser could open; its post is taken without it."""
        self._links.append(f"“{link[:80]}”")

    def missed(self, name: str, selector: str) -> None:
        """A rule of the source's file (`time`, `fields.url`) that found nothing in a row."""
        self._missed[name, selector] += 1

    def rows_read(self, entries: int) -> None:
        """So many rows became entries: tell of the rules that found nothing in any of them, and of
        those for the id in whichever."""
        for (name, selector), times in self._missed.items():
            rule = f"{name}“{selector}”"
            if times >= entries >= _ENOUGH_ROWS:
                self._said.append(f"{rule}在 {entries} 条里一条也没有匹配到，请核对")
            elif name.removeprefix("fields.") in _OF_THE_ID:
                self._said.append(f"{rule}有 {times} 条没有匹配到，用了链接作编号，请核对")

    def say(self, words: str | None) -> None:
        if words:
            self._said.append(words)

    def too_many(self, shown: int, most: int) -> None:
        if shown > most:
            self._said.append(f"一页有 {shown} 条，只读了前 {most} 条")

    def text(self) -> str | None:
        """All of it in Chinese, or None."""
        said = list(self._said)
        if self._skipped:
            shown = "、".join(self._skipped[:_MOST_NAMED])
            said.insert(0, f"{len(self._skipped)} 条读不出来，已跳过：{shown}")
        if self._links:
            shown = "、".join(self._links[:_MOST_NAMED])
            said.append(f"{len(self._links)} 条的网址不成立，没有用它：{shown}")
        return "；".join(said) or None


def found_nowhere(missed: Mapping[str, int], pages: int, least: int = _ENOUGH_ROWS) -> str | None:
    """Which rules for the page of one post found nothing on any of `pages`, in Chinese, or None."""
    names = [rule for rule, times in missed.items() if times >= pages >= least]
    return f"{'、'.join(names)}在 {pages} 个详情页里都没有匹配到，请核对" if names else None


def each(rows: Iterable[Row], read: Callable[[Row], Entry | None], notes: Notes) -> list[Entry]:
    """The entries of all rows that can be read, in order; keys may repeat (see keys.py)."""
    entries = []
    for number, row in enumerate(rows, 1):
        try:
            entry = read(row)
        except MemoryError:
            raise
        except Exception as error:  # whatever a stranger's page may hold
            notes.skipped(number, error)
            continue
        if entry is not None:
            entries.append(entry)
    return entries


def link_of(base: str, raw: str, notes: Notes, encoding: str = "utf-8") -> str | None:
    """Where a link leads, or None; one that is broken is told. `encoding` is its page's."""
    raw = raw.strip()
    url = None if _NO_PAGE.match(raw) else join(base, raw, encoding)
    if url is None and is_broken(base, raw):
        notes.bad_link(raw)
    return url


def is_broken(base: str, raw: str) -> bool:
    """Whether a link was meant to lead to a page and cannot."""
    is_other = _NO_PAGE.match(raw) or re.match(r"(?i)(?!https?:)[a-z][a-z0-9+.-]*:", raw)
    return not is_other and join(base, raw) is None


def no_key(page_url: str) -> str:
    """For a post of which the site gives neither id nor a link that works: an address that is no
    post's, beside which its words make the key (keys.py)."""
    return canonical_url(join(page_url, "/") or page_url)


def own_key(raw: object) -> str | None:
    """The site's own id of a post; None where it only fills a hole (N/A, null)."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    key = whole(str(raw)).strip()
    return None if key.casefold() in _NO_KEYS else key


def make_entry(
    key: str, url: str | None, fields: dict[str, Any], detail: Ask | None = None, state: str = ""
) -> Entry:
    """An entry whose texts are whole; `state` (待回复) is shown beside the post."""
    fields = {name: whole(v) if isinstance(v, str) else v for name, v in fields.items()}
    shown = fields | {"status": state} if state else fields
    if detail is not None:
        detail = detail.but(key=key, fields=detail.fields | fields)
    return Entry(key, url, fields, digest(shown), detail)


def whole(text: str) -> str:
    """`text` with halves of characters joined where they can be, else replaced."""
    if text.isascii() or not _HALF_CHARACTER.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
