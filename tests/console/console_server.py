"""A console as it is run: uvicorn on a free port of loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import console_scene as scene
import requests
import uvicorn
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from db.engine import read
from domain.clock import SHANGHAI
from domain.trouble import Trouble
from gridvoice.app.store_health import store_troubles
from gridvoice.console.app import create_app
from gridvoice.console.surroundings import (
    ChannelCard,
    PlaybookCard,
    SourceCard,
    Surroundings,
)

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 13:30 in Shanghai


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


@contextmanager
def console_over(
    engine: Engine,
    clock: Callable[[], datetime] = lambda: NOW,
    zone: ZoneInfo = SHANGHAI,
    watching: bool = False,
    **more: Any,
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
        channels=(
            ChannelCard("file", "本机文件", reaches_people=False),
            ChannelCard("centre", "舆情中心"),
            ChannelCard("duty_group", "值班群"),
            ChannelCard("sms", "短信", False, "未配置", "未配置：环境变量 GRIDVOICE_SMS_URL 为空"),
        ),
        troubles=troubles,
        zone=zone,
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
