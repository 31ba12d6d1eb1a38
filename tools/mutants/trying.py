"""One wrong version after the other in a copy of the tree, against the tests that touch it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from changes import Mutant
from touching import Touched, mentions

# First what is soon done: few tests of few files (loading those is what takes longest), without
# PostgreSQL. Most mutants end there.
_QUICK_S, _QUICK_TESTS, _QUICK_FILES = 8.0, 40, 3
_APP = ("tests/app/", "tests/cli/", "tests/console/", "tests/contract/")
_NAMED_ONCE = 3  # how far a name is followed from module to module
_START_S = 30.0
_SLOWER = 6.0  # another machine, another hour


@dataclass(frozen=True, slots=True)
class Result:
    """`by`: the test that noticed, "time" where none came to an end; "" where none noticed."""

    mutant: Mutant
    by: str
    asked: int
    touching: int

    @property
    def outcome(self) -> str:
        return "killed" if self.by else "survived" if self.touching else "no test"


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of what git knows or would, so that the checkout itself is never changed."""
    with tempfile.TemporaryDirectory(prefix="gridvoice-mutants-", ignore_cleanup_errors=True) as t:
        tree = Path(t) / "tree"
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (root / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, tree / name)
        (tree / ".venv").symlink_to(root / ".venv")
        (tree / "var").mkdir(exist_ok=True)
        warm = [".venv/bin/python", "-m", "compileall", "-q", "."]
        subprocess.run(warm, cwd=tree, check=False, stdout=subprocess.DEVNULL)
        _pytest(tree, ["--collect-only", "tests"], 600, writes=True)  # its own compiled tests
        yield tree


def tests_of(mutant: Mutant, touched: Touched, root: Path) -> tuple[list[str], int]:
    """The tests that may notice it, and how many of them, the first ones, touch its lines.

    Behind them come those that touch the file at all: what is made once for many tests (a fixture
    of the session, a cache) was touched by the first of them alone. The tests of its own folder go
    before others, the quickest first.
    """
    near = set(touched.by(mutant.path, mutant.body))
    if mutant.names:
        near = set()
        for name in mutant.names:
            near |= _by_name(name, touched, root)
    folder = mutant.path.split("/")[0]
    home = _APP if folder == "gridvoice" else (f"tests/{folder}/",)
    found = near | touched.files.get(mutant.path, frozenset())
    order = sorted(found, key=lambda t: (t not in near, not t.startswith(home), touched.seconds[t]))
    return order, len(near)


def _by_name(name: str, touched: Touched, root: Path) -> set[str]:
    found: set[str] = set()
    for path, line in mentions(root, name):
        found |= touched.by(path, [line])
    return found


def tried(
    mutant: Mutant, tree: Path, tests: list[str], touched: Touched, budget_s: float
) -> tuple[str, int]:
    """Put the wrong version in its place, ask the tests, and put the right one back. Which noticed,
    how many were asked."""
    place = tree / mutant.path
    right, times = place.read_bytes(), place.stat()
    quick, rest = _portions(tests, touched, budget_s)
    try:
        place.write_bytes(mutant.applied(right))
        by = ""
        for portion, more in (
            (quick, ["-k", "not postgresql"]),
            (rest, []),
            (quick, ["-k", "postgresql"]),
        ):
            if portion and not by:
                planned = sum(touched.seconds[test] for test in portion)
                by = _pytest(tree, [*more, *portion], _START_S + _SLOWER * planned)
    finally:
        place.write_bytes(right)
        os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    return by, len(quick) + len(rest)


def _portions(tests: list[str], touched: Touched, budget_s: float) -> tuple[list[str], list[str]]:
    quick: list[str] = []
    rest: list[str] = []
    files: set[str] = set()
    first = spent = 0.0
    for test in tests:
        seconds, file = touched.seconds[test], test.split("::")[0]
        fits = file in files or len(files) < _QUICK_FILES
        if fits and len(quick) < _QUICK_TESTS and first + seconds <= _QUICK_S:
            quick.append(test)
            files.add(file)
            first += seconds
        elif spent + seconds <= budget_s or not (quick or rest):
            rest.append(test)
            spent += seconds
    return quick, rest


def _pytest(tree: Path, arguments: list[str], limit_s: float, *, writes: bool = False) -> str:
    """The first test that fails, "" if none does."""
    environment = os.environ | {"PYTHONPATH": str(tree)}
    if writes:
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
    else:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [".venv/bin/python", "-m", "pytest", "-x", "-q", "-n0", "--no-header", "--tb=no"]
    command += ["-p", "no:cacheprovider", "--timeout=120", *arguments]
    process = subprocess.Popen(
        command, cwd=tree, env=environment, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return "time"
    finally:
        if process.poll() is None:  # we are told to stop
            _end(process)
    if process.returncode in (0, 5):
        return ""
    for line in said.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split()[1]
    if process.returncode in (1, 2, 3) or process.returncode < 0 or "conftest" in said:
        return "the end of pytest"
    raise RuntimeError(f"pytest cannot be asked ({process.returncode}): {said[-600:]}")


def _end(process: subprocess.Popen[str]) -> None:
    """First kindly: the tests' servers are stopped by the tests."""
    for sign, patience_s in ((signal.SIGINT, 15.0), (signal.SIGKILL, 5.0)):
        os.killpg(process.pid, sign)
        try:
            process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            continue
        return
