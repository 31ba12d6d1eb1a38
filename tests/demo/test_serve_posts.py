"""tools/serve_posts.py as a process of its own, on a file of our own."""

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawlers.kinds import KINDS
from crawlers.kinds.loading import load_sources
from crawlers.reading.pages import Page, PageRole, PollStart
from domain.clock import utc_now

TOOL = Path(__file__).parents[2] / "tools" / "serve_posts.py"


def lines() -> Iterator[str]:
    for n in range(120):
        post = {
            "id": f"id {n}/x" if n == 7 else f"m{n}",
            "title": f"第{n}条 <留言> & 建议",
            "text": f"正文{n}\n第二行",
            "published_at": f"2019/{n % 12 + 1}/{n % 28 + 1} 11:25:05",
            "region": "A3区",
        }
        if n % 3 == 0:
            post |= {"reply": f"回复{n}", "reply_at": "2020-01-02 10:00:00"}
        yield json.dumps(post, ensure_ascii=False)


class Serving:
    def __init__(self, folder: Path) -> None:
        self.source = folder / "sources" / "served.yaml"
        self.source.parent.mkdir()
        file = folder / "posts.jsonl.gz"
        with gzip.open(file, "wt", encoding="utf-8") as out:
            out.write("\n".join(lines()) + "\n")
        self.process = subprocess.Popen(
            [sys.executable, str(TOOL), str(file), "--write-source", str(self.source)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:(\d+)/", self.said)
        assert match, self.said
        self.connection = http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=30)

    def get(self, path: str, **headers: str) -> tuple[int, bytes, str]:
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag", "")

    def stop(self) -> int:
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("serve"))
    yield serving
    serving.stop()


@pytest.mark.slow
def test_its_source_file_lets_the_crawler_read_every_post_once(serving: Serving) -> None:
    source = load_sources(serving.source.parent)["served_posts"]
    kind = KINDS["board"]
    asks = kind.start(source, source.rules, PollStart(utc_now()))
    keys: list[str] = []
    bodies: dict[str, dict[str, object]] = {}
    order: list[str] = []
    while asks:
        ask = asks.pop(0)
        path = ask.url.removeprefix(source.addresses[0].rstrip("/"))
        status, body, _ = serving.get(path)
        assert status == 200
        page = Page(ask.url, status, body, utc_now())
        if ask.role is PageRole.LIST:
            found = kind.read(source, source.rules, ask, page)
            assert found.matched <= 50
            keys += [e.key for e in found.entries]
            order += [str(e.fields["time"]) for e in found.entries]
            asks += [e.detail for e in found.entries if e.detail]
            asks += [found.more] if found.more else []
        else:
            bodies[ask.key] = kind.read_detail(source, source.rules, ask, page).fields
    assert len(keys) == len(set(keys)) == len(bodies) == 120
    assert order == sorted(order, reverse=True)
    third = bodies["m3"]
    assert third["title"] == "第3条 <留言> & 建议"
    assert third["text"] == "正文3\n第二行"
    assert third["reply"] == "回复3"
    assert third["region"] == "A3区"


def test_an_unchanged_page_is_answered_with_304(serving: Serving) -> None:
    status, body, tag = serving.get("/post/m1.html")
    assert (status, bool(body)) == (200, True)
    assert serving.get("/post/m1.html", **{"If-None-Match": tag})[:2] == (304, b"")


def test_pages_that_are_not_there_are_404(serving: Serving) -> None:
    for path in ("/post/none.html", "/?page=0", "/?page=4", "/?page=x", "/elsewhere"):
        assert serving.get(path)[0] == 404


@pytest.mark.slow
def test_it_serves_hundreds_of_pages_over_one_connection(
    serving: Serving, figure: Callable[[str, float, str], None]
) -> None:
    began = time.perf_counter()
    statuses = {serving.get(f"/post/m{n % 100 + 8}.html")[0] for n in range(300)}
    figure("tools/serve_posts.py, pages a second", 300 / (time.perf_counter() - began), "> 500")
    assert statuses == {200}


def test_it_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    serving = Serving(tmp_path)
    assert serving.get("/post/m1.html")[0] == 200
    assert serving.stop() == 0


def test_a_file_that_cannot_be_served_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"id": 1, "text": "好"}\n{"id": 1, "text": "再"}\n', encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(TOOL), str(file)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 2
    assert "posts.jsonl:2: id '1' is given twice" in run.stderr
