"""`gridvoice run`, the parent process: scheduler, judging, relay, console server, crawl child."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvicorn
from sqlalchemy import Engine

from db import sources
from db.engine import write
from domain.clock import utc_now
from gridvoice.app.configuration import Configuration
from gridvoice.app.owner import owner
from gridvoice.app.processes import STOP_WITHIN_S, CrawlChild, child_command, stop_event
from gridvoice.app.scheduler import Knocker
from gridvoice.app.second_opinion import ask_for_opinions
from gridvoice.app.tasks.follow_up import follow_up
from gridvoice.app.tasks.judge import judge
from gridvoice.app.tasks.reclaim import reclaim
from gridvoice.app.tasks.relay import relay

log = logging.getLogger("gridvoice.service")

ROLES = ("clock", "crawler", "assessor", "relay", "console")
JUDGE_EVERY_S = 0.2
RELAY_EVERY_S = 0.25
FOLLOW_UP_EVERY_S = 5.0
RECLAIM_EVERY_S = 2.0
OPINION_EVERY_S = 5.0
TEND_EVERY_S = 0.2


@dataclass
class Service:
    """One running system. `problem` is what is wrong with the crawl process now, in Chinese."""

    config: Configuration
    engine: Engine
    database_url: str
    roles: Collection[str] = ROLES
    console: Any = None  # the ASGI application, made by whoever starts the service
    listener: socket.socket | None = None  # the console's, where it is open already
    console_address: str | None = None
    problem: str | None = None
    quiet: bool = False  # the child logs trouble only

    async def serve(self, until: Callable[[], Awaitable[None]] | None = None) -> None:
        """Run until SIGTERM or SIGINT, or until `until` is done; then finish within 10 s.

        Raises PortTaken before anything has begun.
        """
        server = self._console_server()
        stop = stop_event()
        self._begin()
        knocker = Knocker(stop)
        self._plan(knocker, stop)
        knocker.scheduler.start()
        helpers: list[asyncio.Future[Any]] = [asyncio.create_task(stop.wait())]
        child: CrawlChild | None = None
        if "crawler" in self.roles:
            command = child_command(str(self.config.directory), self.database_url, self.quiet)
            child = CrawlChild(command)
            helpers.append(asyncio.create_task(self._tend(child, stop)))
        if server is not None:
            helpers.append(asyncio.create_task(server[0].serve(sockets=[server[1]])))
        if until is not None:
            helpers.append(asyncio.ensure_future(until()))
        done, _ = await asyncio.wait(helpers, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        stop.set()
        if server is not None:
            server[0].should_exit = True
        await asyncio.gather(
            knocker.finish(STOP_WITHIN_S), child.end() if child else asyncio.sleep(0)
        )
        for helper in helpers:
            if helper not in done and not (server and helper is helpers[-1]):
                helper.cancel()
        await asyncio.wait(helpers, timeout=2)
        for helper in done:
            if not helper.cancelled() and (error := helper.exception()):
                raise error

    def _begin(self) -> None:
        reclaim(self.engine)
        with write(self.engine) as conn:
            sources.ensure_sources(conn, self.config.enabled_sources, utc_now())

    def _plan(self, knocker: Knocker, stop: asyncio.Event) -> None:
        if "assessor" in self.roles:
            knocker.every(JUDGE_EVERY_S, "judge", partial(self._judge_all, stop))
            if (opinion := self.config.second_opinion).enabled:
                ask = partial(ask_for_opinions, self.engine, opinion, stop.is_set)
                knocker.every(OPINION_EVERY_S, "second_opinion", ask)
        if "clock" in self.roles:
            knocker.every(FOLLOW_UP_EVERY_S, "follow_up", self._follow_up)
            knocker.every(RECLAIM_EVERY_S, "reclaim", partial(reclaim, self.engine))
        if "relay" in self.roles:
            name_of_this = owner("relay")
            for name, opened in self.config.channels.items():
                if opened.channel is not None:
                    lane = partial(
                        relay,
                        self.engine,
                        name,
                        opened.channel,
                        name_of_this,
                        random.Random(),
                        stop.is_set,
                    )
                    knocker.every(RELAY_EVERY_S, f"relay {name}", lane)

    def _judge_all(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            judged = judge(self.engine, self.config, lambda _: utc_now())
            if not judged.posts:
                return
            log.info(
                "judged posts=%d complaints=%d opened=%d alerts=%d",
                judged.posts, judged.complaints, judged.opened, judged.alerts,
            )  # fmt: skip

    def _follow_up(self) -> None:
        follow_up(self.engine, self.config, utc_now())

    async def _tend(self, child: CrawlChild, stop: asyncio.Event) -> None:
        # On this thread: the kernel's parent-death signal follows the thread that forked.
        while not stop.is_set():
            found = child.tend()
            if found:
                self.problem = found
            elif child.is_steady:
                self.problem = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TEND_EVERY_S)

    def _console_server(self) -> tuple[uvicorn.Server, socket.socket] | None:
        if self.console is None or "console" not in self.roles:
            return None
        where = self.config.general.console
        listener = self.listener or open_listener(where.host, where.port)
        host, port = listener.getsockname()[:2]
        self.console_address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        log.info("console address=%s", self.console_address)
        settings = uvicorn.Config(
            self.console,
            log_level="warning",
            log_config=None,
            lifespan="off",  # nothing to start or stop; its task would be torn down mid-wait
            timeout_graceful_shutdown=2,
        )
        return _Server(settings), listener


class _Server(uvicorn.Server):
    """Leaves the process's signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PortTaken(OSError):
    """The console's port is in use; the text says what to do."""


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0: any free one. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"控制台端口 {host}:{port} 无法使用({error.strerror}); "
            "在 gridvoice.yaml 的 console.port 换一个"
        ) from None
    listener.listen(64)
    return listener
