"""The service of `gridvoice run`: tasks, calendar, console, crawl child, and what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import time
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from alerts.channel import Channel
from alerts.sending import http
from db import sources
from db.engine import write
from db.search_index import merge
from domain.clock import utc_now
from domain.input.load import BadSettings
from domain.trouble import Trouble
from gridvoice.health.conditions import Restarted, people_troubles, task_troubles
from gridvoice.health.health import LOOK_EVERY_S, Health
from gridvoice.health.told import Told
from gridvoice.processes.children import CrawlChild, Heartbeat, child_command, on_signals
from gridvoice.processes.clock_watch import ClockWatch
from gridvoice.processes.interpreter import settle_in
from gridvoice.processes.lease_owner import owner
from gridvoice.processes.periodic import HANGS_AFTER_S, GoOn, PeriodicTasks
from gridvoice.processes.roles import ServiceRole
from gridvoice.processes.scheduler import Calendar
from gridvoice.service.console_server import ConsoleServer, open_listener
from gridvoice.settings.configuration import Configuration, load
from gridvoice.tasks.assess import assess
from gridvoice.tasks.opinions import ask_for_opinions
from gridvoice.tasks.reclaim import reclaim
from gridvoice.tasks.relay import relay
from gridvoice.tasks.second_readings import SecondReadings
from gridvoice.tasks.tell_operator import TELL_EVERY_S, Operator
from gridvoice.tasks.timers import follow_up

log = logging.getLogger("gridvoice.service")

ASSESS_EVERY_S = 0.2
RELAY_EVERY_S = 0.25
FOLLOW_UP_EVERY_S = 5.0
RECLAIM_EVERY_S = 2.0
SECOND_READING_EVERY_S = 2.0
OPINION_EVERY_S = 5.0
_SECOND_READINGS = 64  # of one batch: some two seconds before what it found is told
_TEND_EVERY_S = 0.2
_WATCH_EVERY_S = 1.0
_CHECK_AT = time(3, 40)
_MERGE_AT = time(3, 10)  # of what the search index was written in a few posts at a time
_FINISH_S = 7.0
_PATIENCE_S = 3.0  # for a port that is just being given up
_WITHOUT_MEMORY_S = (60.0, 1800.0)  # first start; started anew, it may have told already


@dataclass
class Service:
    """One running system. With `heartbeat` it runs under a supervisor, was started anew `restarts`
    times in a row for `reason`, and may ask for another start."""

    config: Configuration
    engine: Engine
    database_url: str
    data_dir: Path
    roles: Collection[ServiceRole] = tuple(ServiceRole)
    console: Any = None  # the ASGI application, made by whoever starts the service
    listener: socket.socket | None = None  # the console's, where it is open already
    console_address: str | None = None
    quiet: bool = False  # the child logs trouble only
    heartbeat: Heartbeat | None = None
    restarts: int = 0
    reason: str = ""
    wants_restart: bool = False
    tasks: PeriodicTasks = field(default_factory=PeriodicTasks)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        zone = self.config.general.time_zone
        self._clock = ClockWatch(zone)
        self._calendar = Calendar(zone)
        self._child = CrawlChild(
            child_command(str(self.config.directory), self.quiet),
            {"GRIDVOICE_DATABASE": self.database_url},
        )
        self._refused_config: str | None = None
        self.health = Health(
            self.engine,
            self.config,
            folders_of(self.data_dir, self.engine),
            (
                partial(task_troubles, self.tasks),
                self._clock.troubles,
                self._child.troubles,
                Restarted(self.restarts, self.reason, zone),
                self._reload_troubles,
            ),
        )

    async def serve(self, until: Callable[[], Awaitable[None]] | None = None) -> list[str]:
        """Run until SIGTERM or SIGINT, or until `until` is done; then finish within 10 s.

        Names of the tasks that did not end in time. Raises PortTaken before anything has begun.
        """
        console = self._console_server()
        stop = asyncio.Event()
        on_signals(stop)
        self._begin()
        self._plan(stop)
        self.tasks.start()
        self._calendar.start()
        left: list[str] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(stop))
            if ServiceRole.CRAWLER in self.roles:
                group.create_task(self._tend(stop))
            if console is not None:
                group.create_task(console.serve(stop))
            limit = None if until is None else group.create_task(_ends(until, stop))
            try:
                await stop.wait()
            finally:
                stop.set()
                log.info("stopping")
                http.expire_all()
                self._calendar.stop()
                left, _ = await asyncio.gather(self.tasks.finish(_FINISH_S), self._child.end())
                if limit is not None:
                    limit.cancel()
        return left

    def _begin(self) -> None:
        settle_in()
        if not any(opened.is_way_to_people for opened in self.config.channels.values()):
            log.warning("%s", people_troubles(self.config)[-1].what)
        reclaim(self.engine)
        with write(self.engine) as conn:
            sources.ensure_sources(conn, self.config.enabled_sources, utc_now())

    def _plan(self, stop: asyncio.Event) -> None:
        add = self.tasks.add
        add("health", "体检", LOOK_EVERY_S, self._look)
        if ServiceRole.ASSESSOR in self.roles:
            add("assess", "研判", ASSESS_EVERY_S, self._assess_all)
            if self.config.assessing.assessor.unheard is not None:
                again = SecondReadings(self.engine, self.config)
                add("second_reading", "语义复核", SECOND_READING_EVERY_S, again)
            if self.config.second_opinion.enabled:
                add("second_opinion", "第二意见", OPINION_EVERY_S, self._ask)
        if ServiceRole.CLOCK in self.roles:
            add("follow_up", "续报", FOLLOW_UP_EVERY_S, self._follow_up)
            add("reclaim", "收回租约", RECLAIM_EVERY_S, lambda _: reclaim(self.engine))
            add("check", "数据库检查", None, self.health.check)
            self._calendar.daily("check", _CHECK_AT, partial(self.tasks.knock, "check"))
            add("merge", "整理检索索引", None, self._merge)
            self._calendar.daily("merge", _MERGE_AT, partial(self.tasks.knock, "merge"))
        if ServiceRole.RELAY in self.roles:
            self._plan_relay()
        if self.heartbeat is not None:
            loop = asyncio.get_running_loop()
            add("reload", "重读配置", None, partial(self._reload, loop, stop))
            loop.add_signal_handler(signal.SIGHUP, self.tasks.knock, "reload")

    def _plan_relay(self) -> None:
        name_of_this = owner("relay")
        for name, opened in self.config.channels.items():
            if opened.channel is not None:
                zone = self.config.general.time_zone
                lane = partial(_relay, self.engine, name, opened.channel, name_of_this, zone)
                self.tasks.add(f"relay {name}", f"推送（{opened.title}）", RELAY_EVERY_S, lane)
        memory = _WITHOUT_MEMORY_S[1 if self.restarts else 0]
        tell = Operator(self.config, self.health.troubles, self.told, memory)
        self.tasks.add("operator", "告知运维", TELL_EVERY_S, tell)

    def _look(self, _go_on: GoOn) -> None:
        self.health.look()
        if self.health.is_writable and ServiceRole.RELAY in self.roles:
            self.told.sync(self.engine)

    def _assess_all(self, go_on: GoOn) -> None:
        while go_on():
            assessed = assess(
                self.engine, self.config, lambda _: utc_now(), second=_SECOND_READINGS
            )
            if not assessed.posts:
                return
            log.info(
                "assessed posts=%d complaints=%d opened=%d alerts=%d",
                assessed.posts, assessed.complaints, assessed.opened, assessed.alerts,
            )  # fmt: skip

    def _ask(self, go_on: GoOn) -> None:
        ask_for_opinions(self.engine, self.config.second_opinion, lambda: not go_on())

    def _follow_up(self, _go_on: GoOn) -> None:
        follow_up(self.engine, self.config, utc_now())

    def _merge(self, go_on: GoOn) -> None:
        more = True
        while more and go_on():
            with write(self.engine) as conn:  # one for each step: whoever writes waits for none
                more = merge(conn)

    def _reload(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event, _go_on: GoOn) -> None:
        """SIGHUP: begin anew with the configuration as it is now; one that is wrong is refused."""
        try:
            load(self.config.directory, self.data_dir)
        except BadSettings as bad:
            first = f"{bad.problems[0]}"
            log.error("configuration not reloaded problems=%d: %s", len(bad.problems), first)
            self._refused_config = first
            return
        log.info("configuration reloaded")
        self.wants_restart = True
        loop.call_soon_threadsafe(stop.set)

    def _reload_troubles(self) -> list[Trouble]:
        if self._refused_config is None:
            return []
        return [
            Trouble(
                key="reload",
                what=f"新配置有误，仍按旧配置运行：{self._refused_config}",
                todo="请改正后再次发送 SIGHUP，或重启。",
            )
        ]

    async def _tend(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._child.tend()
            await _pause(stop, _TEND_EVERY_S)

    async def _watch(self, stop: asyncio.Event) -> None:
        """The pulse of this process: it is felt outside only while the tasks are alive as well."""
        patience = HANGS_AFTER_S * 2 ** min(self.restarts, 4)  # else restarts cure nothing
        said: set[str] = set()
        while not stop.is_set():
            step = self._clock.look()
            if step is not None:
                log.warning("clock stepped seconds=%.0f", step)
                self._calendar.replan(step)
            self.tasks.say_what_is_slow()
            hanging = {task.name for task in self.tasks.hanging(patience)}
            if hanging - said:
                log.error("tasks hang, no sign of life any more: %s", ",".join(sorted(hanging)))
            said |= hanging
            # Silent while something hangs: the supervisor is to notice.
            if not hanging and self.heartbeat is not None and not self.heartbeat.beat():
                log.warning("the supervisor is gone")
                stop.set()
            await _pause(stop, _WATCH_EVERY_S)

    def _console_server(self) -> ConsoleServer | None:
        if self.console is None or ServiceRole.CONSOLE not in self.roles:
            return None
        where = self.config.general.console
        listener = self.listener or open_listener(where.host, where.port, _PATIENCE_S)
        server = ConsoleServer(self.console, listener)
        self.console_address = server.address
        log.info("console address=%s", server.address)
        return server


def _relay(
    engine: Engine, name: str, channel: Channel, owner_name: str, zone: ZoneInfo, go_on: GoOn
) -> None:
    relay(engine, name, channel, owner_name, random.Random(), lambda: not go_on(), zone=zone)


async def _ends(until: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    await until()
    stop.set()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def folders_of(data_dir: Path, engine: Engine) -> list[Path]:
    """Folders that fill up as we work: of our files, and of the store where it is a file."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return [data_dir, *([Path(file).absolute().parent] if file else [])]
