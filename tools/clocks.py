#!/usr/bin/env python3
"""The tests at other moments and in another zone: none may hang on the day on which it runs.

    tools/clocks.py [MOMENT...] [-- PYTEST ARGUMENTS]

Without a name all moments, one after the other, about three minutes each on two cores; the tests
without a browser, a whole running system or the mark `slow`, unless paths are given. Every Python
process sees the other time of day (tests/clock/sitecustomize.py); PostgreSQL, SQLite and OpenSSL
keep the true one, and nothing here asks them for it.

Exit 0: all passed at every moment. 1: something failed. 2: no such moment.
"""

from __future__ import annotations

import calendar
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHINA = "Asia/Shanghai"
_PLAIN = ["-m", "not slow", "--ignore=tests/system", "--ignore=tests/console/test_browser.py"]
_CHINA_AHEAD = timedelta(hours=8)


def _at(hour: int, minute: int) -> Callable[[datetime], datetime]:
    """The next such time of day in China."""

    def moment(now: datetime) -> datetime:
        there = (now + _CHINA_AHEAD).replace(hour=hour, minute=minute, second=0)
        return there - _CHINA_AHEAD + timedelta(days=there - _CHINA_AHEAD <= now)

    return moment


def _end_of_year(now: datetime) -> datetime:
    return datetime(now.year, 12, 31, 23, 58, tzinfo=UTC) - _CHINA_AHEAD


def _leap_day(now: datetime) -> datetime:
    year = next(y for y in range(now.year + 1, now.year + 9) if calendar.isleap(y))
    return datetime(year, 2, 29, 4, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    says: str
    when: Callable[[datetime], datetime]
    zone: str = CHINA


MOMENTS = {
    "month": Moment("a month on", lambda now: now + timedelta(days=31)),
    "year": Moment("a year on", lambda now: now + timedelta(days=365)),
    "night": Moment("03:10 at night", _at(3, 10)),
    "month-end": Moment("31 December, 23:58", _end_of_year),
    "leap-day": Moment("29 February", _leap_day),
    "new-york": Moment("now, in New York", lambda now: now, "America/New_York"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    says: str
    code: int
    counts: dict[str, int]
    seconds: float
    lines: list[str]


def _quick_folder() -> str:
    """Where the tests keep their stores: in memory where there is room, since what a disk does in
    a power cut is no question of the clock."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 << 30:
        return str(memory)
    return tempfile.gettempdir()


def run_at(moment: Moment, arguments: list[str]) -> Outcome:
    """The tests with that moment as their now."""
    now = datetime.now(UTC)
    shift = (moment.when(now) - now).total_seconds()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": os.pathsep.join(
            filter(None, (str(ROOT / "tests/clock"), os.environ.get("PYTHONPATH")))
        ),
        "CLOCK_SHIFT_S": str(shift),
        "GRIDVOICE_HYPOTHESIS": "few",
        "TZ": moment.zone,
        "TMPDIR": _quick_folder(),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "5", "--dist", "loadfile",
               "--no-loadscope-reorder", "-p", "no:cacheprovider", *arguments]  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - began
    lines = done.stdout.splitlines() or [""]
    counts = {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|error)", lines[-1])}
    if counts:
        lines.pop()  # its figures stand in the table; `make test` has one closing line, of `unit`
    return Outcome(moment.says, done.returncode, counts, seconds, lines)


def main(words: list[str]) -> int:
    cut = words.index("--") if "--" in words else len(words)
    names, arguments = words[:cut] or list(MOMENTS), words[cut + 1 :]
    unknown = [name for name in names if name not in MOMENTS]
    if unknown:
        print(f"no such moment: {', '.join(unknown)}; there are {', '.join(MOMENTS)}")
        return 2
    outcomes = []
    print(f"{'moment':22}{'passed':>8}{'failed':>8}{'seconds':>9}", flush=True)
    for name in names:
        it = run_at(MOMENTS[name], arguments or _PLAIN)
        passed = it.counts.pop("passed", 0)
        bad = sum(it.counts.values())
        print(f"{it.says:22}{passed:>8}{bad:>8}{it.seconds:>9.0f}", flush=True)
        outcomes.append(it)
    for it in outcomes:
        if it.code:
            print(f"\n== {it.says}: what pytest said", *it.lines, sep="\n")
    return int(any(it.code for it in outcomes))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
