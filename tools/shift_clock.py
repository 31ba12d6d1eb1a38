"""Shifts the clock of the running system, for seconds and for good, and times what goes on.

    tools/shift_clock.py [--by 3600] [--json]

`gridvoice run` crawls a board on loopback that gains a complaint every few seconds, each about
another village, and alerts a WeCom robot on loopback. Its clock alone (not the monotonic one, not
the site's nor the robot's) is shifted by libfaketime: back and forth by an hour for 4 s, and for
good. After each shift it measures how long a complaint published *afterwards* takes to be stored,
assessed and accepted by the robot. Each must take less than a minute.

Exit 0: all did. 1: one did not. 2: libfaketime is not installed (Debian: faketime).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import text  # noqa: E402

from db.engine import open_engine, read  # noqa: E402
from domain.clock import SHANGHAI  # noqa: E402
from gridvoice.demo.receivers.gateway import Gateway  # noqa: E402
from gridvoice.demo.receivers.wecom import WECOM  # noqa: E402
from gridvoice.demo.web import NOT_FOUND, DemoPage, LocalServer  # noqa: E402
from gridvoice.settings.configuration import default_config_dir  # noqa: E402

LIMIT_S = 60.0
_EVERY_S = 8.0  # a robot takes 20 messages a minute, and every report is one
_GLITCH_S = 4.0
_START_S = 180.0
_ROWS = 20
_COMPLAINT = "{place}停电三天没人管，打95598没人接，请供电所尽快解决"


class Board:
    """A list page of the newest complaints; what it gains is counted."""

    def __init__(self, places: list[str]) -> None:
        self._places = places
        self._posts: list[tuple[int, str, str]] = []
        self._lock = threading.Lock()

    def publish(self) -> int:
        """One complaint more, about a village that nobody spoke of yet; its number."""
        with self._lock:
            number = len(self._posts)
            now = datetime.now(SHANGHAI)
            place = self._places[number % len(self._places)]
            words = _COMPLAINT.format(place=place)
            self._posts.append((number, words, f"{now:%Y-%m-%d %H:%M:%S}"))
            return number

    def answer(self, path: str, query: Mapping[str, str]) -> DemoPage:
        if path == "/robots.txt":
            return DemoPage(b"User-agent: *\nDisallow:\n", "text/plain")
        if path != "/":
            return NOT_FOUND
        with self._lock:
            newest = self._posts[-_ROWS:][::-1]
        rows = "".join(
            f'<li id="p{n}"><a href="/{n}.html">{words}</a><span>{when}</span></li>'
            for n, words, when in newest
        )
        page = f'<!DOCTYPE html><html><meta charset="utf-8"><ul class="posts">{rows}</ul></html>'
        return DemoPage(page.encode(), "text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift of the clock: by how many seconds, and for how long (None: for good)."""

    name: str
    by: float
    lasts: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """How long each step took for a complaint published after a shift; None: not within a minute
    (and half of one)."""

    shift: str
    stored_s: float | None
    assessed_s: float | None
    alerted_s: float | None

    @property
    def is_good(self) -> bool:
        times = (self.stored_s, self.assessed_s, self.alerted_s)
        return all(t is not None and t <= LIMIT_S for t in times)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--by", type=float, default=3600.0, help="seconds")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    if library is None:
        print("libfaketime is not installed; as root: apt-get install faketime", file=sys.stderr)
        return 2
    by = options.by
    shifts = [
        Shift("back for 4 s", -by, _GLITCH_S),
        Shift("forward for 4 s", by, _GLITCH_S),
        Shift("back for good", -by, None),
        Shift("forward for good (true time again)", 0.0, None),
        Shift("forward for good", by, None),
        Shift("back for good (true time again)", 0.0, None),
    ]
    folder = Path(tempfile.mkdtemp(prefix="gridvoice-clock-"))
    try:
        seen = experiment(folder, library, shifts)
    except BaseException:
        log = folder / "log.txt"
        print("\n".join(log.read_text("utf-8", "replace").splitlines()[-400:]), file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for one in seen:
        if options.json:
            row = {"shift": one.shift, "stored_s": one.stored_s, "assessed_s": one.assessed_s}
            print(json.dumps({**row, "alerted_s": one.alerted_s}, ensure_ascii=False))
        else:
            print(f"{one.shift:36} stored {one.stored_s} assessed {one.assessed_s}"
                  f" alerted {one.alerted_s} {'ok' if one.is_good else 'TOO LATE'}")  # fmt: skip
    return 0 if seen and all(one.is_good for one in seen) else 1


def experiment(folder: Path, library: Path, shifts: list[Shift]) -> list[Seen]:
    board = Board(_villages())
    offset = folder / "offset"
    _set(offset, 0.0)
    with LocalServer(board.answer) as site, Gateway(per_minute=1000) as robot:
        _write_config(folder, site.base_url)
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GRIDVOICE_")},
            "GRIDVOICE_WECOM_URL": robot.wecom_url,
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        where = ["--config", str(folder / "config"), "--data", str(folder / "data")]
        with (folder / "log.txt").open("ab") as log:
            system = subprocess.Popen(
                [sys.executable, "-P", "-m", "gridvoice.cli.main", "run", *where],
                stdout=log, stderr=log, cwd=ROOT, env=environment,
            )  # fmt: skip
        try:
            _warm_up(board, robot)
            unshifted = Shift("no shift", 0.0, None)
            return [_follow(folder, board, robot, s, offset) for s in (unshifted, *shifts)]
        finally:
            system.terminate()
            system.wait(30)


def _warm_up(board: Board, robot: Gateway) -> None:
    """Until the first alert has arrived: a start on a busy machine is not what is timed."""
    board.publish()
    deadline = time.monotonic() + _START_S
    while not robot.accepted_at(WECOM):
        if time.monotonic() > deadline:
            raise RuntimeError(f"no alert within {_START_S:g} s of the start")
        time.sleep(0.2)


def _follow(folder: Path, board: Board, robot: Gateway, shift: Shift, offset: Path) -> Seen:
    """Shift the clock, publish, and watch that post until the robot has it."""
    _set(offset, shift.by)
    if shift.lasts is not None:
        board.publish()  # something is under way while the clock is wrong
        time.sleep(shift.lasts)
        _set(offset, 0.0)
    number = board.publish()
    began = time.monotonic()
    stored = assessed = alerted = None
    next_post = began + _EVERY_S
    while alerted is None and time.monotonic() - began < LIMIT_S * 1.5:
        waited = round(time.monotonic() - began, 1)
        stored = stored if stored is not None else _when(_is_stored(folder, number), waited)
        assessed = assessed if assessed is not None else _when(_is_assessed(folder, number), waited)
        alerted = _when(_is_alerted(robot, board, number), waited)
        if time.monotonic() >= next_post:
            board.publish()
            next_post += _EVERY_S
        time.sleep(0.2)
    time.sleep(3.0)  # let the rest settle
    seen = Seen(shift.name, stored, assessed, alerted)
    print(seen, file=sys.stderr, flush=True)
    return seen


def _when(happened: bool, waited: float) -> float | None:
    return waited if happened else None


def _set(offset: Path, seconds: float) -> None:
    fresh = offset.with_suffix(".new")
    fresh.write_text(f"{seconds:+.0f}\n")
    fresh.replace(offset)


def _is_stored(folder: Path, number: int) -> bool:
    return bool(_count(folder, "SELECT count(*) FROM posts WHERE key = :key", number))


def _is_assessed(folder: Path, number: int) -> bool:
    return bool(_count(
        folder,
        "SELECT count(*) FROM posts p JOIN versions v ON v.id = p.version_id"
        " WHERE p.key = :key AND v.assessed_at IS NOT NULL", number,
    ))  # fmt: skip


def _count(folder: Path, statement: str, number: int) -> int:
    store = folder / "data/gridvoice.db"
    if not store.exists():
        return 0
    engine = open_engine(f"sqlite:///{store}")
    try:
        with read(engine) as conn:
            return int(conn.execute(text(statement), {"key": f"p{number}"}).scalar_one())
    except Exception:
        return 0  # the first start has not made the tables yet
    finally:
        engine.dispose()


def _is_alerted(robot: Gateway, board: Board, number: int) -> bool:
    place = board._places[number % len(board._places)]
    return any(place in json.dumps(a.body, ensure_ascii=False) for a in robot.accepted_at(WECOM))


def _villages() -> list[str]:
    """Villages whose names no other one begins with, so that each makes an incident of its own."""
    with (default_config_dir() / "places" / "xuchang_villages.csv").open(encoding="utf-8") as lines:
        rows = [line.split(",") for line in lines if line.startswith("411003")]
    names = [row[1].removesuffix("村委会") for row in rows if row[1].endswith("村委会")]
    stems = [name[:2] for name in names]
    return [f"{n}村" for n in names if len(n) >= 3 and stems.count(n[:2]) == 1]


def _write_config(folder: Path, site: str) -> None:
    shutil.copytree(
        default_config_dir(), folder / "config", ignore=shutil.ignore_patterns("sources")
    )
    (folder / "config/sources").mkdir()
    general = folder / "config/gridvoice.yaml"
    settings = yaml.safe_load(general.read_text("utf-8"))
    settings["console"] = {"host": "127.0.0.1", "port": 0}
    general.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    routes = folder / "config/routes.yaml"
    rules = yaml.safe_load(routes.read_text("utf-8"))
    rules["quiet"] = []
    routes.write_text(yaml.safe_dump(rules, allow_unicode=True, sort_keys=False), "utf-8")
    channels = folder / "config/channels.yaml"
    rules = yaml.safe_load(channels.read_text("utf-8"))
    for channel in rules["channels"]:
        if channel["kind"] == "wecom":
            channel["hosts"] = ["127.0.0.1"]
    channels.write_text(yaml.safe_dump(rules, allow_unicode=True, sort_keys=False), "utf-8")
    source = {
        "name": "board", "title": "留言板", "kind": "board", "channel": "gov_board",
        "region": "许昌市建安区", "every": "1s", "every_at_most": "5s", "url": f"{site}/",
        "private_host": True, "may_be_empty": True, "limits": {"delay": "0s", "timeout": "5s"},
        "board": {
            "item": "ul.posts li", "link": "a::attr(href)", "title": "a", "time": "span",
            "key": "::attr(id)",
        },
    }  # fmt: skip
    path = folder / "config/sources/board.yaml"
    path.write_text(yaml.safe_dump(source, allow_unicode=True, sort_keys=False), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
