"""The crawl process and the service that keeps it alive: started, watched, ended.

The service owns an asyncio loop, the tasks' threads and the console's server; the child owns
Twisted's reactor. They meet only in the database. The child ends with its parent by PDEATHSIG
and by the end of a pipe, whichever comes first; it writes signs of life into another.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from domain.trouble import Trouble, os_trouble
from gridvoice.processes.supervisor import PYTHON

log = logging.getLogger("gridvoice.processes")

STOP_WITHIN_S = 8.0  # of the ten seconds that are promised for the whole
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_AFTER_S = 60.0
_WELL_AFTER_S = 5.0
_SILENT_AFTER_S = 90.0  # one page may take a while to read


@dataclass
class CrawlChild:
    """Starts the crawl process, restarts it with back-off when it ends or hangs, ends it.

    One instance a service. `problem`: what is wrong with it now, in Chinese.
    """

    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    silent_after_s: float = _SILENT_AFTER_S
    restarts: int = 0
    problem: str | None = None
    _process: subprocess.Popen[bytes] | None = None
    _stop_pipe: int = -1  # we write; it reads our end
    _life_pipe: int = -1  # it writes
    _started: float = 0.0
    _alive_at: float = 0.0
    _not_before: float = 0.0
    _quick_deaths: int = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def tend(self) -> None:
        """To be called several times a second: start it when it is due, end it when it hangs.

        On the main thread: the kernel's parent-death signal follows the thread that forked.
        """
        now = time.monotonic()
        if self._process is None:
            if now >= self._not_before:
                self._start()
            return
        if self._process.poll() is not None:
            self._bury(self._process.returncode)
            return
        if _has_come(self._life_pipe):
            self._alive_at = now
        if now - self._alive_at > self.silent_after_s:
            log.error("crawl process silent for %.0f s; killed", now - self._alive_at)
            self._process.kill()
        elif now - self._started > _WELL_AFTER_S:
            self.problem = None

    def troubles(self) -> list[Trouble]:
        """What is wrong with it, for whoever watches over the system."""
        if not self.problem:
            return []
        return [
            Trouble(
                key="crawl",
                what=self.problem,
                todo="若反复出现，请查看运行日志。",
                alarm=True,
                tell_after=timedelta(minutes=2),
            )
        ]

    def _start(self) -> None:
        reader, self._stop_pipe = os.pipe()
        self._life_pipe, writer = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*self.command, "--parent-pipe", str(reader), "--life-pipe", str(writer)],
                pass_fds=(reader, writer),
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:  # no memory for another process, now
            self._closed()
            self._postpone(f"采集进程无法启动({os_trouble(error)})")
            return
        finally:
            os.close(reader)
            os.close(writer)
        self._started = self._alive_at = time.monotonic()
        log.info("crawl process started pid=%d", self._process.pid)

    def _bury(self, code: int) -> None:
        lived = time.monotonic() - self._started
        self._quick_deaths = 0 if lived > _STEADY_AFTER_S else self._quick_deaths + 1
        self.restarts += 1
        self._process = None
        self._closed()
        how = f"信号 {-code}" if code < 0 else f"退出码 {code}"
        log.warning("crawl process down code=%d lived_s=%.1f", code, lived)
        self._postpone(f"采集进程意外结束({how})")

    def _postpone(self, what: str) -> None:
        wait = _BACK_OFF_S[min(self._quick_deaths, len(_BACK_OFF_S) - 1)]
        self._not_before = time.monotonic() + wait
        self.problem = f"{what}, {wait:g} 秒后重启。"

    def _closed(self) -> None:
        for fd in (self._stop_pipe, self._life_pipe):
            if fd >= 0:
                os.close(fd)
        self._stop_pipe = self._life_pipe = -1

    async def end(self, within_s: float = STOP_WITHIN_S) -> None:
        """Ask it to finish; after the grace time, kill it. No process is left behind."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        self._closed()
        deadline = time.monotonic() + within_s
        while process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        if process.poll() is None:
            log.warning("crawl process did not finish in %.0f s; killed", within_s)
            process.kill()
            process.wait()


def _has_come(fd: int) -> bool:
    """Whether anything was written into a pipe since the last look; it is read away."""
    os.set_blocking(fd, False)
    try:
        return os.read(fd, 4096) != b""
    except OSError:
        return False


def child_command(config_dir: str, quiet: bool = False) -> list[str]:
    """How this installation starts its crawl process. The store's URL comes by the environment
    (`GRIDVOICE_DATABASE`), because it may hold a password and a command line is read by all."""
    return [
        *PYTHON, "gridvoice.service.crawl_child", "--config", config_dir, *(["--quiet"] * quiet),
    ]  # fmt: skip


class Heartbeat:
    """Our end of the pipe to the supervisor."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)

    def beat(self) -> bool:
        """Say that all is well. False: the supervisor is gone."""
        try:
            os.write(self._fd, b".")
        except BlockingIOError:
            return True  # it does not read just now
        except OSError:
            return False
        return True


def on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT set the event; ours are the only signal handlers of the process."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
