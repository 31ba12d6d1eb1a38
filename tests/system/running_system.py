"""`gridvoice run` as a process of its own, and what a test looks at while it runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import yaml
from sqlalchemy import Engine

from db.engine import open_engine
from domain.clock import SHANGHAI
from gridvoice.demo.web import NOT_FOUND, DemoPage, LocalServer

ROOT = Path(__file__).resolve().parents[2]
OUTAGE = "小召乡北寨村停电三天没人管，请供电所尽快解决"


def wait_until(true: Callable[[], object], seconds: float = 90.0, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.05)


def command(*words: object) -> list[str]:
    return [sys.executable, "-P", "-m", "gridvoice.cli.main", *(str(word) for word in words)]


def call(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        command(*words), capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=500,
        env=_environment(environment),
    )  # fmt: skip


def rows_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GRIDVOICE_")}
    return {**kept, **more}


class Running:
    """One `gridvoice run` over `folder`/config and `folder`/data. End it with `close`."""

    def __init__(
        self, folder: Path, cwd: Path = ROOT, program: Path | None = None, **environment: str
    ) -> None:
        self.folder = folder
        self.where = ("--config", folder / "config", "--data", folder / "data")
        self.log_path = folder / "log.txt"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [program, "run", *self.where] if program else command("run", *self.where),
                stdout=log, stderr=log, cwd=cwd, env=_environment(environment),
            )  # fmt: skip
        self._engine: Engine | None = None

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def engine(self) -> Engine:
        """Its store, to look at."""
        if self._engine is None:
            wait_until(self._has_started, what="the start")
            self._engine = open_engine(f"sqlite:///{self.folder / 'data' / 'gridvoice.db'}")
        return self._engine

    def _has_started(self) -> bool:
        assert self.process.poll() is None, self.log
        return "console address" in self.log

    @property
    def service(self) -> int | None:
        """The pid of the process that does the work, once there is one."""
        return self._pid_of(b"gridvoice.cli.service")

    @property
    def child(self) -> int | None:
        """The crawl process's pid, once there is one."""
        return self._pid_of(b"gridvoice.service.crawl_child")

    def _pid_of(self, module: bytes) -> int | None:
        return next((pid for pid, words in self._processes() if module in words), None)

    def living(self) -> list[int]:
        """Every process whose command line names this folder, in whatever parentage."""
        return [pid for pid, _ in self._processes()]

    def _processes(self) -> Iterator[tuple[int, bytes]]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes()
                    state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                except OSError:
                    continue
                if str(self.folder).encode() in words and state != "Z":
                    yield int(entry.name), words

    @property
    def console(self) -> str:
        """Its address, of the latest start."""
        wait_until(self._has_started, what="the start")
        return re.findall(r"console address=(\S+)", self.log)[-1]

    def get(self, path: str) -> requests.Response:
        return requests.get(self.console + path, timeout=30)

    def troubles(self) -> str:
        """What /readyz says is wrong."""
        said = self.get("/readyz").json()
        return "\n".join([*said["problems"], *said["degraded"]])

    def sources(self) -> dict[str, dict[str, Any]]:
        """`sources list --json`, by name."""
        done = call("sources", "list", "--json", *self.where)
        assert done.returncode == 0, done.stderr
        return {row["name"]: row for row in rows_of(done)}

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """(exit code, how long it took)."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(90)
        return code, time.monotonic() - started

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._engine is not None:
            self._engine.dispose()


class Town:
    """A site whose answers a test lays down by path; asks for them are counted."""

    def __init__(self, robots: str = "User-agent: *\nDisallow:\n") -> None:
        self.pages: dict[str, DemoPage | Callable[[], DemoPage]] = {
            "/robots.txt": DemoPage(robots.encode(), "text/plain")
        }
        self.asked: list[str] = []
        self.server = LocalServer(self._answer)
        self.server.start()

    def _answer(self, path: str, query: Mapping[str, str]) -> DemoPage:
        self.asked.append(path)
        page = self.pages.get(path, NOT_FOUND)
        return page if isinstance(page, DemoPage) else page()

    def board(self, name: str, **posts: str) -> None:
        """A list page `/name/` with one detail page a post, all of the last minutes."""
        now = datetime.now(UTC).astimezone(SHANGHAI) - timedelta(minutes=5)
        when = f"{now:%Y-%m-%d %H:%M:%S}"
        items = "".join(
            f'<li><a href="/{name}/{key}.html">{text[:12]}</a><span>{when}</span></li>'
            for key, text in posts.items()
        )
        self.pages[f"/{name}/"] = _html(f'<ul class="posts">{items}</ul>')
        for key, text in posts.items():
            body = f'<h1>{text[:12]}</h1><span>{when}</span><div class="content">{text}</div>'
            self.pages[f"/{name}/{key}.html"] = _html(body)

    def source(self, config: Path, name: str, **changes: Any) -> Path:
        """The source file that reads the board `/name/`."""
        source = {
            "name": name,
            "title": f"留言板{name}",
            "kind": "board",
            "channel": "gov_board",
            "region": "许昌市建安区",
            "every": "1s",
            "url": f"{self.server.base_url}/{name}/",
            "private_host": True,
            "limits": {"delay": "0s", "timeout": "5s", "concurrency": 2},
            "board": {
                "item": "ul.posts li",
                "link": "a::attr(href)",
                "title": "a",
                "time": "span",
                "key": "a::attr(href)",
                "key_pattern": r"/([\w-]+)\.html$",
                "detail": {"title": "h1", "body": "div.content", "time": "span"},
            },
        }
        path = config / "sources" / f"{name}.yaml"
        text = yaml.safe_dump({**source, **changes}, allow_unicode=True, sort_keys=False)
        path.write_text(text, encoding="utf-8")
        return path


def _html(body: str) -> DemoPage:
    text = f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'
    return DemoPage(text.encode(), "text/html; charset=utf-8")
