"""What a source's file says about its pages, kind by kind: selectors, mappings, questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

import jmespath

from crawlers.decoders import JSON_DECODERS, PAGE_DECODERS
from crawlers.selecting import rule_problem, selector_problem
from domain.addresses import is_web_address

Problems = Iterator[tuple[str, str]]
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class DetailRules:
    """Where a detail page holds what. Selectors: CSS (with ::attr(x), ::text) or XPath."""

    body: str
    title: str | None = None
    time: str | None = None
    author: str | None = None
    region: str | None = None
    reply: str | None = None
    reply_time: str | None = None
    decode: str = "plain"

    def problems(self) -> Problems:
        for spec in fields(self):
            selector = getattr(self, spec.name)
            if spec.name != "decode" and selector and (wrong := selector_problem(selector)):
                yield spec.name, wrong
        if self.decode not in PAGE_DECODERS:
            yield "decode", f"{self.decode!r}: one of {', '.join(PAGE_DECODERS)}"


@dataclass(frozen=True, slots=True)
class BoardRules:
    """kind: board. A list page of entries, and (unless the list shows all) a page for each."""

    item: str
    link: str = "a::attr(href)"
    title: str | None = None  # default: the title attribute of the link, else the link's text
    text: str | None = None  # where the list itself shows the message
    time: str | None = None
    author: str | None = None
    region: str | None = None
    status: str | None = None  # 待回复, 已办理: a change makes the detail page be read again
    reply: str | None = None
    reply_time: str | None = None
    key: str | None = None  # selector of the site's own id; default: the link
    key_pattern: str | None = None  # regular expression with one group, applied to that
    next: str | None = None  # selector of the link to the next page
    page_url: str | None = None  # or its address: "index_{n}.html", "?page={n}"
    second_page: int = 2  # the {n} of the second page (TRS: 1)
    decode: str = "plain"
    # What an empty list shows ("div.no-data", "text: 暂无信息"): only that proves that it is one.
    # Not part of the fingerprint: it decides what is believed, not what is read.
    empty_when: str | None = field(default=None, repr=False)
    detail: DetailRules | None = None

    def problems(self) -> Problems:
        plain = {"key_pattern", "page_url", "second_page", "decode", "detail", "empty_when"}
        for spec in fields(self):
            selector = getattr(self, spec.name)
            if spec.name not in plain and selector and (wrong := selector_problem(selector)):
                yield spec.name, wrong
        if self.decode not in PAGE_DECODERS:
            yield "decode", f"{self.decode!r}: one of {', '.join(PAGE_DECODERS)}"
        if self.key_pattern is not None and (wrong := _pattern_problem(self.key_pattern)):
            yield "key_pattern", wrong
        if self.next and self.page_url:
            yield "page_url", "give either next or page_url"
        if self.page_url and "{n}" not in self.page_url:
            yield "page_url", "must hold {n}, the number of the page"
        if self.empty_when is not None and (wrong := rule_problem(self.empty_when)):
            yield "empty_when", f"{self.empty_when!r} {wrong}"


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
            yield "method", f"{self.method!r}: GET or POST"
        if self.form is not None and self.json is not None:
            yield "json", "give either form or json"
        if self.method == "GET" and (self.form is not None or self.json is not None):
            yield "method", "a body needs method: POST"
        for name in self.headers:
            if name.lower() in ("cookie", "authorization", "user-agent", "host"):
                yield "headers", f"{name}: log-in, signature and disguise are not supported"


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
            yield "by", f"{self.by!r}: page, offset or cursor"
        if self.by == "cursor" and not self.cursor:
            yield "cursor", "say where the answer holds the next cursor, e.g. 'rows[-1].tid'"
        if self.cursor and (wrong := _jmespath_problem(self.cursor)):
            yield "cursor", wrong
        if self.size < 1:
            yield "size", "at least 1"


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
            yield "call", "needs a url; {key} stands for the entry's own id"
        yield from _answer_problems(self.decode, self.ok_when)


@dataclass(frozen=True, slots=True)
class ApiRules:
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

    def problems(self) -> Problems:
        if wrong := _jmespath_problem(self.items):
            yield "items", wrong
        yield from _answer_problems(self.decode, self.ok_when)
        if self.empty_when is not None and (wrong := _jmespath_problem(self.empty_when)):
            yield "empty_when", f"要写成 JMESPath，例如 'total == `0`'：{wrong}"
        if not self.fields.title and not self.fields.text:
            yield "fields", "title or text is needed"
        if not self.fields.key and not self.fields.url:
            yield "fields", "key or url is needed: it tells one post from another"
        if len(self.keywords) * max(1, len(self.places)) > 400:
            yield "keywords", "keywords × places makes more than 400 questions a poll"
        asked = repr((self.call.url, self.call.query, self.call.form, self.call.json))
        for name, values in (("keyword", self.keywords), ("place", self.places)):
            if f"{{{name}}}" in asked and not values:
                yield f"{name}s", f"{{{name}}} is used but {name}s is empty"
        if self.detail and not (self.detail.fields.text or self.detail.fields.reply):
            yield "detail", "fields.text (or reply) is needed: why else ask again?"


@dataclass(frozen=True, slots=True)
class FeedRules:
    """kind: feed. RSS, Atom, RDF or JSON Feed; nothing needs saying."""

    prefer: str = "content"  # content | summary: which of the two is the text

    def problems(self) -> Problems:
        if self.prefer not in ("content", "summary"):
            yield "prefer", f"{self.prefer!r}: content or summary"


def _pattern_problem(pattern: str) -> str | None:
    if len(pattern) > 200:
        return "longer than 200 characters"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is not a regular expression: {error}"
    return None if compiled.groups == 1 else f"{pattern!r} must have exactly one group"


def _jmespath_problem(path: str) -> str | None:
    try:
        jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        return f"{path!r} is not JMESPath: {str(error).splitlines()[0]}"
    return None


def _answer_problems(decode: str, ok_when: str | None) -> Problems:
    if decode not in JSON_DECODERS:
        yield "decode", f"{decode!r}: one of {', '.join(JSON_DECODERS)}"
    if ok_when and (wrong := _jmespath_problem(ok_when)):
        yield "ok_when", wrong


def is_template(url: str) -> bool:
    """Whether the `url` of an entry is an address with `{key}`, not JMESPath."""
    return "://" in url and "{" in url
