"""Whatever becomes of the service, the supervisor starts it anew; told to stop, it stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process groups, /proc")

QUICK = {"first_sign": 10.0, "silence": 2.0, "finish": 1.0, "waits": [0.05]}


def eventually(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


class Run:
    """A supervisor over `service`, the source of a service that may call beat() and beat_on()."""

    def __init__(self, folder: Path, service: str, **limits: object) -> None:
        self.folder = folder
        (folder / "service.py").write_text(service)
        self.log_path = folder / "log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("supervised.py"), folder,
                 json.dumps(QUICK | limits)],
                stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def starts(self) -> list[list[str]]:
        """(pid, restarts, reason) of every start so far."""
        path = self.folder / "starts"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split(" ", 2) for line in lines]

    def pid(self, start: int = -1) -> int:
        return int(self.starts[start][0])

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - began


Start = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    runs: list[Run] = []

    def begin(service: str, **limits: object) -> Run:
        runs.append(Run(tmp_path, service, **limits))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        for pid, _, _ in run.starts:
            if is_alive(int(pid)):
                os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_the_service_and_ends_well(start: Start, number: int) -> None:
    run = start("beat_on(600)")
    eventually(lambda: run.starts)
    code, _ = run.stop(number)
    assert code == 0
    assert not is_alive(run.pid())
    assert len(run.starts) == 1


@pytest.mark.parametrize("how", ["os._exit(1)", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_service_that_ends_unasked_is_started_anew(start: Start, how: str) -> None:
    run = start(f"beat()\nif start < 3: {how}\nbeat_on(600)")
    eventually(lambda: len(run.starts) == 3)
    assert [int(restarts) for _, restarts, _ in run.starts] == [0, 1, 2]
    reason = run.starts[1][2]
    assert ("信号 9" if "kill" in how else "退出码") in reason
    assert run.stop()[0] == 0


def test_a_service_that_falls_silent_and_ignores_sigterm_is_killed_and_started_anew(
    start: Start,
) -> None:
    run = start(
        "beat_on(0.2)\n"
        "if start == 1:\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    time.sleep(600)\n"
        "beat_on(600)"
    )
    eventually(lambda: len(run.starts) == 2)
    assert not is_alive(run.pid(0))
    assert run.starts[1][2] == "no sign of life"
    assert run.stop()[0] == 0


def test_a_service_that_is_stopped_by_the_kernel_is_started_anew(start: Start) -> None:
    run = start("beat_on(600)")
    eventually(lambda: run.starts)
    time.sleep(0.1)
    os.kill(run.pid(), signal.SIGSTOP)
    eventually(lambda: len(run.starts) == 2)
    assert run.stop()[0] == 0


def test_a_service_that_never_shows_life_is_started_anew(start: Start) -> None:
    run = start("time.sleep(600)", first_sign=0.3)
    eventually(lambda: len(run.starts) >= 2)
    assert run.stop()[0] == 0


def test_an_unusable_configuration_ends_it_with_the_same_code(start: Start) -> None:
    run = start("sys.exit(2)")
    assert run.process.wait(30) == 2
    assert len(run.starts) == 1


def test_a_configuration_that_became_unusable_is_tried_again(start: Start) -> None:
    """Somebody mends it: a daemon that had run must not be gone by then."""
    run = start("if start == 2: sys.exit(2)\nbeat()\nif start == 1: os._exit(1)\nbeat_on(600)")
    eventually(lambda: len(run.starts) == 3)
    assert run.stop()[0] == 0


def test_a_service_that_asks_for_it_is_started_anew_at_once(start: Start) -> None:
    run = start("beat()\nif start == 1: sys.exit(75)\nbeat_on(600)", waits=[60.0])
    eventually(lambda: len(run.starts) == 2)
    assert run.starts[1][1] == "0"
    assert run.stop()[0] == 0


def test_the_wait_grows_and_begins_anew_after_a_steady_time(start: Start) -> None:
    service = "beat()\nif start == 3: beat_on(4)\nif start < 5: os._exit(1)\nbeat_on(600)"
    run = start(service, waits=[0.01, 0.02, 0.03], steady=4.0)
    eventually(lambda: len(run.starts) == 5)
    assert [int(restarts) for _, restarts, _ in run.starts] == [0, 1, 2, 1, 2]
    assert run.stop()[0] == 0


def test_a_hanging_service_is_killed_when_the_whole_is_to_end(start: Start) -> None:
    run = start("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nbeat()\nbeat_on(600)", finish=0.5)
    eventually(lambda: run.starts)
    time.sleep(0.3)
    code, took = run.stop()
    assert code == 0
    assert took < 10
    assert not is_alive(run.pid())


def test_what_the_service_leaves_behind_is_killed_with_it(start: Start, tmp_path: Path) -> None:
    run = start(
        "import subprocess\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "open(folder + '/child', 'w').write(str(child.pid))\n"
        "beat_on(600)"
    )
    eventually(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    child = int((tmp_path / "child").read_text())
    assert run.stop()[0] == 0
    eventually(lambda: not is_alive(child), 5)


def test_stop_during_the_wait_for_a_restart_ends_it(start: Start) -> None:
    run = start("beat()\nos._exit(1)", waits=[60.0])
    eventually(lambda: "starting it again" in run.log_path.read_text())
    code, took = run.stop()
    assert (code, took < 10) == (0, True)
    assert len(run.starts) == 1


def test_sighup_is_passed_on(start: Start, tmp_path: Path) -> None:
    run = start(
        "signal.signal(signal.SIGHUP, lambda *_: open(folder + '/hup', 'w').close())\n"
        "beat()\nopen(folder + '/set', 'w').close()\nbeat_on(600)"
    )
    eventually((tmp_path / "set").exists)
    run.process.send_signal(signal.SIGHUP)
    eventually((tmp_path / "hup").exists)
    assert run.process.poll() is None
    assert run.stop()[0] == 0


def test_a_sighup_during_the_start_waits_for_the_first_sign_of_life(
    start: Start, tmp_path: Path
) -> None:
    run = start(
        "while not os.path.exists(folder + '/go'): time.sleep(0.02)\n"
        "signal.signal(signal.SIGHUP, lambda *_: open(folder + '/hup', 'w').close())\n"
        "beat_on(600)",
        first_sign=60.0,
    )
    eventually(lambda: run.starts)
    for _ in range(3):
        run.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
    (tmp_path / "go").touch()
    eventually((tmp_path / "hup").exists)
    assert len(run.starts) == 1
    assert run.stop()[0] == 0


def test_a_service_that_a_sighup_ends_was_reloaded_and_did_not_fail(start: Start) -> None:
    run = start("beat()\nos.kill(os.getpid(), signal.SIGHUP) if start == 1 else beat_on(600)")
    eventually(lambda: len(run.starts) == 2)
    assert run.starts[1][1:] == ["0", ""]
    assert "service ended" not in run.log_path.read_text()
    assert run.stop()[0] == 0


def test_the_supervisor_holds_one_thread_and_none_of_our_libraries(start: Start) -> None:
    run = start("beat_on(600)")
    eventually(lambda: run.starts)
    status = Path(f"/proc/{run.process.pid}/status").read_text()
    assert "\nThreads:\t1\n" in status
    script = (
        "import sys, gridvoice.processes.supervisor, gridvoice.processes.logs, gridvoice.cli.run\n"
        "print([m for m in ('sqlalchemy', 'asyncio', 'fastapi', 'requests') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_service_that_does_not_come_up_is_told_by_another_process_once(start: Start) -> None:
    run = start("os._exit(1)", waits=[0.01])
    eventually(lambda: len(run.starts) >= 9)
    assert (run.folder / "cries").read_text() == "退出码 1\n"
    assert run.stop()[0] == 0


def test_a_cry_that_hangs_does_not_hold_up_the_next_start(start: Start, tmp_path: Path) -> None:
    (tmp_path / "hang").touch()
    run = start("os._exit(1)", waits=[0.01], cry_takes=5.0)
    eventually(lambda: len(run.starts) >= 9)
    eventually(lambda: (tmp_path / "cries").exists())
    assert run.stop()[0] == 0
