"""`gridvoice run` outlives what befalls its parts, tells the truth about it, and ends when told."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from own_config import write_config
from running_system import OUTAGE, Running, Town, call, wait_until

from db import posts
from db.engine import read
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

TEN = 10.0
LOADED = 6.0  # more, on a machine that has much else to do
Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Running] = []

    def begin(**environment: str) -> Running:
        running.append(Running(tmp_path, **environment))
        return running[-1]

    yield begin
    for one in running:
        one.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    yield town
    town.server.stop()


def stored(running: Running) -> int:
    with read(running.engine) as conn:
        return posts.count_posts(conn)


def store_of(running: Running) -> sqlite3.Connection:
    """Another program at the store."""
    wait_until(lambda: running.child, what="the crawl process")
    path = running.folder / "data" / "gridvoice.db"
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


# kept alive


def test_a_killed_service_is_started_again_and_goes_on(
    config: Path, town: Town, start: Start
) -> None:
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    running = start()
    wait_until(lambda: stored(running) == 1)
    old = running.service
    assert old is not None
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: running.service not in (None, old), what="a new service")
    town.board("well", a1=OUTAGE, a2=OUTAGE + "！")
    wait_until(lambda: stored(running) == 2, what="its crawl")
    assert "已自动重启" in running.troubles()
    assert running.process.poll() is None
    assert running.stop()[0] == 0


@pytest.mark.slow
def test_a_service_that_hangs_is_ended_started_again_and_told(
    config: Path, town: Town, start: Start, tmp_path: Path
) -> None:
    town.source(config, "well")
    running = start()
    wait_until(lambda: running.child)
    old = running.service
    assert old is not None
    os.kill(old, signal.SIGSTOP)  # it hears no SIGTERM any more
    wait_until(lambda: running.service not in (None, old), 120, "a new service")
    told = tmp_path / "data" / "alerts.jsonl"
    wait_until(lambda: told.exists() and "主进程曾没有响应" in told.read_text("utf-8"))
    assert running.stop()[0] == 0
    wait_until(lambda: running.living() == [], 15)


@pytest.mark.slow
def test_memory_that_is_short_for_a_while_stops_nothing_for_good(
    config: Path, town: Town, start: Start
) -> None:
    """A thread that could not be started held up its starter for ever, the event loop too."""
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    running = start()
    wait_until(lambda: stored(running) == 1)
    pid = running.service
    assert pid is not None
    status = Path(f"/proc/{pid}/status").read_text()
    size = next(int(x.split()[1]) * 1024 for x in status.splitlines() if x.startswith("VmSize"))
    unlimited = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (size + 2**20, unlimited[1]))
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            running.get("/")
    with contextlib.suppress(ProcessLookupError):  # it may have been started anew
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
    town.board("well", a1=OUTAGE, a2=OUTAGE + "！")
    wait_until(lambda: stored(running) == 2, 120, "the next crawl")
    wait_until(lambda: running.get("/readyz").status_code == 200, 120, "readiness")
    assert running.stop()[0] == 0


def test_a_killed_supervisor_does_not_leave_the_service_behind(config: Path, start: Start) -> None:
    running = start()
    wait_until(lambda: running.child)
    running.process.kill()
    running.process.wait(5)
    wait_until(lambda: running.living() == [], TEN + LOADED, "the end of all")
    assert "stopping" in running.log, "it finished orderly"
    assert "Traceback" not in running.log


def test_a_store_that_is_locked_at_the_start_is_waited_for(
    config: Path, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    assert call("db", "upgrade", "--config", config, "--data", tmp_path / "data").returncode == 0
    with closing(
        sqlite3.connect(tmp_path / "data" / "gridvoice.db", isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        running = start()
        wait_until(lambda: "starting it again" in running.log, 180, "the first start's end")
        other.execute("ROLLBACK")
    wait_until(lambda: running.child, 180, "the start")
    assert "数据库被其他进程占用" in running.log
    assert running.stop()[0] == 0


def test_a_file_that_is_no_store_ends_the_start(config: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gridvoice.db").write_bytes(b"no database at all " * 500)
    done = call("run", "--config", config, "--data", tmp_path / "data")
    assert done.returncode == 2
    assert "数据库文件损坏" in done.stderr


def test_that_it_does_not_come_up_at_all_is_told_without_a_store(config: Path) -> None:
    with Gateway() as gateway:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "gridvoice.cli.cry", "--reason", "退出码 1",
             "--config", config, "--data", config.parent / "data"],
            env={**os.environ, **gateway.environment()}, timeout=120,
        )  # fmt: skip
        (said,) = gateway.accepted_at(WECOM)
    assert done.returncode == 0
    assert "系统起不来：多次启动都没有成功（退出码 1）" in said.body["text"]["content"]
    assert not (config.parent / "data" / "gridvoice.db").exists()


def test_no_secret_stands_on_a_command_line(config: Path, start: Start) -> None:
    """The store's address may hold a password."""
    running = start(GRIDVOICE_DATABASE=f"sqlite:///{config.parent}/data/gridvoice.db")
    wait_until(lambda: running.child)
    assert len(running.living()) == 3
    for pid in running.living():
        assert b"sqlite:" not in Path(f"/proc/{pid}/cmdline").read_bytes()


# the truth


def test_a_store_that_is_locked_is_told_and_the_console_answers_all_the_same(
    config: Path, start: Start
) -> None:
    running = start()
    with closing(store_of(running)) as other:
        wait_until(lambda: running.get("/readyz").status_code == 200, what="readiness")
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: running.get("/readyz").status_code == 503, what="the truth")
        assert "数据库写不进" in running.troubles()
        page = running.get("/").text
        assert "数据库写不进" in page
        assert 'data-trouble="yes"' in page
        assert running.get("/healthz").json() == {"ok": True}
        other.execute("ROLLBACK")
    wait_until(lambda: running.get("/readyz").status_code == 200, 90, "readiness")


def test_that_nothing_reaches_people_is_said_at_the_start_and_on_the_console(
    config: Path, start: Start
) -> None:
    running = start()
    words = "没有任何通道通到人：舆情中心、企业微信值班群 未配置"
    assert words in running.get("/").text
    assert f"WARNING gridvoice.service {words}" in running.log
    assert running.get("/readyz").status_code in (200, 503)
    assert words in running.troubles()


def test_the_log_has_its_zone_and_no_talk_of_the_scheduler(config: Path, start: Start) -> None:
    running = start()
    wait_until(lambda: running.child)
    assert running.stop()[0] == 0
    for line in running.log.splitlines():
        assert "+08:00 " in line, line
    assert "apscheduler" not in running.log


# the end


def test_it_ends_in_time_while_the_store_is_locked(config: Path, start: Start) -> None:
    running = start()
    with closing(store_of(running)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1)  # by now every task waits for the lock
        code, took = running.stop()
    assert code == 0
    assert took < TEN + LOADED
    assert running.living() == []
    assert "Traceback" not in running.log


def test_it_ends_in_time_while_a_receiver_hangs(config: Path, town: Town, start: Start) -> None:
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    with Gateway(hang_s=60) as gateway:
        gateway.script(CENTRE, ["hang"] * 9)
        keys = gateway.environment()
        del keys["GRIDVOICE_WECOM_URL"]
        running = start(**keys)
        wait_until(lambda: gateway.requests, what="the first attempt")
        code, took = running.stop()
    assert code == 0
    assert took < TEN + LOADED
    assert running.living() == []
    assert "Traceback" not in running.log


@pytest.mark.parametrize("after_s", [0.15, 0.3, 0.5, 1.0, 2.0])
def test_told_to_stop_while_it_starts_it_ends_well(
    config: Path, start: Start, after_s: float
) -> None:
    running = start()
    handles_signals(running)
    time.sleep(after_s)
    assert running.stop()[0] == 0
    wait_until(lambda: running.living() == [], 15)


def handles_signals(running: Running) -> None:
    """Until Python itself has begun, no program can answer a signal."""

    def caught() -> bool:
        for line in Path(f"/proc/{running.process.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & 1 << (signal.SIGTERM - 1))
        return False

    wait_until(caught)


def test_a_hangup_reloads_the_configuration_or_says_why_not(
    config: Path, town: Town, start: Start
) -> None:
    town.board("well", a1=OUTAGE)
    running = start()
    wait_until(lambda: running.child)
    old = running.service
    path = town.source(config, "well")
    right = path.read_text("utf-8")
    path.write_text(right.replace("channel:", "chanel:"), "utf-8")
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "新配置有误" in running.troubles(), what="the refusal")
    assert running.service == old
    path.write_text(right, "utf-8")
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: running.service not in (None, old), what="the new start")
    wait_until(lambda: stored(running) == 1, what="a poll of the new source")
    assert "已自动重启" not in running.troubles()
    assert running.process.poll() is None
    assert running.stop()[0] == 0


# from whatever folder


SHADOWS = (
    "queue", "config", "json", "logging", "incremental", "asyncio", "db", "domain", "alerts",
    "crawlers", "gridvoice", "pipeline", "sqlalchemy", "select", "operator", "calendar",
)  # fmt: skip


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder in which somebody keeps files that are called as modules are."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(
            f"open({str(folder / 'ran')!r}, 'a').write('{name} ')\nraise SystemExit(99)\n"
        )
    return folder


def gridvoice(foreign: Path, *words: object, seconds: float = 240) -> str:
    script = Path(sys.executable).with_name("gridvoice")
    done = subprocess.run(
        [script, *map(str, words)], capture_output=True, text=True, cwd=foreign, timeout=seconds
    )
    assert not (foreign / "ran").exists(), (foreign / "ran").read_text()
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_takes_no_module_from_the_folder_where_it_was_started(
    config: Path, town: Town, foreign: Path, tmp_path: Path
) -> None:
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    running = Running(tmp_path, foreign, Path(sys.executable).with_name("gridvoice"))
    try:
        wait_until(lambda: stored(running) == 1, what="the crawl")
        assert not (foreign / "ran").exists(), (foreign / "ran").read_text()
        assert running.stop()[0] == 0
    finally:
        running.close()


@pytest.mark.slow
def test_the_demo_takes_no_module_from_the_folder_where_it_was_started(foreign: Path) -> None:
    rows = [json.loads(x) for x in gridvoice(foreign, "demo", "--once", "--json").splitlines()]
    assert rows[-1]["type"] == "summary"


def test_commands_take_no_module_from_the_folder_where_they_were_started(
    foreign: Path, config: Path, tmp_path: Path
) -> None:
    where = ("--config", config, "--data", tmp_path / "data")
    gridvoice(foreign, "db", "upgrade", *where)
    gridvoice(foreign, "sources", "list", "--json", *where)
    gridvoice(foreign, "incidents", "list", "--json", *where)
