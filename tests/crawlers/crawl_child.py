"""The real crawl process for tests: told what to poll on standard input, tells on standard output
what was handed in. A line is one JSON object.

In:  {"do": "poll", "yaml": …, "lease": {…}, "known": […]}; {"do": "fail_store", "times": n}
Out: {"name", "haul"…} a store, {"renewed": …}, {"released": …}, {"ready": pid}
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import queue
import sys
import threading
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from crawlers.crawl_settings import CrawlSettings
from crawlers.kinds.loading import read_source
from crawlers.process.main import run
from crawlers.source import Source
from domain.input.load import BadSettings, Problem
from domain.intake import TakenIn
from domain.polling import DueSource, LostLease, PendingPage, PollBatch
from domain.posts import Evidence


def _plain(value: Any) -> Any:
    if isinstance(value, Evidence):
        return {
            "url": value.url,
            "status": value.status,
            "size": len(value.body),
            "sha256": hashlib.sha256(value.body).hexdigest(),
            "fetched_at": value.fetched_at.isoformat(),
        }
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return value


class TestIntake:
    """A whole PollStore without a database: leases from a queue, hauls to standard output."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.waiting: queue.SimpleQueue[DueSource] = queue.SimpleQueue()
        self.keys: dict[str, set[str]] = {}
        self.fences: dict[str, int] = {}
        self.fail_store = 0
        self.broken_files = False
        self.asked_known: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def tell(self, **said: Any) -> None:
        with self._lock:
            sys.stdout.write(json.dumps(_plain(said), ensure_ascii=False) + "\n")
            sys.stdout.flush()

    def due(self, limit: int, now: datetime) -> list[DueSource]:
        leases: list[DueSource] = []
        while len(leases) < limit and not self.waiting.empty():
            leases.append(self.waiting.get())
        return leases

    def known(self, source: str, keys: Collection[str]) -> set[str]:
        self.asked_known.setdefault(source, []).extend(keys)
        return set(keys) & self.keys.get(source, set())

    def store(self, lease: DueSource, haul: PollBatch) -> TakenIn:
        if self.fail_store > 0:
            self.fail_store -= 1
            raise OSError("the test's disk is full")
        if self.fences.get(lease.name) != lease.fence:
            self.tell(name=lease.name, lost=lease.fence)
            raise LostLease(lease.name)
        self.keys.setdefault(lease.name, set()).update(p.key for p in haul.posts)
        self.tell(name=lease.name, haul=haul, known_asked=self.asked_known.get(lease.name, []))
        return TakenIn(new_posts=len(haul.posts))

    def renew(self, leases: Sequence[DueSource], now: datetime) -> None:
        self.tell(renewed=[lease.name for lease in leases])

    def release(self, leases: Sequence[DueSource]) -> None:
        self.tell(released=[lease.name for lease in leases])

    def load(self) -> dict[str, Source]:
        if self.broken_files:
            raise BadSettings([Problem("a.yaml", 3, "every", "'5' is not a duration")])
        self.tell(loaded=sorted(self.sources))
        return dict(self.sources)

    def listen(self) -> None:
        for line in sys.stdin:
            said = json.loads(line)
            if said["do"] == "fail_store":
                self.fail_store = said["times"]
            elif said["do"] == "fence":
                self.fences[said["name"]] = said["fence"]
            elif said["do"] == "poll":
                self._poll(said)

    def _poll(self, said: dict[str, Any]) -> None:
        lease = dict(said["lease"])
        if said["yaml"]:
            source = read_source(said["yaml"], "test.yaml")
            self.sources[source.name] = source
        self.keys[lease["name"]] = set(said["known"])
        self.asked_known.pop(lease["name"], None)
        self.fences[lease["name"]] = lease["fence"]
        lease["due_at"] = datetime.fromisoformat(lease["due_at"])
        lease["pending"] = tuple(
            PendingPage(**{**p, "next_at": datetime.fromisoformat(p["next_at"])})
            for p in lease.get("pending", ())
        )
        self.waiting.put(DueSource(**lease))


def main() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    options = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    intake = TestIntake()
    intake.broken_files = options.get("broken_files", False)
    threading.Thread(target=intake.listen, daemon=True).start()
    # Rules are loaded anew for every test source: none are known at the start.
    intake.tell(ready=True)
    settings = CrawlSettings(
        ask_every_s=0.03,
        retry_wait_s=0.05,
        finish_s=options.get("finish_s", 2.0),
        memory_limit_mb=options.get("memory_limit_mb"),
    )
    code = run(
        intake.load,
        intake,
        stop_fd=options.get("stop_fd"),
        settings=settings,
    )
    sys.exit(code)


if __name__ == "__main__":
    main()
