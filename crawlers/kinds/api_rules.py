"""The section `api:` of a source's file: what is asked, and where the answer holds what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

import jmespath

from crawlers.reading.decoders import JSON_DECODERS
from crawlers.source import Rules
from domain.addresses import is_web_address
from domain.input.load import Problems

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP question. `{names}` in url, query, form, json and headers are filled in."""

    url: str | None = None
    method: str = "GET"
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def problems(self) -> Problems:
        if self.url and not is_web_address(_PLACEHOLDER.sub("x", self.url)):
            yield "url", f"{self.url!r} 不是能打开的 http 或 https 网址"
        if self.method not in ("GET", "POST"):
            yield "method", f"{self.method!r} 不行；写 GET 或 POST"
        if self.form is not None and self.json is not None:
            yield "json", "form 和 json 只能写一个"
        if self.method == "GET" and (self.form is not None or self.json is not None):
            yield "method", "要带 form 或 json，须写 method: POST"
        for name in self.headers:
            if name.lower() in ("cookie", "authorization", "user-agent", "host"):
                yield "headers", f"{name}：不支持登录、签名和伪装"


@dataclass(frozen=True, slots=True)
class Paging:
    """How the next page is asked for: `{page}`, `{offset}` or `{cursor}`."""

    by: str = "page"  # page | offset | cursor
    start: int = 1
    size: int = 20  # entries a page; `{size}`
    cursor: str | None = None  # JMESPath of the next cursor in the answer
    first_cursor: str = "0"

    def problems(self) -> Problems:
        if self.by not in ("page", "offset", "cursor"):
            yield "by", f"{self.by!r} 不行；写 page、offset 或 cursor"
        if self.by == "cursor" and not self.cursor:
            yield "cursor", "要写明下一页的 cursor 在回答的哪里，例如 'rows[-1].tid'"
        if self.cursor and (wrong := _jmespath_problem(self.cursor)):
            yield "cursor", wrong
        if self.size < 1:
            yield "size", "最小 1"


@dataclass(frozen=True, slots=True)
class ApiFields:
    """JMESPath of each field, seen from one entry (or from a detail answer's root)."""

    title: str | None = None
    text: str | None = None
    key: str | None = None
    url: str | None = None  # address for people; or a template like "https://…/#/x?id={key}"
    time: str | None = None
    author: str | None = None
    region: str | None = None
    reply: str | None = None
    reply_time: str | None = None
    engagement: dict[str, str] = field(default_factory=dict)

    def problems(self) -> Problems:
        for spec in fields(self):
            path = getattr(self, spec.name)
            if not isinstance(path, str) or (spec.name == "url" and is_template(path)):
                continue
            if wrong := _jmespath_problem(path):
                yield spec.name, wrong
        for name, path in self.engagement.items():
            if wrong := _jmespath_problem(path):
                yield "engagement", f"{name}: {wrong}"


@dataclass(frozen=True, slots=True)
class ApiDetail:
    """A second question for each entry, where the list does not hold the whole text."""

    call: Call
    fields: ApiFields
    decode: str = "json"
    ok_when: str | None = None

    def problems(self) -> Problems:
        if not self.call.url:
            yield "call", "缺少 url；其中 {key} 代表该条的编号"
        yield from _answer_problems(self.decode, self.ok_when)


@dataclass(frozen=True, slots=True)
class ApiRules(Rules):
    """kind: api. A JSON answer, its entries mapped by JMESPath."""

    items: str
    fields: ApiFields
    call: Call = field(default_factory=Call)
    decode: str = "json"
    ok_when: str | None = None  # true where the answer is one; else it is a refusal, not emptiness
    # True where the answer is an empty list ("total == `0`"); not part of the fingerprint.
    empty_when: str | None = field(default=None, repr=False)
    paging: Paging | None = None
    keywords: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    keep_only_matching: bool = True  # servers ignore keywords in silence: look again ourselves
    since_overlap: timedelta = timedelta(days=1)
    detail: ApiDetail | None = None

    @property
    def other_addresses(self) -> tuple[str, ...]:
        return (self.detail.call.url,) if self.detail and self.detail.call.url else ()

    @property
    def are_pages_numbered(self) -> bool:
        return self.paging is None or self.paging.by != "cursor"

    @property
    def is_time_on_detail_pages(self) -> bool:
        if self.detail is None:
            return False
        return self.fields.time is None and self.detail.fields.time is not None

    @property
    def reads_replies(self) -> bool:
        return bool(self.fields.reply or (self.detail and self.detail.fields.reply))

    def spelling(self) -> tuple[object, ...]:
        return None, self, None

    def problems(self) -> Problems:
        if wrong := _jmespath_problem(self.items):
            yield "items", wrong
        yield from _answer_problems(self.decode, self.ok_when)
        if self.empty_when is not None and (wrong := _jmespath_problem(self.empty_when)):
            yield "empty_when", f"要写成 JMESPath，例如 'total == `0`'：{wrong}"
        if not self.fields.title and not self.fields.text:
            yield "fields", "title 和 text 至少写一个"
        if not self.fields.key and not self.fields.url:
            yield "fields", "key 和 url 至少写一个：靠它区分每一条"
        if len(self.keywords) * max(1, len(self.places)) > 400:
            yield "keywords", "keywords × places 一次轮询要问 400 次以上，太多"
        asked = repr((self.call.url, self.call.query, self.call.form, self.call.json))
        for name, values in (("keyword", self.keywords), ("place", self.places)):
            if f"{{{name}}}" in asked and not values:
                yield f"{name}s", f"用了 {{{name}}}，但 {name}s 是空的"
        if self.detail and not (self.detail.fields.text or self.detail.fields.reply):
            yield "detail", "要写 fields.text 或 fields.reply，否则不必再问一次"


def _jmespath_problem(path: str) -> str | None:
    try:
        jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        return f"{path!r} 不是 JMESPath：{str(error).splitlines()[0]}"
    return None


def _answer_problems(decode: str, ok_when: str | None) -> Problems:
    if decode not in JSON_DECODERS:
        yield "decode", f"没有 {decode!r} 这种解法；可用 {', '.join(JSON_DECODERS)}"
    if ok_when and (wrong := _jmespath_problem(ok_when)):
        yield "ok_when", wrong


def is_template(url: str) -> bool:
    """Whether the `url` of an entry is an address with `{key}`, not JMESPath."""
    return "://" in url and "{" in url
