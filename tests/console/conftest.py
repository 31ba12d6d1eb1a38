"""A console as it is run: uvicorn on a free port over a real SQLite file, and a real browser."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import console_scene as scene
import pytest
import requests
import uvicorn
from sqlalchemy import Engine

from db.engine import open_engine, upgrade
from gridvoice.console.app import create_app
from gridvoice.console.surroundings import PlaybookCard, SourceCard, Surroundings, Trouble

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 13:30 in Shanghai
CHROMIUM = next(
    (p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
     if os.path.exists(p)),
    None,
)  # fmt: skip


@dataclass
class Console:
    """A running console and the store behind it. `troubles` may be filled while it runs."""

    url: str
    engine: Engine
    numbers: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=10, allow_redirects=False, **more)

    def post(self, path: str, values: dict[str, str], **headers: str) -> requests.Response:
        own = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} | headers
        own = {k.replace("_", "-"): v for k, v in own.items() if v}
        return requests.post(
            self.url + path, values, headers=own, timeout=10, allow_redirects=False
        )


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store file with its tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def morning(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store file with the whole scene at `NOW`, to be copied, and the numbers in it."""
    path = tmp_path_factory.mktemp("scene") / "scene.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    numbers = scene.fill(engine, NOW)
    engine.dispose()
    return path, numbers


@pytest.fixture
def engine(tmp_path: Path, empty: Path) -> Iterator[Engine]:
    shutil.copy(empty, tmp_path / "console.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'console.db'}")
    yield engine
    engine.dispose()


@contextmanager
def console_over(
    engine: Engine, clock: Callable[[], datetime] = lambda: NOW, **more: Any
) -> Iterator[Console]:
    """A console that runs while the block lasts."""
    console = Console("", engine)
    around = Surroundings(
        acknowledge=lambda number, who, note: scene.acknowledge(engine, number, who, note, clock()),
        close=lambda number, who, note: scene.close(engine, number, who, note, clock()),
        playbooks={
            "supply_quality": PlaybookCard(
                "电压质量与停电",
                "供电所配电班",
                ("查停电信息", "带移动电源上门"),
                ("30分钟内联系",),
                "您好，已派人到场。",
            )
        },
        sources={"town-board": SourceCard("民声留言板", "政府留言板 · 每5分钟")},
        channel_titles={"centre": "舆情中心"},
        place_chain=lambda code: ("许昌市", "建安区", "小召乡", "小召西村"),
        troubles=lambda: console.troubles,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(engine, around, clock=clock, **more)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    console.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield console
    server.should_exit = True
    thread.join(10)
    listener.close()


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
    with console_over(engine) as console:
        console.numbers = numbers
        yield console
    engine.dispose()


@pytest.fixture
def own_console(
    morning: tuple[Path, dict[str, str]], tmp_path: Path, engine: Engine
) -> Iterator[Console]:
    """The whole scene at a fixed time, for a test that acts on it."""
    path, numbers = morning
    shutil.copy(path, tmp_path / "console.db")
    with console_over(engine) as console:
        console.numbers = numbers
        yield console


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium that talks to nobody but the console."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )  # fmt: skip
        yield browser
        browser.close()
