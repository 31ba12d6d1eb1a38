"""What a dead process of this machine held is free at once; what a living one holds is not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from outage_scene import Clock, put_alert
from sqlalchemy import Engine

from db import leases, sending
from db.engine import write
from gridvoice.processes.lease_owner import is_dead, owner
from gridvoice.tasks.reclaim import reclaim


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives for a while."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def named(pid: int, start: str = "") -> str:
    return f"relay@{socket.gethostname()}:{pid}{start}"


def test_this_process_lives_and_is_told_from_one_that_had_its_number() -> None:
    me = owner("relay")
    assert not is_dead(me)
    if "." not in me.rpartition(":")[2]:
        pytest.skip("no /proc")
    assert is_dead(named(os.getpid(), ".1"))


def test_a_process_is_dead_when_it_has_ended(other: subprocess.Popen[bytes]) -> None:
    name = named(other.pid)
    assert not is_dead(name)
    other.kill()
    other.wait()
    assert is_dead(name)


@pytest.mark.parametrize("name", ["", "relay", "relay@elsewhere:1", "relay@:x", "scene"])
def test_of_others_nothing_is_known(name: str) -> None:
    assert not is_dead(name)


def test_a_number_that_no_process_can_have_is_a_dead_one() -> None:
    assert is_dead(named(10**30))


def test_what_the_dead_held_goes_at_once_and_is_marked(engine: Engine) -> None:
    clock = Clock()
    put_alert(engine, clock.now)
    put_alert(engine, clock.now)
    dead = named(10**30)
    with write(engine) as conn:
        (gone,) = leases.lease_deliveries(conn, dead, clock.now, 120, 1)
        sending.record_attempt(conn, gone.delivery_id, clock.now)
        (held,) = leases.lease_deliveries(conn, owner("relay"), clock.now, 120, 1)
    assert reclaim(engine) == 1
    assert reclaim(engine) == 0
    clock.now = Clock().now
    with write(engine) as conn:
        (again,) = leases.lease_deliveries(conn, "relay@b", clock.now, 120, 9)
    assert (again.delivery_id, again.resend) == (gone.delivery_id, True)
    assert again.delivery_id != held.delivery_id
