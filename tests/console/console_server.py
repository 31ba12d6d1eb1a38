"""A console as it is run: uvicorn on a free port of loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import requests
import uvicorn
from own_config import write_config
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from db.engine import read
from domain.clock import SHANGHAI
from domain.trouble import Trouble
from gridvoice.console.app import create_app
from gridvoice.console.shared.context import Context, PlaybookCard, SourceCard
from gridvoice.health.store_health import store_troubles
from gridvoice.settings.configuration import Configuration, load

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 13:30 in Shanghai


CHANNELS = (
    ("file", "本机文件", False, ""),
    ("centre", "舆情中心", True, ""),
    ("duty_group", "值班群", True, ""),
    ("sms", "短信", True, "未配置：环境变量 GRIDVOICE_SMS_URL 为空"),
)


@cache
def configuration() -> Configuration:
    """The shipped one with channels of the scene's own. Loaded once: it takes a second."""
    with TemporaryDirectory() as folder:
        loaded = load(write_config(Path(folder)), Path(folder))
    channels = {
        name: ConfiguredChannel(
            name,
            "webhook",
            title,
            ChannelStatus.NOT_CONFIGURED if problem else ChannelStatus.READY,
            problem,
            reaches_people=people,
        )
        for name, title, people, problem in CHANNELS
    }
    return replace(loaded, channels=channels)


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


def context_over(
    engine: Engine,
    troubles: Callable[[], Sequence[Trouble]] = tuple,
    clock: Callable[[], datetime] = lambda: NOW,
    zone: ZoneInfo = SHANGHAI,
    public_url: str = "",
) -> Context:
    """What the scene's pages are made from."""
    config = configuration()
    general = replace(
        config.general, zone=zone.key, public_url=public_url or config.general.public_url
    )
    return Context(
        engine,
        replace(config, general=general),
        troubles,
        clock,
        playbooks={
            "supply_quality": PlaybookCard(
                "电压质量与停电",
                "供电所配电班",
                ("查停电信息", "带移动电源上门"),
                ("30分钟内联系",),
                "您好，{place}停电的原因是{finding}，{contact}。",
            )
        },
        sources={"town-board": SourceCard("民声留言板", "政府留言板 · 每5分钟")},
        place_chain=lambda code: ("许昌市", "建安区", "小召乡", "小召西村"),
    )


@contextmanager
def console_over(
    engine: Engine,
    clock: Callable[[], datetime] = lambda: NOW,
    zone: ZoneInfo = SHANGHAI,
    watching: bool = False,
    public_url: str = "",
) -> Iterator[Console]:
    """A console that runs while the block lasts; `watching`: with what the store shows of
    troubles, looked at for each page (a running system looks beside)."""
    console = Console("", engine)

    def troubles() -> list[Trouble]:
        if not watching:
            return console.troubles
        try:
            with read(engine) as conn:
                return [*console.troubles, *store_troubles(conn, clock(), zone=zone)]
        except SQLAlchemyError:
            return console.troubles

    app = create_app(context_over(engine, troubles, clock, zone, public_url))
    listener = socket.create_server(("127.0.0.1", 0))
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
