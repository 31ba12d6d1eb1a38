"""The section `board:` of a source's file: which selector finds what on its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import ClassVar

from crawlers.reading.decoders import PAGE_DECODERS
from crawlers.reading.selecting import rule_problem, selector_problem
from crawlers.source import Rules
from domain.input.load import Problems


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
            yield "decode", f"没有 {self.decode!r} 这种解法；可用 {', '.join(PAGE_DECODERS)}"


@dataclass(frozen=True, slots=True)
class BoardRules(Rules):
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

    key_advice: ClassVar[str] = "请写 key_pattern，只取不变的部分"

    @property
    def is_time_on_detail_pages(self) -> bool:
        return self.detail is not None and self.time is None and self.detail.time is not None

    @property
    def reads_replies(self) -> bool:
        return bool(self.reply or (self.detail and self.detail.reply))

    def spelling(self) -> tuple[object, ...]:
        return self, None, None

    def problems(self) -> Problems:
        plain = {"key_pattern", "page_url", "second_page", "decode", "detail", "empty_when"}
        for spec in fields(self):
            selector = getattr(self, spec.name)
            if spec.name not in plain and selector and (wrong := selector_problem(selector)):
                yield spec.name, wrong
        if self.decode not in PAGE_DECODERS:
            yield "decode", f"没有 {self.decode!r} 这种解法；可用 {', '.join(PAGE_DECODERS)}"
        if self.key_pattern is not None and (wrong := _pattern_problem(self.key_pattern)):
            yield "key_pattern", wrong
        if self.next and self.page_url:
            yield "page_url", "next 和 page_url 只能写一个"
        if self.page_url and "{n}" not in self.page_url:
            yield "page_url", "里面要有 {n}，它代表页码"
        if self.empty_when is not None and (wrong := rule_problem(self.empty_when)):
            yield "empty_when", f"{self.empty_when!r} {wrong}"


def _pattern_problem(pattern: str) -> str | None:
    if len(pattern) > 200:
        return "超过 200 个字符"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} 不是正则表达式：{error}"
    return None if compiled.groups == 1 else f"{pattern!r} 里要有且只有一个括号组"
