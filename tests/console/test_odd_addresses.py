"""Addresses that cannot be taken to pieces: the page of their incident opens all the same."""

from __future__ import annotations

import pytest
import requests
from console_server import Console
from sqlalchemy import update

from db.engine import write
from db.tables import posts

ODD = [
    "http://[公告]/1",
    "https://[::1",
    "http://x.cn:80端口/",
    "http://f:999999/",
    "http://a b/",
    "http://",
    "javascript:alert(1)//http://a.cn",
    "data:text/html,<b>x",
    "//a.cn/x",
    "http:/x",
    "http://a.cn/" + "x" * 5_000,
]


def test_an_incident_with_an_odd_address_can_be_opened_and_taken(own_console: Console) -> None:
    number = next(iter(own_console.numbers.values()))
    for url in ODD:
        with write(own_console.engine) as conn:
            conn.execute(update(posts).values(url=url))
        opened = own_console.get(f"/incidents/{number}")
        assert opened.status_code == 200, url
        assert url not in opened.text, url
        assert own_console.get("/posts/1/original").status_code == 404, url


@pytest.mark.parametrize("origin", ["http://[", "http://[x]", "http://h:99999", "::"])
def test_an_origin_that_is_no_address_is_refused(console: Console, origin: str) -> None:
    """A browser that sends no Sec-Fetch-Site is known by it alone."""
    path = f"{console.url}/incidents/{console.numbers['low']}/ack"
    answer = requests.post(path, {"who": "王芳"}, headers={"Origin": origin}, timeout=10)
    assert answer.status_code == 403
