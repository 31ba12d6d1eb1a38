"""The crawl process: entry, memory limit, and its end — by signal or with its parent.

`run` wants the main thread of a fresh process: Twisted's reactor is installed, run once, and
cannot be started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping

from crawlers.crawl_settings import CrawlSettings
from crawlers.source import Source
from domain.polling import PollStore

log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1
_EXIT_STUCK = 3
_MOST_FILES = 65_536


def run(
    load_sources: Callable[[], Mapping[str, Source]],
    store: PollStore,
    *,
    stop_fd: int | None = None,
    life_fd: int | None = None,
    settings: CrawlSettings,
    end_after_polls: int | None = None,
) -> int:
    """Crawl until SIGTERM, SIGINT or the end of the parent; returns the exit code, 0.

    `load_sources` gives the enabled sources by name; it is called (in a thread) at the start, on
    SIGHUP, and when `store` leases a name it did not give. Failing at the start it ends the
    process with 1; failing later the old sources stay. `stop_fd` is the reading end of a pipe
    whose writing end the parent holds: its end of file stops the crawl; into `life_fd` a byte a
    second is written as long as the loop turns. `end_after_polls` ends it when so many polls are
    done. Exits with code 3 if what runs does not end within `settings.finish_s` and 2.5 seconds.
    """
    die_with_parent()
    allow_open_files()
    if settings.memory_limit_mb is not None:
        limit_memory(settings.memory_limit_mb)

    # Here, not above: importing Scrapy costs half a second, and commands import this module.
    from scrapy.crawler import AsyncCrawlerProcess

    from crawlers.fetching.scrapy_settings import scrapy_settings
    from crawlers.process.spider import Control, PollSpider

    logging.getLogger("scrapy").setLevel(logging.WARNING)
    process = AsyncCrawlerProcess(scrapy_settings(settings))
    loop = asyncio.get_event_loop_policy().get_event_loop()
    control = Control(asyncio.Event(), asyncio.Event())

    def end(why: str) -> None:
        if not control.stop.is_set():
            log.info("stopping reason=%s", why)
            _exit_at_last(settings.finish_s + 2.5)
            control.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, signal.Signals(number).name)
    loop.add_signal_handler(signal.SIGHUP, control.reload.set)
    if stop_fd is not None:
        os.set_blocking(stop_fd, False)

        def readable() -> None:
            if not _drained(stop_fd):
                loop.remove_reader(stop_fd)
                end("parent gone")

        loop.add_reader(stop_fd, readable)
    if life_fd is not None:
        os.set_blocking(life_fd, False)
        _show_life(loop, life_fd)
    process.crawl(
        PollSpider,
        load_sources=load_sources,
        store=store,
        crawl=settings,
        control=control,
        end_after=end_after_polls,
    )
    process.start(install_signal_handlers=False)
    if control.failure is not None:
        log.error("crawl could not start: %s", control.failure)
        return 1
    return 1 if process.bootstrap_failed else 0


def _show_life(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    """One byte now and every second."""
    with contextlib.suppress(OSError):  # full or gone: the other pipe tells of the parent's end
        os.write(fd, b".")
    loop.call_later(1.0, _show_life, loop, fd)


def _drained(fd: int) -> bool:
    """Read what is there. False at end of file."""
    try:
        return os.read(fd, 4096) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def die_with_parent() -> None:
    """Linux: the kernel sends SIGTERM when the parent thread ends, however it ends."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        log.warning("prctl errno=%d: ending with the parent rests on the pipe", ctypes.get_errno())
    if os.getppid() != parent:  # it ended between the two calls
        os.kill(os.getpid(), signal.SIGTERM)


def limit_memory(megabytes: int) -> None:
    """Allocations beyond this fail in this process instead of starving the machine."""
    limit = megabytes * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def allow_open_files() -> None:
    """As many open files as the machine lets us: a connection is one, and hosts are many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _exit_at_last(seconds: float) -> None:
    """A way out that asks no event loop: what hangs is left to the leases' expiry."""

    def leave() -> None:
        log.error("not ended after %.0f s, leaving", seconds)
        os._exit(_EXIT_STUCK)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()
