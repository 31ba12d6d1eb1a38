"""A source read without network: pages in, what was found out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from crawlers.kinds import KINDS
from crawlers.kinds.loading import read_source
from crawlers.progress.keys import Met, told_apart
from crawlers.reading.pages import Entry, Found, Page, PollStart
from crawlers.reading.posts import make_post
from crawlers.source import Source
from domain.clock import SHANGHAI
from domain.posts import FoundPost

NOW = datetime(2026, 11, 27, 20, 55, tzinfo=SHANGHAI)
ADDRESS = "http://www.example.gov.cn/list.html"
HEAD = f"""
name: tried
title: 测试
kind: {{kind}}
channel: gov_board
every: 5m
url: {ADDRESS}
"""


def source(kind: str, rules: str = "", more: str = "") -> Source:
    text = HEAD.format(kind=kind) + more + "\n"
    if rules:
        indented = "\n".join(f"  {line}" for line in rules.strip().splitlines())
        text += f"{kind}:\n{indented}\n"
    return read_source(text, "tried.yaml")


def page(body: str | bytes | Any, kind: str = "text/html", url: str = ADDRESS) -> Page:
    if not isinstance(body, str | bytes):
        body = json.dumps(body, ensure_ascii=True)
        kind = "application/json"
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return Page(url, 200, raw, NOW, kind)


def listed(of: Source, at: Page, met: Met = lambda key: None, number: int = 0) -> Found:
    """What a list page holds, as a poll takes it."""
    kind = KINDS[of.kind]
    ask = kind.start(of, of.rules, PollStart(NOW))[0].but(number=number)
    return told_apart(kind.read(of, of.rules, ask, at), met, at)


def detailed(of: Source, entry: Entry, at: Page) -> Entry:
    """The entry with what its detail page says."""
    assert entry.detail is not None
    return KINDS[of.kind].read_detail(of, of.rules, entry.detail, at)


def posts(of: Source, found: Found, at: Page) -> list[FoundPost]:
    return [make_post(of, e.key, e.url, e.fields, NOW, at) for e in found.entries]
