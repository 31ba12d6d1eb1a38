"""A board that grows while the real crawl process reads it, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from crawl_driver import Crawler, Polled
from site_on_loopback import Asked, Reply, Site, html

from domain.clock import SHANGHAI, utc_now

SOURCE = """
name: {name}
title: 测试论坛
kind: board
channel: forum
every: 1m
private_host: true
limits: {{delay: 0s, timeout: 20s, max_pages: 5}}
url: {address}/list.html
board:
  item: li
  text: p
  title: b
  time: time
  key: "@data-id"
  page_url: list_{{n}}.html
"""


class Board:
    """Pages of ten, numbered; grows by `growth` posts at each request until it holds 300."""

    def __init__(self, site: Site, growth: int) -> None:
        self.posts = 100
        # News by the clock of the crawl process, which reads a new source no further back.
        self.when = f"{utc_now().astimezone(SHANGHAI) - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
        self.growth = growth
        self.fails: set[int] = set()  # pages that answer 500, and what they said after that
        for n in range(1, 40):
            site.pages[f"/list_{n}.html" if n > 1 else "/list.html"] = self._page(n)

    def _page(self, number: int) -> object:
        def answer(asked: Asked) -> Reply:
            self.posts = min(self.posts + self.growth, 300)
            if number in self.fails:
                self.fails.discard(number)
                return Reply(b"oops", 503)
            top = self.posts - (number - 1) * 10
            rows = "".join(
                f"<li data-id={n}><b>第{n}帖</b><p>小召乡{n}村停电</p><time>{self.when}</time></li>"
                for n in range(top, max(top - 10, 0), -1)
            )
            return html(f"<ul>{rows}</ul>") if rows else Reply(b"no such page", 404)

        return answer


@pytest.mark.slow
@pytest.mark.parametrize("growth", [9, 10, 20])
def test_nothing_is_lost_on_a_list_that_moves_while_it_is_read(
    crawler: Crawler, site: Site, growth: int
) -> None:
    board = Board(site, growth)
    board.fails = {3, 4}
    source = SOURCE.format(name=f"moving-{growth}", address=site.address)
    found: list[str] = []
    polled: Polled | None = None
    for _ in range(30):
        known = tuple(found)
        polled = crawler.poll(source, after=polled, known=known)
        found += polled.keys
        if polled.result == "nothing_new" and "接着读" not in (polled.outcome["notice"] or ""):
            break
    assert board.posts == 300
    assert sorted(map(int, found)) == list(range(1, 301)), "each once"
