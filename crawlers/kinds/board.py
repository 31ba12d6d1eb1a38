"""kind: board. HTML list pages and detail pages, by CSS or XPath."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]

from crawlers.decoders import PAGE_DECODERS
from crawlers.pages import Ask, Entry, Found, Mark, Page, PageChanged, Role, canonical_url
from crawlers.posts import digest
from crawlers.rules import BoardRules
from crawlers.selecting import elements, parse_html, pick, pick_all, select, visible_text
from crawlers.source import Source

_LIST_FIELDS = ("text", "time", "author", "region", "status", "reply", "reply_time")
_DETAIL_FIELDS = ("title", "time", "author", "region", "reply_time")
_MAX_ENTRIES = 500  # of one page; more is a selector that catches everything


def start(source: Source, mark: Mark) -> list[Ask]:
    return [Ask(url, series=str(i)) for i, url in enumerate(source.addresses)]


def read(source: Source, ask: Ask, page: Page) -> Found:
    rules = source.board
    assert rules is not None
    if ask.role is Role.DETAIL:
        return _read_detail(rules, ask, page)
    root = _parsed(page, rules.decode)
    items = elements(root, rules.item)
    if not items:
        if ask.number or source.may_be_empty:
            return Found((), 0)
        raise PageChanged(
            f"页面打开了，但条目选择器 item“{rules.item}”一条也没有匹配到（{page.url}）。"
            f"网页可能改版；若该栏目确实可能为空，请设 may_be_empty: true"
        )
    base = urljoin(page.url, pick(root, "base::attr(href)") or "")
    entries: dict[str, Entry] = {}
    for item in items[:_MAX_ENTRIES]:
        if entry := _entry(rules, item, base):
            entries.setdefault(entry.key, entry)
    _check(rules, items, list(entries.values()), page)
    return Found(tuple(entries.values()), len(items), _next(source, rules, ask, root, page, base))


def _parsed(page: Page, decode: str) -> etree._Element:
    try:
        return parse_html(PAGE_DECODERS[decode](page.text))
    except ValueError as error:
        raise PageChanged(f"按 decode: {decode} 读不出页面：{error}（{page.url}）") from None


def _entry(rules: BoardRules, item: etree._Element, base: str) -> Entry | None:
    url = _link(item, rules.link, base)
    fields: dict[str, Any] = {"title": _title(rules, item)}
    for name in _LIST_FIELDS:
        selector = getattr(rules, name)
        if selector and (value := pick(item, selector)):
            fields[name] = value
    key = pick(item, rules.key) if rules.key else url
    if key and rules.key_pattern:
        match = re.search(rules.key_pattern, key[:2000])
        key = match[1] if match else None
    if (not key and url) or (key and key == url):
        key = canonical_url(url)
    if not key or not (fields["title"] or fields.get("text")):
        return None
    said = digest(fields)
    fields.pop("status", None)
    detail = None
    if rules.detail and url:
        detail = Ask(url, Role.DETAIL, key=key, fields=fields)
    return Entry(key, url, fields, said, detail)


def _link(item: etree._Element, selector: str, base: str) -> str | None:
    for match in select(item, selector):
        raw = str(match if isinstance(match, str) else match.get("href", "")).strip()
        if raw and not raw.lower().startswith(("javascript:", "mailto:", "tel:", "#")):
            try:
                url = urljoin(base, raw)
            except ValueError:
                continue
            if url.startswith(("http://", "https://")):
                return url
    return None


def _title(rules: BoardRules, item: etree._Element) -> str:
    if rules.title:
        return pick(item, rules.title) or ""
    # Lists cut the text of a link; the whole title often stands in its attribute.
    return pick(item, "a::attr(title)") or pick(item, "a") or visible_text(item)


def _check(
    rules: BoardRules, items: list[etree._Element], entries: list[Entry], page: Page
) -> None:
    if not entries:
        if rules.title and not any(pick(i, rules.title) for i in items):
            what = f"标题选择器 title“{rules.title}”"
        elif rules.key and not any(pick(i, rules.key) for i in items):
            what = f"编号选择器 key“{rules.key}”"
        else:
            what = f"链接选择器 link“{rules.link}”"
        raise PageChanged(
            f"匹配到 {len(items)} 个条目，但{what}在其中一个也没有匹配到（{page.url}）"
        )
    if rules.detail and not any(e.url for e in entries):
        raise PageChanged(
            f"匹配到 {len(items)} 个条目，但链接选择器 link“{rules.link}”"
            f"没有给出一个可打开的网址（{page.url}）"
        )
    if rules.time and len(entries) >= 3 and not any(e.fields.get("time") for e in entries):
        raise PageChanged(
            f"时间选择器 time“{rules.time}”在 {len(entries)} 个条目里一个也没有匹配到（{page.url}）"
        )


def _next(
    source: Source, rules: BoardRules, ask: Ask, root: etree._Element, page: Page, base: str
) -> Ask | None:
    url: str | None = None
    if rules.next:
        url = _link(root, rules.next, base)
    elif rules.page_url:
        number = rules.second_page + ask.number
        first = source.addresses[int(ask.series)]
        url = urljoin(first, rules.page_url.replace("{n}", str(number)))
    if url is None or url in (page.url, ask.url):
        return None
    return ask.but(url=url, number=ask.number + 1)


def _read_detail(rules: BoardRules, ask: Ask, page: Page) -> Found:
    detail = rules.detail
    assert detail is not None
    root = _parsed(page, detail.decode)
    fields = dict(ask.fields)
    body = pick_all(root, detail.body)
    if body is None:
        raise PageChanged(f"正文选择器 detail.body“{detail.body}”没有匹配到内容（{page.url}）")
    fields["text"] = body
    for name in _DETAIL_FIELDS:
        selector = getattr(detail, name)
        if selector and (value := pick(root, selector)):
            fields[name] = value
    if detail.reply and (value := pick_all(root, detail.reply)):
        fields["reply"] = value
    return Found((Entry(ask.key, ask.url, fields, ""),), 1)
