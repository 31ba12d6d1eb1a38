"""A board of letters, laid down on a test's site, and the source that reads it."""

from __future__ import annotations

from site_on_loopback import Site, html

BOARD = """
name: {name}
title: 测试信箱
kind: board
channel: gov_board
region: 许昌市
every: 1m
every_at_most: 4m
private_host: true
limits: {{delay: 0s, timeout: 5s, max_pages: {max_pages}, max_details: {max_details}}}
url: {address}/list.html
{more}
board:
  item: ul.letters li
  time: span.date
  status: span.state
  key_pattern: 'letter_(\\d+)\\.html'
  next: a.next::attr(href)
  detail:
    title: h1
    body: div.question
    time: span.asked
    author: span.who
    reply: div.answer p
    reply_time: div.answer span.when
"""


def board(site: Site, name: str, more: str = "", max_pages: int = 5, max_details: int = 100) -> str:
    return BOARD.format(
        name=name,
        address=site.address,
        more=more,
        max_pages=max_pages,
        max_details=max_details,
    )


def lay_list(
    site: Site, numbers: list[int], path: str = "/list.html", after: str = "", state: str = ""
) -> None:
    rows = "".join(
        f'<li><a href="letter_{n}.html" title="第{n}号来信：停电三天无人管">第{n}号来信…</a>'
        f'<span class="date">[11-{n % 27 + 1:02d}]</span><span class="state">{state}</span></li>'
        for n in numbers
    )
    link = f'<a class="next" href="{after}">下一页</a>' if after else ""
    site.pages[path] = html(f"<html><body><ul class='letters'>{rows}</ul>{link}</body></html>")


def lay_letter(site: Site, n: int, answer: str = "") -> None:
    replied = (
        f'<div class="answer"><span class="when">2026-11-23 09:00</span><p>{answer}</p></div>'
        if answer
        else ""
    )
    site.pages[f"/letter_{n}.html"] = html(
        f"<html><head><title>x</title></head><body><h1>第{n}号来信：停电三天无人管</h1>"
        f"<span class='who'>李某</span>"
        f"<span class='asked'>来信时间：2026年11月20日 下午3时20分</span>"
        f"<div class='question'><p>小召乡&nbsp;{n}村停电三天，</p><p>打电话没人接。</p>"
        f"<script>var x = 1;</script></div>{replied}</body></html>"
    )


def lay(site: Site, numbers: list[int]) -> None:
    lay_list(site, numbers)
    for n in numbers:
        lay_letter(site, n)
