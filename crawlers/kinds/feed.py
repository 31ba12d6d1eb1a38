"""kind: feed. RSS, Atom and RDF by feedparser, JSON Feed by hand."""

from __future__ import annotations

import io
import json
from calendar import timegm
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from crawlers.dates import read_time
from crawlers.pages import Ask, Entry, Found, Mark, Page, PageChanged, canonical_url
from crawlers.posts import digest
from crawlers.selecting import strip_html
from crawlers.source import Source
from domain.clock import SHANGHAI

_MAX_ENTRIES = 500
_ANY_BASE = datetime(2026, 1, 1, tzinfo=SHANGHAI)


def start(source: Source, mark: Mark) -> list[Ask]:
    return [Ask(url, series=str(i)) for i, url in enumerate(source.addresses)]


def read(source: Source, ask: Ask, page: Page) -> Found:
    opening = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    is_json = opening == b"{" or "json" in page.content_type.lower()
    rows = _json_feed(page) if is_json else _xml_feed(page)
    if not rows and not source.may_be_empty:
        raise PageChanged(
            f"订阅源打开了，但里面一条也没有（{page.url}）。若确实可能为空，请设 may_be_empty: true"
        )
    prefer = source.feed.prefer if source.feed else "content"
    entries: dict[str, Entry] = {}
    for row in rows[:_MAX_ENTRIES]:
        if entry := _entry(row, page, prefer):
            entries.setdefault(entry.key, entry)
    if rows and not entries:
        raise PageChanged(
            f"订阅源有 {len(rows)} 条，但没有一条带标题或正文和编号或链接（{page.url}）"
        )
    return Found(tuple(entries.values()), len(rows))


def _entry(row: dict[str, Any], page: Page, prefer: str) -> Entry | None:
    link = row.get("link")
    url = urljoin(page.url, link) if link else None
    if url and not url.startswith(("http://", "https://")):
        url = None
    order = ("content", "summary") if prefer == "content" else ("summary", "content")
    text = next((t for name in order if (t := strip_html(row.get(name) or ""))), "")
    title = strip_html(row.get("title") or "").replace("\n", " ")
    key = (row.get("id") or "").strip() or (canonical_url(url) if url else "")
    if not key or not (title or text):
        return None
    fields: dict[str, Any] = {"title": title, "text": text or title}
    for name in ("author", "time"):
        if row.get(name):
            fields[name] = row[name]
    return Entry(key, url, fields, digest(fields))


def _xml_feed(page: Page) -> list[dict[str, Any]]:
    if b"<!ENTITY" in page.body:
        # No feed needs any; a few lines of them can mean a second of work or another's file.
        raise PageChanged(f"订阅源里带有 XML 实体声明（<!ENTITY），不予解析（{page.url}）")
    import feedparser  # here: 60 ms that a crawl without feeds need not pay

    body, headers = page.body, {"content-type": page.content_type}
    if page.encoding:
        body, headers = page.text.encode(), {"content-type": "application/xml; charset=utf-8"}
    # From a file object: given bytes or text, feedparser would open what looks like an address.
    parsed = feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not parsed.version and not parsed.entries:
        shown = page.text.lstrip()[:40].replace("\n", " ")
        raise PageChanged(
            f"不是 RSS、Atom 或 JSON Feed，开头是“{shown}”（{page.url}）。"
            f"地址可能换了，或订阅网关出错"
        )
    return [_row(entry) for entry in parsed.entries]


def _row(entry: Any) -> dict[str, Any]:
    content = entry.get("content") or []
    raw = entry.get("published") or entry.get("updated")
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    if moment and (not raw or read_time(raw, _ANY_BASE) is None):
        raw = timegm(moment)  # a spelling that feedparser knows and we do not; it gives UTC
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "content": max((c.get("value") or "" for c in content), key=len, default=""),
        "summary": entry.get("summary"),
        "author": entry.get("author"),
        "time": raw,
    }


def _json_feed(page: Page) -> list[dict[str, Any]]:
    try:
        data = json.loads(page.text)
    except (ValueError, RecursionError):
        raise PageChanged(f"不是 JSON Feed：JSON 读不出来（{page.url}）") from None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise PageChanged(f"不是 JSON Feed：没有 items 列表（{page.url}）")
    return [_json_row(i) for i in items if isinstance(i, dict)]


def _json_row(item: dict[str, Any]) -> dict[str, Any]:
    authors = item.get("authors") or [item.get("author") or {}]
    first = authors[0] if isinstance(authors, list) and authors else {}
    texts = ("link", "url"), ("title", "title"), ("summary", "summary")
    row: dict[str, Any] = {n: v for n, k in texts if isinstance(v := item.get(k), str)}
    content = item.get("content_html") or item.get("content_text")
    row["content"] = content if isinstance(content, str) else ""
    row["id"] = str(item["id"]) if item.get("id") not in (None, "") else None
    row["author"] = first.get("name") if isinstance(first, dict) else None
    row["time"] = item.get("date_published") or item.get("date_modified")
    return row
