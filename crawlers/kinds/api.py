"""kind: api. JSON answers mapped by JMESPath; its questions are made in api_asks.py."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jmespath

from crawlers.kinds.api_asks import filled_in, position, start
from crawlers.kinds.api_rules import ApiFields, ApiRules, is_template
from crawlers.kinds.kind import Kind
from crawlers.kinds.templates import fill_text
from crawlers.reading.addresses import canonical_url
from crawlers.reading.answers import why_doubted
from crawlers.reading.decoders import JSON_DECODERS
from crawlers.reading.entries import Notes, each, is_broken, link_of, make_entry, no_key, own_key
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
from crawlers.reading.posts import read_count
from crawlers.reading.refusals import (
    asks_for_log_in,
    because_refused,
    only_asks_for_log_in,
    refusal_of_answer,
)
from crawlers.reading.selecting import strip_html
from crawlers.source import Source
from domain.addresses import is_web_address
from domain.text import fold

_compiled = lru_cache(maxsize=4096)(jmespath.compile)
_MAX_ENTRIES = 500
_EXCERPT = re.compile(r"^\W*(?:…|\.{3})|(?:…|\.{3}|全文|展开|更多|详情)\W*$")


def read(source: Source, rules: ApiRules, ask: Ask, page: Page) -> Found:
    data = _answer(rules.decode, rules.ok_when, page)
    items = _search(rules.items, data)
    if not isinstance(items, list) or not items:
        return _read_empty(source, rules, ask, page, data, items)
    values = dict(ask.values)
    notes = Notes()
    rows = items[:_MAX_ENTRIES]
    whole = each(rows, lambda item: _entry(rules, item, values, page, notes), notes)
    if not whole:
        told = f"；{said}" if (said := notes.text()) else ""
        raise PageChanged(
            f"列表有 {len(items)} 条，但没有一条能按 fields 读出编号（key/url）"
            f"和标题或正文（{page.url}）{told}"
        )
    if rules.fields.time and len(whole) >= 3 and not any(e.fields.get("time") for e in whole):
        raise PageChanged(
            f"时间 fields.time“{rules.fields.time}”在 {len(whole)} 条里一条也没有（{page.url}）"
        )
    notes.rows_read(len(whole))
    kept, notice = _matching(rules, whole, str(values.get("keyword", "")))
    notes.say(notice)
    notes.too_many(len(items), _MAX_ENTRIES)
    more = _next(source, rules, ask, data, len(rows))
    # Many a server gives fewer than are asked for: at most 20, or all but what it withholds.
    may_end = rules.paging is not None and len(items) < rules.paging.size
    return Found(tuple(kept), len(items), more, notes.text(), may_end)


def _read_empty(
    source: Source, rules: ApiRules, ask: Ask, page: Page, data: Any, items: Any
) -> Found:
    """An answer without entries: an empty list that the answer vouches for, a refusal, or a
    changed interface."""
    if why := refusal_of_answer(data):
        said = f"{why}，已停止并放慢（{page.url}），回答是 {_shown(data)}"
        raise Refused(said, log_in=asks_for_log_in(why))
    if rules.empty_when and _search(rules.empty_when, data) is True:
        return Found((), 0)
    if not rules.ok_when and (why := why_doubted(data)):
        raise Refused(f"{why}，不能当作空列表（{page.url}），回答是 {_shown(data)}")
    vouched = source.may_be_empty or bool(ask.number or rules.keywords)
    if isinstance(items, list):
        if vouched:
            return Found((), 0)
        raise PageChanged(
            f"接口给出的列表 items“{rules.items}”是空的（{page.url}）。若确实可能为空，"
            f"请在 api 里写 empty_when（如 'total == `0`'），或写 ok_when 并设 may_be_empty: true"
        )
    # Go and Java write null for an empty list, PHP {}: where the answer holds the field at all.
    if items in (None, "", {}) and (rules.ok_when or vouched) and _has_field(rules.items, data):
        return Found((), 0)
    raise PageChanged(
        f"回答里的 items“{rules.items}”不是列表，而是 {type(items).__name__}（{page.url}）。"
        f"接口可能改版，或这是一次拒绝（可用 ok_when 识别）"
    )


def _has_field(path: str, data: Any) -> bool:
    """Whether the first step of `path` is a field of the answer, be it null."""
    first = re.match(r"[\w\"-]+", path)
    return first is not None and isinstance(data, dict) and first[0].strip('"') in data


def _next(source: Source, rules: ApiRules, ask: Ask, data: Any, shown: int) -> Ask | None:
    paging = rules.paging
    if paging is None:
        return None
    values = dict(ask.values)
    cursor = None
    if paging.by == "cursor":
        cursor = _search(paging.cursor or "", data)
        if cursor in (None, "", -1, "-1") or str(cursor) == str(values.get("cursor")):
            return None
    number = ask.number + 1
    address = source.addresses[ask.series.address]
    values |= position(paging, number, cursor)
    if paging.by == "offset":
        values["offset"] = dict(ask.values)["offset"] + shown
    return filled_in(rules.call, address, values, ask.but(number=number))


def _answer(decode: str, ok_when: str | None, page: Page) -> Any:
    try:
        data = JSON_DECODERS[decode](page.text)
    except (ValueError, RecursionError) as error:
        problem = f"回答按 decode: {decode} 读不出来：{error}（{page.url}）"
        raise because_refused(page, problem) from None
    if ok_when and _search(ok_when, data) is not True:
        raise Refused(
            f"接口答了，但不是成功的回答：ok_when“{ok_when}”不成立（{page.url}），"
            f"回答是 {_shown(data)}",
            log_in=asks_for_log_in(refusal_of_answer(data) or ""),
        )
    return data


def _shown(data: Any) -> str:
    try:
        return json.dumps(data, ensure_ascii=False)[:160]
    except (ValueError, RecursionError):
        return "（嵌套太深）"


def _search(path: str, data: Any) -> Any:
    try:
        return _compiled(path).search(data)
    except (
        jmespath.exceptions.JMESPathError,
        ArithmeticError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        return None  # a function met the wrong type: as good as not there


def _entry(
    rules: ApiRules, item: Any, values: dict[str, Any], page: Page, notes: Notes
) -> Entry | None:
    fields = _mapped(rules.fields, item)
    for name in _missed(rules.fields, fields):
        notes.missed(f"fields.{name}", str(getattr(rules.fields, name)))
    key = own_key(fields.pop("key", None))
    url = _url(rules.fields.url, item, key, page, notes)
    if (path := rules.fields.url) and not is_template(path) and not _raw_url(path, item):
        notes.missed("fields.url", path)
    if key is None and url:
        key = canonical_url(url)
    elif key is None and is_broken(page.url, _raw_url(rules.fields.url, item)):
        key = no_key(page.url)
    if not key or not (fields.get("title") or fields.get("text")):
        return None
    detail = None
    if rules.detail and rules.detail.call.url:
        detail = filled_in(
            rules.detail.call,
            rules.detail.call.url,
            values | {"key": key},
            Ask("", PageRole.DETAIL, fields={"url": url} if url else {}),
        )
    return make_entry(key, url, fields, detail)


def _mapped(paths: ApiFields, item: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("key", "time", "reply_time"):
        value = _search(path, item) if (path := getattr(paths, name)) else None
        if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
            continue
        if isinstance(value, str | int | float) and value != "":
            fields[name] = value
    for name in ("title", "text", "author", "region", "reply"):
        value = _search(path, item) if (path := getattr(paths, name)) else None
        if isinstance(value, list):  # several answers, several paragraphs
            value = "\n".join(str(v) for v in value if isinstance(v, str | int))
        if isinstance(value, str | int) and (text := strip_html(str(value))):
            fields[name] = text.replace("\n", " ") if name == "title" else text
    counts = {n: read_count(_search(path, item)) for n, path in paths.engagement.items()}
    if known := {n: c for n, c in counts.items() if c is not None}:
        fields["engagement"] = known
    return fields


def _missed(paths: ApiFields, found: dict[str, Any]) -> list[str]:
    """Paths that were written down and lead to nothing, but for answers, which come later."""
    names = ("key", "time", "title", "text", "author", "region")
    return [name for name in names if getattr(paths, name) and name not in found]


def _url(path: str | None, item: Any, key: str | None, page: Page, notes: Notes) -> str | None:
    if path is not None and is_template(path):
        filled = fill_text(path, {"key": key}, in_url=True) if key else ""
        return filled if is_web_address(filled) else None
    raw = _raw_url(path, item)
    return link_of(page.url, raw, notes) if raw else None


def _raw_url(path: str | None, item: Any) -> str:
    """The address as the answer writes it, or nothing."""
    value = _search(path, item) if path and not is_template(path) else None
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:  # TRS: a list of addresses as a JSON text
            value = json.loads(value)
        except (ValueError, RecursionError):
            return ""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) else ""


def _matching(
    rules: ApiRules, entries: list[Entry], keyword: str
) -> tuple[list[Entry], str | None]:
    """Entries that hold the keyword in whatever spelling, or may hold it in a part that the list
    does not show. What is left out is told, for a server may ignore keywords."""
    if not keyword or not rules.keep_only_matching or rules.detail:
        return entries, None
    words = fold(keyword).split()
    kept = [entry for entry in entries if _holds(entry, words)]
    left_out = len(entries) - len(kept)
    if not left_out:
        return kept, None
    notice = f"搜索“{keyword}”的 {len(entries)} 条里有 {left_out} 条不含它，没有采用"
    if len(entries) >= 5 and len(kept) * 10 < len(entries):
        notice += "：接口可能不理会关键词"
    return kept, notice


def _holds(entry: Entry, words: list[str]) -> bool:
    shown = [str(entry.fields.get(name) or "") for name in ("title", "text", "reply")]
    if any(_EXCERPT.search(part) for part in shown):
        return True
    said = "".join("".join(fold(part).split()) for part in shown)
    return any(word in said for word in words)


def read_detail(source: Source, rules: ApiRules, ask: Ask, page: Page) -> Entry:
    detail = rules.detail
    if detail is None:
        raise PageGone(f"api 里已没有 detail，不再问详情（{page.url}）")
    data = _answer(detail.decode, detail.ok_when, page)
    found = _mapped(detail.fields, data)
    missed = tuple(
        f"detail.fields.{name}“{getattr(detail.fields, name)}”"
        for name in _missed(detail.fields, found)
    )
    found.pop("key", None)
    if detail.fields.text and not found.get("text"):
        problem = f"详情回答里没有正文：detail.fields.text“{detail.fields.text}”（{page.url}）"
        if why := refusal_of_answer(data):
            raise Refused(f"{why}，已停止并放慢：{problem}", log_in=asks_for_log_in(why))
        raise PageChanged(problem)
    if only_asks_for_log_in(str(found.get("text") or "")):
        raise Refused(f"详情回答里没有正文，只要求登录或验证：“{found['text']}”（{page.url}）")
    fields = dict(ask.fields)
    shown_url = fields.pop("url", None)
    notes = Notes()
    url = _url(detail.fields.url, data, ask.key, page, notes) or shown_url
    return replace(make_entry(ask.key, url, fields | found), notice=notes.text(), missed=missed)


KIND = Kind(ApiRules, read, read_detail, start)
