"""Counts the posts that are lost from lists that never stand still, on a machine that is busy.

    tools/moving_list.py [--minutes N] [--rate N] [--burners N] [--nice N]

Two boards on loopback, newest first, one of ten rows a page and one of forty whose posts have
pages of their own, gain `--rate` posts a second each, while `gridvoice run` reads them into a
store of its own and `--burners` processes keep the machine busy. After `--minutes` the boards
stand still; when nothing is stored any more, it counts. Prints one JSON line.

Exit 0: nothing lost. 1: posts were lost, or stored that were never shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import Engine, text  # noqa: E402

from db.engine import open_engine, read  # noqa: E402
from domain.clock import SHANGHAI, utc_now  # noqa: E402
from gridvoice.demo.web import NOT_FOUND, DemoPage, LocalServer  # noqa: E402
from gridvoice.settings.configuration import default_config_dir  # noqa: E402

_AT_FIRST = 60  # posts that stand there when the first poll comes
_CALM_S = 60.0  # without a new post in the store: as good as settled
_SETTLE_S = 1800.0
_BURN = "while True: pass"
_HTML = "text/html; charset=utf-8"


class Board:
    """Posts numbered from 1; how many there are is a matter of the clock."""

    def __init__(self, size: int, rate: float, details: bool) -> None:
        self.name = f"moving_{size}"
        self.size = size
        self.details = details
        self._rate = rate
        self._began = time.monotonic()
        self._stopped: float | None = None
        self._wall = utc_now()

    @property
    def posts(self) -> int:
        now = self._stopped if self._stopped is not None else time.monotonic()
        return _AT_FIRST + int((now - self._began) * self._rate)

    def stop(self) -> None:
        self._stopped = time.monotonic()

    def answer(self, path: str, query: Mapping[str, str]) -> DemoPage:
        if path == "/":
            return self._page(int(query.get("page", "1")))
        if match := re.fullmatch(r"/(\d+)\.html", path):
            words = f"路灯旁边新开了一家面馆，味道不错。编号{match[1]}。"
            return DemoPage(f"<html><body><div>{words}</div></body></html>".encode(), _HTML)
        return NOT_FOUND

    def _page(self, number: int) -> DemoPage:
        top = self.posts - (number - 1) * self.size
        if top <= 0:
            return NOT_FOUND
        rows = "".join(
            f'<li><a href="/{n}.html">第{n}帖</a><i>{self._time(n)}</i></li>'
            for n in range(top, max(top - self.size, 0), -1)
        )
        following = f'<a class="next" href="/?page={number + 1}">下一页</a>'
        shown = following if top > self.size else ""
        return DemoPage(f"<html><body><ul>{rows}</ul>{shown}</body></html>".encode(), _HTML)

    def _time(self, number: int) -> str:
        moment: datetime = self._wall + timedelta(seconds=(number - _AT_FIRST) / self._rate)
        return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"

    def source(self, address: str) -> str:
        rules: dict[str, Any] = {
            "item": "li",
            "link": "a::attr(href)",
            "title": "a",
            "time": "i",
            "key_pattern": r"/(\d+)\.html",
            "next": "a.next::attr(href)",
        }
        if self.details:
            rules["detail"] = {"body": "div"}
        source = {
            "name": self.name,
            "title": f"{self.size} 条一页",
            "kind": "board",
            "channel": "forum",
            "every": "2s",
            "private_host": True,
            "limits": {"delay": "0s", "concurrency": 2},
            "url": f"{address}/",
            "board": rules,
        }
        return yaml.safe_dump(source, allow_unicode=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long they grow")
    parser.add_argument("--rate", type=float, default=20.0, help="posts a second and board")
    parser.add_argument("--burners", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--nice", type=int, default=0, help="of the burners")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gridvoice-moving-"))
    try:
        report = experiment(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, ensure_ascii=False))
    return 1 if report["lost"] or report["unexpected"] else 0


def experiment(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    prepare_config(folder)
    boards = [Board(10, options.rate, details=False), Board(40, options.rate, details=True)]
    servers = [LocalServer(board.answer) for board in boards]
    for board, server in zip(boards, servers, strict=True):
        server.start()
        path = folder / "config/sources" / f"{board.name}.yaml"
        path.write_text(board.source(server.base_url), "utf-8")
    engine = open_engine(f"sqlite:///{folder / 'data/gridvoice.db'}")
    try:
        with system(folder):
            with busy(options.burners, options.nice):
                time.sleep(options.minutes * 60)
            for board in boards:
                board.stop()
            stopped = time.monotonic()
            settle(engine, boards)
            settled_s = round(time.monotonic() - stopped, 1)
        lists = [counted(engine, board) for board in boards]
    finally:
        engine.dispose()
        for server in servers:
            server.stop()
    return {
        "minutes": options.minutes,
        "rate": options.rate,
        "burners": options.burners,
        "nice": options.nice,
        "settled_s": settled_s,
        "lost": sum(one["lost"] for one in lists),
        "unexpected": sum(one["unexpected"] for one in lists),
        "lists": lists,
    }


def prepare_config(folder: Path) -> None:
    unwanted = shutil.ignore_patterns("sources")
    shutil.copytree(default_config_dir(), folder / "config", ignore=unwanted)
    (folder / "config/sources").mkdir()
    general = folder / "config/gridvoice.yaml"
    settings = yaml.safe_load(general.read_text("utf-8"))
    settings["console"] = {"host": "127.0.0.1", "port": 0}
    general.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")


@contextmanager
def system(folder: Path) -> Iterator[None]:
    """`gridvoice run` on that folder, ended at the end."""
    where = ["--config", str(folder / "config"), "--data", str(folder / "data")]
    command = [sys.executable, "-m", "gridvoice.cli.main", "run", *where]
    with (folder / "log.txt").open("wb") as log:
        run = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    try:
        yield
        if run.poll() is not None:
            raise SystemExit(f"gridvoice run ended by itself with {run.returncode}")
    finally:
        run.terminate()
        run.wait(60)


@contextmanager
def busy(burners: int, nice: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    command = ["nice", "-n", str(nice), sys.executable, "-c", _BURN]
    burning = [subprocess.Popen(command) for _ in range(burners)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def settle(engine: Engine, boards: list[Board]) -> None:
    """Until all is stored, or for a minute nothing more was."""
    expected = sum(board.posts for board in boards)
    began = changed = time.monotonic()
    before = -1
    while time.monotonic() - changed < _CALM_S and time.monotonic() - began < _SETTLE_S:
        with read(engine) as conn:
            stored = conn.execute(text("SELECT count(*) FROM posts")).scalar_one()
        if stored >= expected:
            return
        if stored != before:
            before, changed = stored, time.monotonic()
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{stored}/{expected}")
        time.sleep(1)


def counted(engine: Engine, board: Board) -> dict[str, Any]:
    with read(engine) as conn:
        keys = text("SELECT key FROM posts WHERE source = :source")
        stored = {int(key) for key in conn.execute(keys, {"source": board.name}).scalars()}
        polls = text("SELECT polls, failures, last_notice FROM sources WHERE name = :source")
        row = conn.execute(polls, {"source": board.name}).one()
    shown = set(range(1, board.posts + 1))
    return {
        "page": board.size,
        "details": board.details,
        "posts": len(shown),
        "lost": len(shown - stored),
        "ranges": ranges(shown - stored)[:20],
        "unexpected": len(stored - shown),
        "polls": row.polls,
        "notice": row.last_notice,
    }


def ranges(numbers: set[int]) -> list[str]:
    """`3-17`, one for each run of neighbours."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}-{last}" for first, last in found]


if __name__ == "__main__":
    raise SystemExit(main())
