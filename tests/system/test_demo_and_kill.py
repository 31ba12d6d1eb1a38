"""The demo tells exactly what is true, in two towns; kills at random moments lose nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from running_system import ROOT, call, rows_of


@pytest.mark.slow
@pytest.mark.parametrize("town", ["first", "second"])
def test_the_demo_tells_each_true_incident_once_and_no_trap(
    town: str, figure: Callable[[str, float, str], None]
) -> None:
    started = time.monotonic()
    done = call("demo", "--once", "--json", "--town", town)
    took = time.monotonic() - started
    rows = rows_of(done)
    summary = rows[-1]
    assert summary["type"] == "summary", done.stderr
    assert (summary["missing"], summary["wrong"], summary["repeated"]) == ([], [], [])
    assert summary["right"] is True
    assert done.returncode == 0
    figure(f"demo, town {town}, seconds from call to end", took, "< 60")
    alerts = [row for row in rows if row["type"] == "alert"]
    assert summary["alerts"] == len(alerts)
    for row in alerts:
        assert {"incident", "title", "category", "severity", "place", "posts", "channel"} <= set(
            row
        )
    firsts = [row["incident"] for row in alerts if row["reason"] == "first"]
    assert len(firsts) == len(set(firsts)) == summary["first_alerts"] >= 3
    seconds = summary["seconds"]
    assert 0 < seconds["readable_to_found"] <= seconds["readable_to_alerted"]
    figure(
        f"demo, town {town}, seconds readable to alerted", seconds["readable_to_alerted"], "< 10"
    )


def test_a_port_that_is_taken_is_refused_before_anything_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = call("demo", "--once", "--json", "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_random_kills_lose_nothing_and_repeat_nothing() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/kill.py", "--posts", "400", "--kills", "4", "--json",
         "--seed", "11"],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=550,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert sum(report["kills"].values()) == 4
    assert report["posts"]["stored"] == 400
    assert report["deliveries"]["accepted"] > 0
