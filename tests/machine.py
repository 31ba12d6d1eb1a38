"""Cost without a clock on the wall: what a busy or slow machine says about itself in the same run.

A limit in seconds turns red where nothing is wrong. What a test wants to notice is growth (twice as
long a text may cost twice as much) or a multiple of some fixed work; both are ratios of processor
time measured here and now. What is only good to know goes to the fixture `figure`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

# A fixed piece of plain Python, about a third of a second on a machine of 2024.
WORK = "sum(n * n % 7 for n in range(4_000_000))"

# For what must end by itself within a second or so: a busy machine may take its time, while the
# mistake this tells apart lasts a minute or for ever.
SOON_S = 20.0


def processor_s(work: Callable[[], object], tries: int = 3) -> float:
    """The least processor time of this thread that `work` took."""
    taken = []
    for _ in range(tries):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return min(taken)


def fixed_work_s() -> float:
    """What `WORK` costs here at this moment."""
    return processor_s(lambda: eval(WORK))


def grows_no_faster_than_its_input(work: Callable[[int], object], size: int) -> bool:
    """Ten times the input costs far less than a hundred times as much: at the best of three tries,
    of which the first will do."""
    work(size)
    small = max(processor_s(lambda: work(size)), 0.0005)
    return any(processor_s(lambda: work(10 * size), tries=1) < 30 * small for _ in range(3))


def child_s(*words: str, said: str = "") -> tuple[float, subprocess.CompletedProcess[str]]:
    """The processor time of a Python process and what came of it; no other child may run."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, *words], input=said, capture_output=True, text=True, timeout=120
    )
    after = os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system, done
