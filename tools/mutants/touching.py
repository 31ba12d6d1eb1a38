"""Which tests touch which lines: measured once, kept for each file of tests until it changes.

A test is a function (`FILE::NAME`), all its parameters together. What a file of tests touches is
measured anew when that file changes; where a file of the product has changed since, its lines say
nothing any more, and every test that touched the file counts.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import says_who

FOLDERS = ("domain", "alerts", "gridvoice", "crawlers", "pipeline", "db")
# What is no part of the running product: it draws figures, shows a made-up town, or is history.
_LEFT_OUT = ("gridvoice/benchmarks/", "gridvoice/demo/", "db/migrations/")
# Whole running systems, a browser, and what reads the sources instead of running them.
_NOT_ASKED = ("tests/system/", "tests/project/", "tests/console/test_browser.py")
_CONFIG = """[run]
source = {folders}
data_file = {data}
parallel = true
context = ${{{who}-}}
patch = fork, _exit
sigterm = true
disable_warnings = no-data-collected, module-not-imported, module-not-measured, couldnt-parse
"""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def product_files(root: Path, folder: str) -> list[str]:
    found = (str(p.relative_to(root)) for p in sorted((root / folder).rglob("*.py")))
    return [name for name in found if not name.startswith(_LEFT_OUT)]


def test_files(root: Path) -> list[str]:
    found = (str(p.relative_to(root)) for p in sorted((root / "tests").rglob("test_*.py")))
    return [name for name in found if not name.startswith(_NOT_ASKED)]


@dataclass(frozen=True, slots=True)
class Touched:
    """`seconds` of each test that passed; `lines[file][line]` and `files[file]`: its tests."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, frozenset[str]]]
    files: dict[str, frozenset[str]]
    stale: frozenset[str]

    def by(self, path: str, lines: Iterable[int]) -> frozenset[str]:
        if path in self.stale:
            return self.files.get(path, frozenset())
        here = self.lines.get(path, {})
        return frozenset().union(*(here.get(line, frozenset()) for line in lines))


def measure(root: Path, store: Path, wanted: list[str]) -> None:
    """Run the files of tests that have changed or were never measured; keep what they touch."""
    store.mkdir(parents=True, exist_ok=True)
    new = [name for name in wanted if not _kept(root, store, name)]
    if not new:
        return
    print(f"measuring which lines {len(new)} files of tests touch", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data, config, results = (folder / n for n in ("data", "coveragerc", "results.json"))
        config.write_text(
            _CONFIG.format(folders=",".join(FOLDERS), data=data, who=says_who.WHO), encoding="utf-8"
        )
        environment = os.environ | {
            says_who.RESULTS: str(results),
            says_who.CONFIG: str(config),
            "PYTHONPATH": str(Path(__file__).parent),
            "GRIDVOICE_HYPOTHESIS": "few",
        }
        command = [sys.executable, "-m", "coverage", "run", f"--rcfile={config}", "-m", "pytest"]
        command += ["-q", "-n0", "-p", "says_who", "-p", "no:cacheprovider", "-m", "not slow", *new]
        ended = subprocess.run(command, cwd=root, env=environment, check=False, stdout=sys.stderr)
        if ended.returncode not in (0, 1):
            raise SystemExit(f"the tests could not be measured: pytest ended {ended.returncode}")
        told = json.loads(results.read_text(encoding="utf-8"))
        by_test = _by_test(root, data, config)
    product = {f: digest(root / f) for folder in FOLDERS for f in product_files(root, folder)}
    for name in new:
        tests = {
            test: {"seconds": round(seconds, 3), "lines": by_test.get(test, {})}
            for test, seconds in told["seconds"].items()
            if test.startswith(name + "::") and test not in told["bad"]
        }
        kept = {"digest": digest(root / name), "product": product, "tests": tests}
        _place(store, name).write_text(json.dumps(kept), encoding="utf-8")
    if told["bad"]:
        print("not asked, they fail as it is:", *told["bad"], file=sys.stderr)


def read(root: Path, store: Path) -> Touched:
    """What is kept of the files of tests that are still there and unchanged."""
    seconds: dict[str, float] = {}
    lines: dict[str, dict[int, set[str]]] = {}
    files: dict[str, set[str]] = {}
    stale: set[str] = set()
    now = functools.cache(lambda name: digest(root / name) if (root / name).exists() else "")
    for name in test_files(root):
        kept = _kept(root, store, name)
        if not kept:
            continue
        stale |= {f for f, was in kept["product"].items() if now(f) != was}
        for test, one in kept["tests"].items():
            seconds[test] = one["seconds"]
            for path, touched in one["lines"].items():
                files.setdefault(path, set()).add(test)
                for line in touched:
                    lines.setdefault(path, {}).setdefault(line, set()).add(test)
    return Touched(
        seconds,
        {path: {n: frozenset(t) for n, t in here.items()} for path, here in lines.items()},
        {path: frozenset(t) for path, t in files.items()},
        frozenset(stale),
    )


def mentions(root: Path, name: str) -> Iterator[tuple[str, int]]:
    """Where a name stands in the product: (file, line)."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for path, text in _texts(root):
        if name in text:
            for number, line in enumerate(text.splitlines(), 1):
                if word.search(line):
                    yield path, number


@functools.cache
def _texts(root: Path) -> list[tuple[str, str]]:
    paths = (path for folder in FOLDERS for path in product_files(root, folder))
    return [(path, (root / path).read_text(encoding="utf-8")) for path in paths]


def _place(store: Path, name: str) -> Path:
    return store / (name.replace("/", "-") + ".json")


def _kept(root: Path, store: Path, name: str) -> dict[str, Any] | None:
    place = _place(store, name)
    if not place.exists():
        return None
    kept = json.loads(place.read_text(encoding="utf-8"))
    return kept if kept["digest"] == digest(root / name) else None


def _by_test(root: Path, data: Path, config: Path) -> dict[str, dict[str, list[int]]]:
    """Test → file → lines, of the run and of the processes that it started."""
    whole = coverage.Coverage(data_file=str(data), config_file=str(config))
    whole.combine()
    found: dict[str, dict[str, list[int]]] = {}
    for absolute in whole.get_data().measured_files():
        path = str(Path(absolute).relative_to(root))
        for line, contexts in whole.get_data().contexts_by_lineno(absolute).items():
            # A process that a test started says "test", the tests' own process "|test".
            for test in {context.strip("|").split("|")[0] for context in contexts} - {""}:
                found.setdefault(test, {}).setdefault(path, []).append(line)
    return found
