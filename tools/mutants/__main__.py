"""Do the tests notice? Small wrong versions of the product, each against the tests that touch it.

    .venv/bin/python tools/mutants FOLDER... [--count N] [--seed S] [--jobs J] [--json FILE]

A seeded sample of small changes in each folder (`changes.py`), one at a time, in a copy of the
tree; the tests that touch the changed lines (`touching.py`) are asked, the quickest first.
Survivors that no test can notice, or that are worth none, stand in docs/mutants.md with their
reason and are not counted. Which tests touch what is kept under var/mutants; to find out takes, the
first time, half as long again as the tests without the slow ones.

Exit 0: in each folder at least 80 in 100 were noticed. 1: fewer. 2: no such folder.
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import touching
from changes import Mutant, mutants, reasons
from touching import Touched
from trying import Result, copied, tests_of, tried

ROOT = Path(__file__).resolve().parents[2]
KNOWN = ROOT / "docs" / "mutants.md"
STORE = ROOT / "var" / "mutants"
_FLOOR = 0.80


def sample(folder: str, count: int, seed: int) -> list[Mutant]:
    """`count` changes, no two on one line: first the line is drawn, then what is changed on it."""
    by_line: dict[tuple[str, int], list[Mutant]] = defaultdict(list)
    for path in touching.product_files(ROOT, folder):
        for mutant in mutants(ROOT, path):
            by_line[path, mutant.line].append(mutant)
    draw = random.Random(f"{folder}-{seed}")
    lines = draw.sample(sorted(by_line), min(count, len(by_line)))
    return [draw.choice(by_line[line]) for line in lines]


def run(chosen: list[Mutant], touched: Touched, jobs: int, budget_s: float) -> Iterator[Result]:
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for _ in range(jobs):
            trees.put(stack.enter_context(copied(ROOT)))

        def one(mutant: Mutant) -> Result:
            tests, near = tests_of(mutant, touched, ROOT)
            if not tests:
                return Result(mutant, "", 0, 0)
            tree = trees.get()
            try:
                return Result(mutant, *tried(mutant, tree, tests, touched, budget_s), near)
            finally:
                trees.put(tree)

        try:
            for done in as_completed([pool.submit(one, mutant) for mutant in chosen]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--count", type=int, default=80, help="mutants a folder (80)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="at a time (1)")
    parser.add_argument("--budget", type=float, default=30.0, help="seconds of tests a mutant (30)")
    parser.add_argument("--json", type=Path, help="write a line a mutant to this file")
    parser.add_argument("--kept", action="store_true", help="measure nothing, use what is kept")
    asked = parser.parse_args()
    wrong = [folder for folder in asked.folders if folder not in touching.FOLDERS]
    if wrong:
        print(f"no folder of the product: {', '.join(wrong)}", file=sys.stderr)
        return 2
    if not asked.kept:
        touching.measure(ROOT, STORE, touching.test_files(ROOT))
    touched = touching.read(ROOT, STORE)
    why = reasons(KNOWN)
    begun = time.monotonic()
    results: list[Result] = []
    chosen = [m for folder in asked.folders for m in sample(folder, asked.count, asked.seed)]
    try:
        for result in run(chosen, touched, asked.jobs, asked.budget):
            results.append(result)
            m = result.mutant
            told = result.by or f"{result.asked} tests asked, {result.touching} touch it"
            print(f"{result.outcome:9}{m.path}:{m.line} {m.where} [{m.kind}] {m.change}  ({told})")
            sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\nbroken off after {len(results)} of {len(chosen)}")
    if asked.json:
        lines = [asdict(r) | {"outcome": r.outcome, "change": r.mutant.change} for r in results]
        for line in lines:
            line["mutant"]["body"] = list(line["mutant"]["body"])
        asked.json.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return table(results, why, time.monotonic() - begun)


def table(results: list[Result], why: dict[tuple[str, str, str], str], seconds: float) -> int:
    """Print survivors and a line a folder; 1 where a folder is below the floor."""
    left = sorted((r for r in results if not r.by), key=lambda r: (r.mutant.path, r.mutant.line))
    print("\nsurvivors")
    for r in left:
        m = r.mutant
        reason = why.get(m.key)
        print(
            f"  {m.path}:{m.line} {m.where} [{m.kind}] {m.change}",
            f"({r.outcome})" if not reason else f"– {reason}",
        )
    heads = f"{'mutants':>8}{'killed':>8}{'known':>8}{'left':>6}{'killed of the rest':>20}"
    print(f"\n{'folder':10}{heads}")
    below = False
    for folder in touching.FOLDERS:
        mine = [r for r in results if r.mutant.path.startswith(folder + "/")]
        if not mine:
            continue
        killed = sum(bool(r.by) for r in mine)
        excused = sum(not r.by and r.mutant.key in why for r in mine)
        share = killed / max(len(mine) - excused, 1)
        below |= share < _FLOOR
        left_over = len(mine) - killed - excused
        print(f"{folder:10}{len(mine):8}{killed:8}{excused:8}{left_over:6}{share:20.0%}")
    print(f"{seconds / 60:.0f} minutes")
    return int(below)


if __name__ == "__main__":
    sys.exit(main())
