"""Consoles over real stores, and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import console_scene as scene
import pytest
from console_server import NOW, Console, console_over
from sqlalchemy import Engine

from db.engine import open_engine

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = next(
    (p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
     if os.path.exists(p)),
    None,
)  # fmt: skip


@pytest.fixture(scope="session")
def morning(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> tuple[Path, dict[str, str]]:
    """A store file with the whole scene at `NOW`, to be copied, and the numbers in it."""
    path = tmp_path_factory.mktemp("scene") / "scene.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    numbers = scene.fill(engine, NOW)
    engine.dispose()
    return path, numbers


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """Most of these tests need one database only; test_stores.py reads from both."""
    return sqlite_engine


@pytest.fixture
def running(engine: Engine) -> Iterator[Callable[..., Console]]:
    """Starts a console on this test's own store; `fill` puts the scene into it, at `clock`."""
    with ExitStack() as stack:

        def start(
            fill: bool = False, clock: Callable[[], datetime] = lambda: NOW, **more: Any
        ) -> Console:
            numbers = scene.fill(engine, clock()) if fill else {}
            console = stack.enter_context(console_over(engine, clock, **more))
            console.numbers = numbers
            return console

        yield start


@pytest.fixture(scope="session")
def console(morning: tuple[Path, dict[str, str]]) -> Iterator[Console]:
    """The whole scene at a fixed time, shared: only to be read."""
    path, numbers = morning
    engine = open_engine(f"sqlite:///{path}")
    with console_over(engine, watching=True) as console:
        console.numbers = numbers
        yield console
    engine.dispose()


@pytest.fixture
def own_console(
    morning: tuple[Path, dict[str, str]], tmp_path: Path, engine: Engine
) -> Iterator[Console]:
    """The whole scene at a fixed time, for a test that acts on it."""
    path, numbers = morning
    shutil.copy(path, tmp_path / "gridvoice.db")
    with console_over(engine, watching=True) as console:
        console.numbers = numbers
        yield console


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium that talks to nobody but the console.

    One a module, not one a session: while playwright lives its event loop counts as running in
    this thread, and whatever test comes after could run none of its own.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=BROWSER_FLAGS,
        )
        yield browser
        browser.close()
