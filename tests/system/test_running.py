"""The running system meets what goes wrong: each time a clear message, the rest goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from own_config import change, write_config
from running_system import (
    OUTAGE,
    ROOT,
    Running,
    Town,
    call,
    rows_of,
    wait_until,
)

from db import outbox, posts, unassessed
from db.engine import open_engine, read
from db.sources import source_rows
from domain.alerts import DeliveryState
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.web import DemoPage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `gridvoice run` over tmp_path/config, and ends it."""
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


def polled(running: Running, *names: str) -> bool:
    with read(running.engine) as conn:
        polls = {row.name: row.polls for row in source_rows(conn)}
    return all(polls.get(name) for name in names)


# one system, three sources that fail in three ways and one that is well


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, dict[str, Any]]]:
    """(running, what `sources list --json` says of each source)."""
    folder = tmp_path_factory.mktemp("troubled")
    config = write_config(folder)
    town, closed = Town(), Town("User-agent: *\nDisallow: /\n")
    town.board("well", a1=OUTAGE, a2="今天的集市很热闹，买了两斤桃子")
    town.pages["/broken/"] = DemoPage(b"oops", "text/html", 500)
    town.pages["/changed/"] = DemoPage("<html><body><p>网站改版</p></body></html>".encode())
    closed.board("forbidden", b1=OUTAGE)
    for name in ("well", "broken", "changed"):
        town.source(config, name)
    closed.source(config, "forbidden")
    running = Running(folder)
    try:
        wait_until(
            lambda: polled(running, "well", "broken", "changed", "forbidden"), what="all polls"
        )
        wait_until(lambda: stored(running) == 2)
        yield running, running.sources()
    finally:
        running.close()
        town.server.stop()
        closed.server.stop()


def test_a_source_that_answers_500_says_so(troubled: tuple[Running, dict[str, Any]]) -> None:
    row = troubled[1]["broken"]
    assert (row["outcome"], row["posts_found"]) == ("failed", 0)
    assert row["failures"] >= 1
    assert "500" in row["problem"]
    assert "/broken/" in row["problem"]


def test_a_robots_txt_that_forbids_is_obeyed_and_named(
    troubled: tuple[Running, dict[str, Any]],
) -> None:
    row = troubled[1]["forbidden"]
    assert row["outcome"] == "failed"
    assert "robots.txt" in row["problem"]
    assert "robots_permission" in row["problem"], "and what to do where there is a permission"


def test_a_page_on_which_nothing_matches_is_a_failure_that_names_the_selector(
    troubled: tuple[Running, dict[str, Any]],
) -> None:
    row = troubled[1]["changed"]
    assert row["outcome"] == "failed"
    assert "ul.posts li" in row["problem"]


def test_the_other_sources_go_on(troubled: tuple[Running, dict[str, Any]]) -> None:
    running, seen = troubled
    assert seen["well"]["outcome"] in ("new", "nothing_new")
    assert seen["well"]["problem"] is None
    polls = seen["well"]["last_success_at"]
    wait_until(lambda: running.sources()["well"]["last_success_at"] > polls)
    (row,) = rows_of(call("incidents", "list", "--json", "--posts", *running.where))
    assert row["posts"] == [{"source": "well", "id": "a1"}]
    assert running.process.poll() is None


def test_people_see_the_problems_in_the_list_of_sources(
    troubled: tuple[Running, dict[str, Any]],
) -> None:
    done = call("sources", "list", *troubled[0].where)
    assert "robots.txt" in done.stdout
    assert "ul.posts li" in done.stdout


def test_it_leaves_no_process_behind(troubled: tuple[Running, dict[str, Any]]) -> None:
    running = troubled[0]
    assert len(running.living()) == 3, "supervisor, service, crawl process"
    code, took = running.stop()
    assert code == 0
    assert took < 30
    assert running.living() == []
    assert "Traceback" not in running.log


# the start


def test_a_source_file_with_a_typo_is_refused_by_file_and_line(
    config: Path, town: Town, tmp_path: Path
) -> None:
    path = town.source(config, "well")
    path.write_text(path.read_text("utf-8").replace("channel:", "chanel:"), "utf-8")
    done = call("run", "--config", config, "--data", tmp_path / "data")
    assert done.returncode == 2
    assert "sources/well.yaml:4: chanel" in done.stderr
    assert "'channel'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_console_port_that_is_taken_is_refused_with_the_mend(
    config: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        change(config / "gridvoice.yaml", lambda it: it["console"].update(port=port))
        done = call("run", "--config", config, "--data", tmp_path / "data")
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "console.port" in done.stderr
    assert "crawl process started" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_console_for_other_machines_is_refused(config: Path, tmp_path: Path) -> None:
    change(config / "gridvoice.yaml", lambda it: it["console"].update(host="0.0.0.0"))
    done = call("run", "--config", config, "--data", tmp_path / "data")
    assert done.returncode == 2
    assert "console.host" in done.stderr
    assert "127.0.0.1" in done.stderr


# the way to the centre


def test_a_centre_that_answers_200_with_an_error_is_tried_again_until_it_takes_the_alert(
    config: Path, town: Town, start: Start
) -> None:
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    with Gateway() as gateway:
        gateway.script(CENTRE, ["refuse"])
        keys = gateway.environment()
        del keys["GRIDVOICE_WECOM_URL"]
        running = start(**keys)

        def to_the_centre() -> list[Any]:
            with read(running.engine) as conn:
                rows = outbox.list_deliveries(conn)
            return [row for row in rows if row.channel == "centre" and row.attempts]

        wait_until(to_the_centre, what="the first attempt")
        wait_until(lambda: to_the_centre()[0].state is not DeliveryState.SENDING)
        first = to_the_centre()[0]
        assert first.state is DeliveryState.RETRY
        assert first.delivered_at is None
        assert gateway.accepted_at(CENTRE) == []
        wait_until(lambda: gateway.accepted_at(CENTRE), what="the second attempt")
        wait_until(lambda: to_the_centre()[0].state is DeliveryState.DELIVERED)
        assert to_the_centre()[0].attempts == 2
        assert len(gateway.accepted_at(CENTRE)) == 1


# the end


def test_sigterm_in_the_middle_of_work_ends_all_within_ten_seconds(
    config: Path, town: Town, start: Start
) -> None:
    town.board("well", **{f"p{n}": f"{OUTAGE}{n}" for n in range(60)})
    slow = town.pages["/well/p30.html"]
    assert isinstance(slow, DemoPage)

    over = threading.Event()

    def hangs() -> DemoPage:
        over.wait(60)
        return slow

    town.pages["/well/p30.html"] = hangs
    town.source(config, "well", limits={"delay": "0s", "timeout": "60s", "concurrency": 2})
    with Gateway(hang_s=60) as gateway:
        gateway.script(CENTRE, ["hang"])
        keys = gateway.environment()
        del keys["GRIDVOICE_WECOM_URL"]
        running = start(**keys)
        wait_until(lambda: "/well/p30.html" in town.asked, what="the crawl")
        code, took = running.stop()
        over.set()
        assert code == 0
        assert took < 30, "what hangs does so for a minute"
        assert running.living() == []
        assert "Traceback" not in running.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_system_ends_at_once(config: Path, start: Start, number: int) -> None:
    running = start()
    wait_until(lambda: "console address" in running.log)
    wait_until(lambda: running.child)
    code, took = running.stop(number)
    assert (code, took < 9) == (0, True), "work under way would be given ten seconds"
    assert running.living() == []


def test_a_killed_parent_takes_the_crawl_process_with_it_and_a_new_one_goes_on(
    config: Path, town: Town, start: Start
) -> None:
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    running = start()
    wait_until(lambda: stored(running) == 1)
    running.process.kill()
    running.process.wait(30)
    wait_until(lambda: running.living() == [], what="the end of the crawl process")
    town.board("well", a1=OUTAGE, a2=OUTAGE + "！")
    again = start()
    wait_until(lambda: stored(again) == 2, what="the new process's crawl")


def test_a_killed_crawl_process_is_started_again(config: Path, town: Town, start: Start) -> None:
    town.board("well", a1=OUTAGE)
    town.source(config, "well")
    running = start()
    wait_until(lambda: stored(running) == 1)
    old = running.child
    assert old is not None
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: running.child not in (None, old), what="a new crawl process")
    town.board("well", a1=OUTAGE, a2=OUTAGE + "！")
    wait_until(lambda: stored(running) == 2, what="its crawl")
    assert "crawl process down" in running.log
    assert running.process.poll() is None


# a whole board, twice


def test_every_post_of_a_board_is_stored_once_and_old_ones_alarm_nobody(
    tmp_path: Path, config: Path, start: Start
) -> None:
    file, count = tmp_path / "posts.jsonl", 300
    rows = [
        {
            "id": f"old-{n}",
            "title": f"第{n}号来信",
            "text": f"{OUTAGE}。来信编号{n}" if n % 3 == 0 else f"建议增加班次，公交太少。编号{n}",
            "published_at": f"2021-{n % 12 + 1:02d}-{n % 28 + 1:02d} 08:{n % 60:02d}:00",
            "region": "许昌市建安区",
        }
        for n in range(count)
    ]
    file.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    source = config / "sources" / "served.yaml"
    server = subprocess.Popen(
        [sys.executable, ROOT / "tools/serve_posts.py", file, "--write-source", source],
        stdout=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    try:
        wait_until(source.exists)
        change(source, lambda it: it.update(every="2s"))
        running = start()
        wait_until(lambda: stored(running) == count, what="the crawl")

        def state() -> Any:
            with read(running.engine) as conn:
                return source_rows(conn)[0]

        polls = state().polls
        wait_until(lambda: state().polls >= polls + 2, what="another poll")
        assert stored(running) == count
        assert state().last_outcome == "nothing_new"
        wait_until(lambda: _assessed_versions(running), what="the assessing")
        with read(running.engine) as conn:
            keys = conn.exec_driver_sql("SELECT key FROM posts").scalars().all()
            assert outbox.list_alerts(conn) == []
        assert sorted(keys) == sorted(r["id"] for r in rows)
        assert rows_of(call("incidents", "list", "--json", *running.where))
        assert running.stop()[0] == 0
        engine = open_engine(f"sqlite:///{tmp_path / 'data' / 'gridvoice.db'}")
        engine.dispose()
        assert call("db", "check", *running.where).returncode == 0
    finally:
        server.terminate()
        server.wait(30)


def _assessed_versions(running: Running) -> bool:
    with read(running.engine) as conn:
        return unassessed.count_unassessed(conn) == 0
