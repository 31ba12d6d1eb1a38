"""Writers of one process write in the order in which they came, and none waits for ever."""

from __future__ import annotations

import threading
import time

from sqlalchemy import Engine
from stored import put_setting

from db.engine import write
from db.turns import Turns


def test_who_came_first_goes_first_and_who_let_go_comes_last() -> None:
    turns, order = Turns(), []

    def worker(number: int) -> None:
        with turns.turn(30) as came:
            order.append((number, came))

    workers = []
    with turns.turn(30):
        for number in range(5):
            workers.append(threading.Thread(target=worker, args=(number,)))
            workers[-1].start()
            while len(turns._waiting) != number + 1:
                time.sleep(0.001)
    with turns.turn(30):
        order.append((99, True))
    for one in workers:
        one.join(30)
    assert order == [(n, True) for n in (0, 1, 2, 3, 4, 99)]


def test_a_turn_that_does_not_come_is_no_longer_waited_for() -> None:
    turns = Turns()
    with turns.turn(1) as first:
        with turns.turn(0.01) as second:
            assert (first, second) == (True, False)
        with turns.turn(0.01) as third:
            assert not third
    with turns.turn(0.01) as fourth:
        assert fourth, "who gave up holds nobody up"


def test_a_writer_that_fails_hands_its_turn_on(sqlite_engine: Engine) -> None:
    for number in range(3):
        try:
            with write(sqlite_engine) as conn:
                put_setting(conn, "a", str(number))
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    began = time.monotonic()
    with write(sqlite_engine) as conn:
        put_setting(conn, "a", "b")
    assert time.monotonic() - began < 5


def test_a_writer_gets_in_among_those_that_write_without_a_pause(sqlite_engine: Engine) -> None:
    stop, held = threading.Event(), []

    def busy() -> None:
        while not stop.is_set():
            with write(sqlite_engine) as conn:
                put_setting(conn, "busy", str(time.monotonic()))
                held.append(1)
                time.sleep(0.02)

    others = [threading.Thread(target=busy) for _ in range(2)]
    for one in others:
        one.start()
    try:
        rounds = []
        for _ in range(10):
            before = len(held)
            with write(sqlite_engine) as conn:
                put_setting(conn, "act", "x")
            rounds.append(len(held) - before)
    finally:
        stop.set()
        for one in others:
            one.join(30)
    assert max(rounds) <= 3, "it waits for those before it, and for no one twice"
