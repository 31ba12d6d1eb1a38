"""kind: feed. RSS, Atom and RDF by feedparser, JSON Feed by hand."""

from __future__ import annotations

import contextlib
import io
import re
from calendar import timegm
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawlers.kinds.kind import Kind
from crawlers.reading.addresses import canonical_url
from crawlers.reading.dates import read_time
from crawlers.reading.decoders import JSON_DECODERS
from crawlers.reading.entries import Notes, each, link_of, make_entry, no_key, own_key
from crawlers.reading.pages import Ask, Entry, Found, Page, PageChanged, Refused
from crawlers.reading.refusals import asks_for_log_in, because_refused, refusal_of_answer
from crawlers.reading.selecting import strip_html
from crawlers.source import Rules, Source
from domain.input.load import Problems

_MAX_ENTRIES = 500
# An item may well speak of <!ENTITY; a document type that declares some comes before it.
_ENTITIES = re.compile(r"(?s)<!DOCTYPE.*<!ENTITY")


@dataclass(frozen=True, slots=True)
class FeedRules(Rules):
    """kind: feed. RSS, Atom, RDF or JSON Feed; nothing needs saying."""

    prefer: str | None = None  # content (also where nothing is said) | summary: which is the text

    def spelling(self) -> tuple[object, ...]:
        return None, None, self if self.prefer else None

    def problems(self) -> Problems:
        if self.prefer not in (None, "content", "summary"):
            yield "prefer", f"{self.prefer!r} 不行；写 content 或 summary"


def read(source: Source, rules: FeedRules, ask: Ask, page: Page) -> Found:
    opening = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    is_json = opening == b"{" or (opening != b"<" and "json" in page.content_type.lower())
    rows = _json_feed(page) if is_json else _xml_feed(page)
    if not rows and not source.may_be_empty:
        raise PageChanged(
            f"订阅源打开了，但里面一条也没有（{page.url}）。若确实可能为空，请设 may_be_empty: true"
        )
    notes = Notes()

    def entry(row: Any) -> Entry | None:
        read_row = _json_row(row) if is_json else _row(row, page.fetched_at)
        return _entry(read_row, page, rules, notes)

    entries = each(rows[:_MAX_ENTRIES], entry, notes)
    if rows and not entries:
        told = f"；{said}" if (said := notes.text()) else ""
        raise PageChanged(f"订阅源有 {len(rows)} 条，但没有一条带标题或正文（{page.url}）{told}")
    notes.too_many(len(rows), _MAX_ENTRIES)
    return Found(tuple(entries), len(rows), notice=notes.text())


def _entry(row: dict[str, Any], page: Page, rules: FeedRules, notes: Notes) -> Entry | None:
    link = row.get("link")
    url = link_of(page.url, link, notes) if link else None
    order = ("summary", "content") if rules.prefer == "summary" else ("content", "summary")
    text = next((t for name in order if (t := strip_html(row.get(name) or ""))), "")
    title = strip_html(row.get("title") or "").replace("\n", " ")
    # RSS asks for neither guid nor link.
    key = own_key(row.get("id")) or (canonical_url(url) if url else no_key(page.url))
    if not (title or text):
        return None
    fields: dict[str, Any] = {"title": title, "text": text or title}
    for name in ("author", "time"):
        if row.get(name):
            fields[name] = row[name]
    return make_entry(key, url, fields)


def _xml_feed(page: Page) -> list[Any]:
    # Always decoded here: over one broken byte feedparser drops what was declared, and reads the
    # whole feed as Latin.
    text = page.text
    if _ENTITIES.search(text):
        # No feed needs any; a few lines of them can mean a second of work or another's file.
        raise PageChanged(f"订阅源里带有 XML 实体声明（<!ENTITY），不予解析（{page.url}）")
    import feedparser  # here: 60 ms that a crawl without feeds need not pay

    # From a file object: given bytes or text, feedparser would open what looks like an address.
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.version and not parsed.entries:
        shown = text.lstrip()[:40].replace("\n", " ")
        raise because_refused(
            page,
            f"不是 RSS、Atom 或 JSON Feed，开头是“{shown}”（{page.url}）。"
            f"地址可能换了，或订阅网关出错",
        )
    return list(parsed.entries)


def _row(entry: Any, now: datetime) -> dict[str, Any]:
    content = entry.get("content") or []
    # Looked at first: asked for an `updated` that is not there, feedparser warns and guesses.
    named = [name for name in ("published", "updated") if name in entry]
    raw = next((value for name in named if (value := entry[name])), None)
    moments = (entry.get(f"{n}_parsed") for n in named if f"{n}_parsed" in entry)
    moment = next((m for m in moments if m), None)
    if moment and (not raw or read_time(raw, now) is None):
        with contextlib.suppress(ValueError, OverflowError, TypeError):
            raw = timegm(moment)  # a spelling that feedparser knows and we do not; it gives UTC
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "content": max((c.get("value") or "" for c in content), key=len, default=""),
        "summary": entry.get("summary"),
        # RSS writes "mail (name)": the same person must not be two, one of them with an address.
        "author": (entry.get("author_detail") or {}).get("name") or entry.get("author"),
        "time": raw,
    }


def _json_feed(page: Page) -> list[Any]:
    try:
        data = JSON_DECODERS["json"](page.text)
    except (ValueError, RecursionError):
        raise because_refused(page, f"不是 JSON Feed：JSON 读不出来（{page.url}）") from None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        problem = f"不是 JSON Feed：没有 items 列表（{page.url}）"
        if why := refusal_of_answer(data):
            raise Refused(f"{why}，已停止并放慢：{problem}", log_in=asks_for_log_in(why))
        raise PageChanged(problem)
    return items


def _json_row(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    authors = item.get("authors") or [item.get("author") or {}]
    first = authors[0] if isinstance(authors, list) and authors else {}
    texts = ("link", "url"), ("title", "title"), ("summary", "summary")
    row: dict[str, Any] = {n: v for n, k in texts if isinstance(v := item.get(k), str)}
    content = item.get("content_html") or item.get("content_text")
    row["content"] = content if isinstance(content, str) else ""
    row["id"] = item.get("id")
    row["author"] = first.get("name") if isinstance(first, dict) else None
    row["time"] = item.get("date_published") or item.get("date_modified")
    return row


KIND = Kind(FeedRules, read)
