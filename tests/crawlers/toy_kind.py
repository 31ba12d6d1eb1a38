"""kind: lines. A page of `key|title|text` under a head line: all that a new kind takes."""

from dataclasses import dataclass

from crawlers.kinds.kind import Kind
from crawlers.reading.entries import Notes, each, make_entry
from crawlers.reading.pages import Ask, Found, Page
from crawlers.reading.refusals import because_refused
from crawlers.source import Rules, Source


@dataclass(frozen=True, slots=True)
class LineRules(Rules):
    head: str


def read(source: Source, rules: LineRules, ask: Ask, page: Page) -> Found:
    head, *lines = page.text.split("\n")
    if head != rules.head or lines[-1:] not in (["END"], ["MORE"]):
        raise because_refused(page, f"第一行不是 head“{rules.head}”，或没有读到结尾（{page.url}）")
    rows, notes = [line.split("|") for line in lines[:-1]], Notes()
    entries = each(rows, lambda r: make_entry(r[0], None, {"title": r[1], "text": r[2]}), notes)
    more = ask.but(url=f"{ask.url}&more", number=ask.number + 1) if lines[-1] == "MORE" else None
    return Found(tuple(entries), len(rows), more, notes.text())


KIND = Kind(LineRules, read)
