"""The two processes of `gridvoice run`: this parent, and the crawl child it keeps alive.

The parent owns an asyncio loop, its scheduler, the console's server and the signals; the child
owns Twisted's reactor. They meet only in the database. The child ends with its parent by PDEATHSIG
and by the end of a pipe, whichever comes first.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

log = logging.getLogger("gridvoice.processes")

STOP_WITHIN_S = 10.0
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_AFTER_S = 60.0


@dataclass
class CrawlChild:
    """Starts the crawl process, restarts it with back-off, ends it. One instance a parent."""

    command: Sequence[str]
    env: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _pipe: int = -1
    _started: float = 0.0
    _not_before: float = 0.0
    _quick_deaths: int = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def is_steady(self) -> bool:
        """Whether it has been up for a while since its last start."""
        return self.pid is not None and time.monotonic() - self._started > 5.0

    def tend(self) -> str | None:
        """Start it when it is due; returns a problem text when it has just been found dead."""
        if self._process is not None and self._process.poll() is not None:
            return self._bury(self._process.returncode)
        if self._process is None and time.monotonic() >= self._not_before:
            self._start()
        return None

    def _start(self) -> None:
        reader, writer = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*self.command, "--parent-pipe", str(reader)],
                pass_fds=(reader,),
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
            )
        finally:
            os.close(reader)
        self._pipe = writer
        self._started = time.monotonic()
        log.info("crawl process started pid=%d", self._process.pid)

    def _bury(self, code: int) -> str:
        lived = time.monotonic() - self._started
        self._quick_deaths = 0 if lived > _STEADY_AFTER_S else self._quick_deaths + 1
        wait = _BACK_OFF_S[min(self._quick_deaths, len(_BACK_OFF_S) - 1)]
        self._not_before = time.monotonic() + wait
        self.restarts += 1
        self._process = None
        self._close_pipe()
        how = f"信号 {-code}" if code < 0 else f"退出码 {code}"
        log.warning("crawl process down code=%d lived_s=%.1f restart_in_s=%.1f", code, lived, wait)
        return f"采集进程意外结束({how}), {wait:g} 秒后重启"

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    async def end(self) -> None:
        """Ask it to finish; after the grace time, kill it. No process is left behind."""
        process = self._process
        if process is None:
            return
        process.terminate()
        self._close_pipe()
        deadline = time.monotonic() + STOP_WITHIN_S
        while process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        if process.poll() is None:
            log.warning("crawl process did not finish in %.0f s; killed", STOP_WITHIN_S)
            process.kill()
            process.wait()
        self._process = None


def child_command(config_dir: str, database_url: str, quiet: bool = False) -> list[str]:
    """How this installation starts its crawl process."""
    return [
        sys.executable, "-m", "gridvoice.app.crawl_child",
        "--config", config_dir, "--database", database_url, *(["--quiet"] if quiet else []),
    ]  # fmt: skip


def stop_event() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; ours are the only signal handlers of the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
