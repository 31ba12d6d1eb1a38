"""The outermost process of `gridvoice run`: keeps the service alive, whatever becomes of it.

It holds no thread, no database and no library, so that nothing that hangs the service can hang it.
The service writes a byte a second into a pipe while its loop and its tasks are well; when it falls
silent or ends unasked, it is started anew, after a wait that grows. The service ends with its
supervisor by PDEATHSIG and by the pipe.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from domain.trouble import os_trouble

log = logging.getLogger("gridvoice.supervisor")

UNUSABLE = 2  # the call or the configuration: the same again would end the same
RELOAD = 75  # the service asks to be started anew
SILENT = "no sign of life"  # why it was ended by us
# -P: without it a file `queue.py` of the folder in which somebody stands would be run as ours.
PYTHON = (sys.executable, "-P", "-m")
_DOWN_AFTER = 5  # starts in a row without a sign of life
_ENDS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long the supervisor waits for what, in seconds."""

    first_sign: float = 180.0  # from the start; opening the store may wait for a lock
    silence: float = 30.0
    finish: float = 8.5  # ten are promised to whoever stops us
    steady: float = 600.0  # having lived so long, it begins with the shortest wait again
    waits: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
    cry_every: float = 6 * 3600.0
    cry_takes: float = 60.0


class Supervisor:
    """Runs one command until it is told to stop. `command(restarts, reason, fd)` gives its words:
    how often in a row it was started anew, why, and where to write its signs of life.
    `cry(reason)` is run when it does not come up at all, so that a person is told."""

    def __init__(
        self,
        command: Callable[[int, str, int], Sequence[str]],
        limits: WaitLimits | None = None,
        cry: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self._command, self._cry = command, cry
        self._cried_at: float | None = None
        self._limits = limits or WaitLimits()
        self._alive = False
        self._stopping = False  # set by a signal
        self._reload = False  # likewise

    def run(self) -> int:
        """The exit code for our own caller."""
        self._bell, ring = os.pipe()
        os.set_blocking(ring, False)
        os.set_blocking(self._bell, False)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        for number in _ENDS:
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._ask_reload)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        restarts, reason, first = 0, "", True
        while not self._stopping:
            began = time.monotonic()
            code, why = self._run_once(restarts, reason)
            if self._is_stopping():
                break
            if code == UNUSABLE and first and not self._alive:
                return UNUSABLE
            first = False
            if code in (RELOAD, -signal.SIGHUP):  # the latter: asked while it was ending
                restarts, reason = 0, ""
                continue
            if time.monotonic() - began > self._limits.steady:
                restarts = 0
            wait = self._limits.waits[min(restarts, len(self._limits.waits) - 1)]
            restarts, reason = restarts + 1, why
            log.error("service ended: %s; starting it again in %.1f s", why, wait)
            if not self._alive and restarts >= _DOWN_AFTER:
                self._cry_out(why)
            self._pause(wait)
        return 0

    def _run_once(self, restarts: int, reason: str) -> tuple[int, str]:
        """(exit code of the service, why it ended), after it has ended."""
        reader, writer = os.pipe()
        self._alive = self._reload = False  # what starts now reads the settings anyhow
        try:
            process = subprocess.Popen(
                [*self._command(restarts, reason, writer)],
                pass_fds=(writer,),
                stdin=subprocess.DEVNULL,
                process_group=0,  # a Ctrl-C is for us alone; and all of it can be killed at once
            )
        except OSError as error:  # no memory for another process, now
            os.close(reader)
            return 1, f"无法启动：{os_trouble(error)}"
        finally:
            os.close(writer)
        try:
            why = self._watch(process, reader)
        finally:
            os.close(reader)
        code = process.returncode
        if not why:
            why = f"信号 {-code}" if code < 0 else f"退出码 {code}"
        return code, why

    def _watch(self, process: subprocess.Popen[bytes], reader: int) -> str:
        """Returns when the process has ended: why we ended it, or nothing."""
        deadline = time.monotonic() + self._limits.first_sign
        asked_at: float | None = None
        why = ""
        open_pipe = True
        while process.poll() is None:
            self._wait(0.2 if self._stopping or why else 1.0, reader if open_pipe else None)
            beat = _read(reader)
            open_pipe = open_pipe and beat is not None
            now = time.monotonic()
            if beat:
                self._alive = True
                deadline = now + self._limits.silence
            # Until its first sign of life a SIGHUP would kill it: nobody is there to take it.
            if self._reload and self._alive:
                self._reload = False
                process.send_signal(signal.SIGHUP)
            if asked_at is None and (self._stopping or now > deadline):
                if not self._stopping:
                    why = SILENT
                    log.error("service gives %s; ending it", SILENT)
                process.terminate()
                asked_at = now
            if asked_at is not None and now - asked_at > self._limits.finish:
                log.error("service did not finish in time; killed")
                _kill_group(process)
        return why

    def _wait(self, seconds: float, reader: int | None = None) -> None:
        fds = [self._bell] if reader is None else [self._bell, reader]
        select.select(fds, [], [], seconds)
        _read(self._bell)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._wait(left)

    def _cry_out(self, why: str) -> None:
        """Tell a person, by a process of its own, and not again for hours."""
        now = time.monotonic()
        if self._cry is None or (self._cried_at and now - self._cried_at < self._limits.cry_every):
            return
        self._cried_at = now
        try:
            crier = subprocess.Popen([*self._cry(why)], stdin=subprocess.DEVNULL)
        except OSError:
            self._cried_at = None
            return
        until = now + self._limits.cry_takes
        while crier.poll() is None and not self._stopping and time.monotonic() < until:
            self._wait(0.5)
        if crier.poll() is None:
            crier.kill()
            crier.wait()

    def _is_stopping(self) -> bool:
        return self._stopping

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _ask_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True


def _read(fd: int) -> bytes | None:
    """What has come, without waiting; None: nothing will come any more."""
    try:
        ready, _, _ = select.select([fd], [], [], 0)
        return (os.read(fd, 4096) or None) if ready else b""
    except (BlockingIOError, InterruptedError):
        return b""


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """The service and the crawl process that it may have left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.wait()
