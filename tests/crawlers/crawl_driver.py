"""The real crawl process, driven by lines: crawl_child.py run as a program of its own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("crawl_child.py")
MEMORY_LIMIT_MB = 1024  # not what the settings say where nobody says anything


def python_path() -> str:
    """This checkout first, then what the tests themselves were given."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))


@dataclass
class Polled:
    """What a poll handed in, all deliveries together."""

    hauls: list[dict[str, Any]] = field(default_factory=list)
    known_asked: list[str] = field(default_factory=list)

    @property
    def posts(self) -> list[dict[str, Any]]:
        return [p for h in self.hauls for p in h["posts"]]

    @property
    def keys(self) -> list[str]:
        return [p["key"] for p in self.posts]

    @property
    def pending(self) -> list[dict[str, Any]]:
        return [p for h in self.hauls for p in h["pending"]]

    @property
    def settled(self) -> list[str]:
        return [k for h in self.hauls for k in h["settled"]]

    @property
    def cursor(self) -> dict[str, Any]:
        return self.hauls[-1]["cursor"]

    @property
    def outcome(self) -> dict[str, Any]:
        return self.hauls[-1]["outcome"]

    @property
    def result(self) -> str:
        return self.outcome["result"]

    @property
    def problem(self) -> str:
        return self.outcome["problem"] or ""


class Crawler:
    """The crawl process, driven by lines."""

    def __init__(self, **options: Any) -> None:
        environment = {**os.environ, "PYTHONPATH": python_path(), "PYTHONWARNINGS": "error"}
        fds = (options["stop_fd"],) if "stop_fd" in options else ()
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(CHILD),
                json.dumps({"memory_limit_mb": MEMORY_LIMIT_MB, **options}),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            pass_fds=fds,
        )
        self.errors: list[str] = []
        self.other: list[dict[str, Any]] = []
        self._heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._fence = 0
        threads = (self._hear, self._hear_errors)
        self._threads = [threading.Thread(target=t, daemon=True) for t in threads]
        for thread in self._threads:
            thread.start()
        assert self.wait_for(lambda said: "ready" in said)

    def _hear(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._heard.put(json.loads(line))

    def _hear_errors(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.errors.append(line)

    def say(self, **said: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(said, ensure_ascii=False) + "\n")
        self.process.stdin.flush()

    def wait_for(
        self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 60.0
    ) -> dict[str, Any]:
        until = time.monotonic() + timeout_s
        while True:
            try:
                said = self._heard.get(timeout=0.5)
            except queue.Empty:
                if self.process.poll() is None and time.monotonic() < until:
                    continue
                raise AssertionError("".join(self.errors[-60:]) or "nothing heard") from None
            if wanted(said):
                return said
            self.other.append(said)

    def forget(self) -> None:
        """What was said so far answers no later question."""
        while not self._heard.empty():
            self.other.append(self._heard.get())

    def start_poll(
        self, yaml: str, *, after: Polled | None = None, known: tuple[str, ...] = (), **lease: Any
    ) -> str:
        """Make the source of `yaml` due; with `after`, as the store would after that poll."""
        self._fence += 1
        name = next(
            line.split(":", 1)[1].strip() for line in yaml.splitlines() if line.startswith("name:")
        )
        said: dict[str, Any] = {
            "name": name,
            "fence": self._fence,
            "due_at": "2026-11-24T00:00:00+08:00",
        }
        if after:
            said["cursor"] = after.cursor
            said["polls"] = 1
            said["avg_yield"] = after.outcome["avg_yield"]
            known = known + tuple(after.keys) + tuple(p["key"] for p in after.pending)
        self.say(do="poll", yaml=yaml, lease=said | lease, known=list(known))
        return name

    def finish_poll(self, name: str, timeout_s: float = 60.0) -> Polled:
        polled = Polled()
        while True:
            said = self.wait_for(lambda s: s.get("name") == name and "haul" in s, timeout_s)
            polled.hauls.append(said["haul"])
            polled.known_asked = said["known_asked"]
            if said["haul"]["outcome"]:
                return polled

    def poll(self, yaml: str, **more: Any) -> Polled:
        return self.finish_poll(self.start_poll(yaml, **more))

    def close(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(5)
        for thread in self._threads:
            thread.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        return code
