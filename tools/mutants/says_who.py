"""A pytest plugin of `touching.py`: tells coverage which test runs, and notes how each went.

Child processes take the name from the environment; one that outlives its test (a fixture of the
module) keeps the name of the test that started it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

WHO = "GRIDVOICE_TOUCHED_BY"
RESULTS = "GRIDVOICE_TOUCHED_RESULTS"
CONFIG = "GRIDVOICE_TOUCHED_CONFIG"
_seconds: dict[str, float] = {}
_bad: set[str] = set()


def pytest_configure() -> None:
    # Coverage starts in each Python that the tests start, and reads there whose it is. Not before:
    # this process is measured already.
    os.environ["COVERAGE_PROCESS_START"] = os.environ[CONFIG]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    name = item.nodeid.split("[")[0]
    os.environ[WHO] = name
    running = coverage.Coverage.current()
    assert running is not None
    running.switch_context(name)
    yield
    running.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = report.nodeid.split("[")[0]
    _seconds[name] = _seconds.get(name, 0.0) + report.duration
    if report.failed:
        _bad.add(name)


def pytest_sessionfinish() -> None:
    told = {"seconds": _seconds, "bad": sorted(_bad)}
    Path(os.environ[RESULTS]).write_text(json.dumps(told), encoding="utf-8")
