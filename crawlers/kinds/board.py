"""kind: board. HTML list pages and detail pages, by CSS or XPath."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from crawlers.kinds.board_rules import BoardRules
from crawlers.kinds.kind import Kind
from crawlers.reading.addresses import canonical_url, join
from crawlers.reading.decoders import PAGE_DECODERS
from crawlers.reading.entries import Notes, each, is_broken, link_of, make_entry, no_key, own_key
from crawlers.reading.no_letter import is_loading, why_no_letter
from crawlers.reading.pages import (
    Ask,
    Entry,
    Found,
    Page,
    PageChanged,
    PageGone,
    PageRole,
    Refused,
)
from crawlers.reading.refusals import (
    because_refused,
    gate_words_in,
    has_gate_input,
    is_gate_address,
    list_is_gate,
    only_asks_for_log_in,
    refusal_in,
    verification_in,
)
from crawlers.reading.selecting import (
    container_of,
    elements,
    parsed,
    pick,
    pick_all,
    refreshed_to,
    select,
    shown_media,
    shows,
    visible_text,
)
from crawlers.source import Source

_LIST_FIELDS = ("text", "time", "author", "region", "reply", "reply_time")
_COME_LATER = ("reply", "reply_time")  # a page on which none is answered is none that changed
_DETAIL_FIELDS = ("title", "time", "author", "region", "reply_time")
_MAX_ENTRIES = 500  # of one page; more is a selector that catches everything
_A_FULL_PAGE = 10  # entries: a shorter list may have no second page
_NEXT_TO_NOTHING = 80  # characters: "暂无信息", a heading


def read(source: Source, rules: BoardRules, ask: Ask, page: Page) -> Found:
    root, is_cut = _parsed(page, rules.decode)
    if list_is_gate(root):
        raise Refused(f"网站给出的是登录或安全验证页面，已停止并放慢（{page.url}）")
    items = elements(root, rules.item)
    if not items:
        return _read_empty(source, rules, ask, page, root)
    notes = Notes()
    if is_cut:
        notes.say("页面里有标签一直没有关上，套得太深，后面的部分没有读到")
    base = page.url
    if href := pick(root, "base::attr(href)"):
        base = join(page.url, href) or page.url
    entries = each(items[:_MAX_ENTRIES], lambda item: _entry(rules, item, page, base, notes), notes)
    _check(rules, items, entries, page, notes)
    notes.rows_read(len(entries))
    notes.too_many(len(items), _MAX_ENTRIES)
    more = _next(source, rules, ask, root, page, base, notes, len(items))
    return Found(tuple(entries), len(items), more, notes.text())


def _read_empty(
    source: Source, rules: BoardRules, ask: Ask, page: Page, root: etree._Element
) -> Found:
    """A list page without a single entry: the end of the list, an empty list, or no list."""
    if ask.number and (why := refusal_in(page.text, by_words=False)):
        raise Refused(f"第 {ask.number + 1} 页：{why}（{page.url}）")
    if said := verification_in(root) or _said_in_frame(rules.item, root):
        raise Refused(
            f"列表是空的，页面上却写着“{said}”：网站要求登录、验证或出了错，已停止并放慢（{page.url}）"
        )
    if ask.number:
        return Found((), 0)
    if rules.empty_when and shows(root, rules.empty_when):
        return Found((), 0)
    if source.may_be_empty and _is_empty_container(rules.item, root):
        return Found((), 0)
    problem = (
        f"页面打开了，但条目选择器 item“{rules.item}”一条也没有匹配到（{page.url}）。网页可能改版；"
    )
    if target := refreshed_to(root):
        problem += f"它要浏览器转到 {target[:200]}，请改用那个网址；"
    if rules.empty_when:
        problem += f"它也不像空列表：empty_when“{rules.empty_when}”不成立"
    else:
        problem += (
            "若该栏目确实可能为空，请在 board 里写 empty_when：空列表时页面上有的元素或文字"
            "（如 'div.no-data' 或 'text: 暂无信息'）"
        )
    # Where the list's frame stands, "请登录" in the page's head is no sign of a gate.
    container = container_of(rules.item)
    is_framed = bool(container and elements(root, container))
    raise because_refused(page, problem, by_words=not is_framed)


def _is_empty_container(item: str, root: etree._Element) -> bool:
    """Whether what holds the entries is there and holds next to nothing."""
    container = container_of(item)
    found = elements(root, container) if container else []
    return bool(found) and all(len(visible_text(e)) < _NEXT_TO_NOTHING for e in found)


def _said_in_frame(item: str, root: etree._Element) -> str | None:
    """The words about log-in or loading where the entries should stand, or None."""
    container = container_of(item)
    for element in elements(root, container) if container else []:
        if len(text := visible_text(element)) < _NEXT_TO_NOTHING:
            if said := gate_words_in(text):
                return said
            if is_loading(text):
                return text
    return None


def _parsed(page: Page, decode: str) -> tuple[etree._Element, bool]:
    try:
        return parsed(PAGE_DECODERS[decode](page.text))
    except ValueError as error:
        raise because_refused(
            page, f"按 decode: {decode} 读不出页面：{error}（{page.url}）"
        ) from None


def _entry(
    rules: BoardRules, item: etree._Element, page: Page, base: str, notes: Notes
) -> Entry | None:
    url = _link(item, rules.link, page, base, notes)
    fields: dict[str, Any] = {"title": _title(rules, item)}
    if rules.title and not fields["title"]:
        notes.missed("title", rules.title)
    for name in _LIST_FIELDS:
        selector = getattr(rules, name)
        if selector and (value := pick(item, selector)):
            fields[name] = value
        elif selector and name not in _COME_LATER:
            notes.missed(name, selector)
    key = _key(rules, item, url, notes)
    if not key and any(is_broken(base, raw) for raw in _hrefs(item, rules.link)):
        key = no_key(base)
    if not key or not (fields["title"] or fields.get("text")):
        return None
    detail = None
    if rules.detail and url:
        detail = Ask(url, PageRole.DETAIL)
    state = pick(item, rules.status) if rules.status else None
    if rules.status and not state:
        notes.missed("status", rules.status)
    return make_entry(key, url, fields, detail, state or "")


def _key(rules: BoardRules, item: etree._Element, url: str | None, notes: Notes) -> str | None:
    key = own_key(pick(item, rules.key)) if rules.key else url
    if rules.key and not key:
        notes.missed("key", rules.key)
    if key and rules.key_pattern:
        match = re.search(rules.key_pattern, key[:2000])
        key = match[1] if match else None
        if match is None:
            notes.missed("key_pattern", rules.key_pattern)
    return canonical_url(url) if url and (not key or key == url) else key


def _link(item: etree._Element, selector: str, page: Page, base: str, notes: Notes) -> str | None:
    links = (link_of(base, raw, notes, page.read_as) for raw in _hrefs(item, selector))
    return next(filter(None, links), None)


def _hrefs(item: etree._Element, selector: str) -> list[str]:
    found = select(item, selector)
    return [str(m if isinstance(m, str) else m.get("href", "")).strip() for m in found]


def _title(rules: BoardRules, item: etree._Element) -> str:
    if rules.title:
        return pick(item, rules.title) or ""
    # Lists cut the text of a link; the whole title often stands in its attribute.
    return pick(item, "a::attr(title)") or pick(item, "a") or visible_text(item)


def _check(
    rules: BoardRules,
    items: Sequence[etree._Element],
    entries: Sequence[Entry],
    page: Page,
    notes: Notes,
) -> None:
    if not entries:
        if rules.title and not any(pick(i, rules.title) for i in items):
            what = f"标题选择器 title“{rules.title}”"
        elif rules.key and not any(pick(i, rules.key) for i in items):
            what = f"编号选择器 key“{rules.key}”"
        else:
            what = f"链接选择器 link“{rules.link}”"
        told = f"；{said}" if (said := notes.text()) else ""
        raise because_refused(
            page,
            f"匹配到 {len(items)} 个条目，但{what}在其中一个也没有匹配到（{page.url}）{told}",
        )
    if all(_asks_for_log_in(entry) for entry in entries):
        raise Refused(
            f"列表里只有“{str(entries[0].fields.get('title'))[:30]}”：网站要求登录，"
            f"已停止并放慢（{page.url}）"
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


def _asks_for_log_in(entry: Entry) -> bool:
    """Whether an entry is no post but the link to a log-in."""
    return only_asks_for_log_in(str(entry.fields.get("title") or "")) or bool(
        entry.url and is_gate_address(entry.url)
    )


def _next(
    source: Source,
    rules: BoardRules,
    ask: Ask,
    root: etree._Element,
    page: Page,
    base: str,
    notes: Notes,
    shown: int,
) -> Ask | None:
    url: str | None = None
    if rules.next:
        url = _link(root, rules.next, page, base, notes)
        if url is None and ask.number == 0 and shown >= _A_FULL_PAGE:
            notes.say(
                f"next“{rules.next}”没有匹配到下一页，只读了这一页；列表确实只有一页时请删去 next"
            )
    elif rules.page_url:
        number = rules.second_page + ask.number
        first = source.addresses[ask.series.address]
        url = join(first, rules.page_url.replace("{n}", str(number)))
    if url is None or url in (page.url, ask.url):
        return None
    return ask.but(url=url, number=ask.number + 1)


def read_detail(source: Source, rules: BoardRules, ask: Ask, page: Page) -> Entry:
    detail = rules.detail
    if detail is None:
        raise PageGone(f"board 里已没有 detail，不再读详情页（{page.url}）")
    root, _ = _parsed(page, detail.decode)
    fields = dict(ask.fields)
    picked = elements(root, detail.body)
    body = pick_all(root, detail.body)
    if body is None and (media := shown_media(picked)) and not has_gate_input(picked):
        # The words are in the picture: what the list says of it is all that can be read.
        body = "\n".join(filter(None, (fields.get("text"), media)))
    if body is None:
        raise because_refused(
            page, f"正文选择器 detail.body“{detail.body}”没有匹配到内容（{page.url}）"
        )
    title = str(fields.get("title") or "")
    if failure := why_no_letter(page, root, picked, body, title):
        raise failure
    fields["text"] = body
    missed = []
    for name in _DETAIL_FIELDS:
        selector = getattr(detail, name)
        if selector and (value := pick(root, selector)):
            fields[name] = value
        elif selector and name not in _COME_LATER:
            missed.append(f"detail.{name}“{selector}”")
    if detail.reply and (value := pick_all(root, detail.reply)):
        fields["reply"] = value
    return replace(make_entry(ask.key, ask.url, fields), missed=tuple(missed))


KIND = Kind(BoardRules, read, read_detail)
