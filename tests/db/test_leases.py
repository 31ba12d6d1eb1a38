"""Which delivery goes next: by the clock, against a clock that was put back, and as a probe."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import stored
from found_posts import NOW
from outbox_scene import LATER, attempt, delivery, lease, on_its_way
from sqlalchemy import Engine, update

from db import leases, outbox, sending
from db.channel_states import channel_state_rows, lock_channel, put_channel_state
from db.engine import read, write
from db.tables import alerts
from domain.alerts import ChannelState, DeliveryState, Outcome
from domain.assessments import Severity

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
RED, OTHER = (True, False), (False, False)
RED_AGAIN, OTHER_AGAIN = (True, True), (False, True)
ANYBODY = (RED, OTHER, RED_AGAIN, OTHER_AGAIN)


def probe(
    engine: Engine,
    now: datetime = NOW,
    may_probe: tuple[tuple[bool, bool], ...] = ANYBODY,
    by_turns: bool = False,
    owner: str = "a",
) -> str | None:
    with write(engine) as conn:
        found = leases.lease_probe(conn, owner, now, 60, "wecom", may_probe, by_turns)
    return found and found.delivery_id


def fail(
    engine: Engine,
    name: str,
    now: datetime = NOW,
    outcome: Outcome = Outcome.RETRY,
    wait: timedelta | None = HOUR,
) -> None:
    """One attempt of a leased delivery comes to nothing; it is to be tried again after `wait`."""
    n = attempt(engine, name, now)
    assert n is not None
    with write(engine) as conn:
        again = None if wait is None else now + wait
        sending.record_outcome(conn, name, n, now, outcome, "500", "", again)


def tried(engine: Engine, name: str, now: datetime = NOW, outcome: Outcome = Outcome.RETRY) -> str:
    """The delivery after an attempt that failed; its next is an hour away."""
    assert [d.delivery_id for d in lease(engine, now, limit=1)] == [name]
    fail(engine, name, now, outcome)
    return name


def test_one_probe_at_a_time_the_gravest_then_the_least_tried_then_the_newest(
    engine: Engine,
) -> None:
    old_red = tried(engine, on_its_way(engine, severity=Severity.RED))
    new_red = tried(engine, on_its_way(engine, severity=Severity.RED, at=LATER), LATER)
    blue = on_its_way(engine, severity=Severity.BLUE)
    untried_red = on_its_way(engine, severity=Severity.RED)
    order = []
    for _ in range(4):
        name = probe(engine, LATER)
        assert name is not None
        assert probe(engine, LATER, owner="b") is None, "another process probes already"
        order.append(name)
        fail(engine, name, LATER)
    assert order == [untried_red, new_red, untried_red, old_red]
    assert probe(engine, LATER, by_turns=True) == blue


def test_a_probe_does_not_wait_for_its_own_time_but_quiet_hours_and_refusals_do(
    engine: Engine,
) -> None:
    quiet = on_its_way(engine, severity=Severity.RED, next_at=NOW + HOUR)
    refused = tried(engine, on_its_way(engine, severity=Severity.RED), outcome=Outcome.TOO_LONG)
    assert probe(engine, LATER) is None
    blue = on_its_way(engine, severity=Severity.BLUE, at=LATER)
    assert probe(engine, LATER) == blue
    fail(engine, blue, LATER)
    assert probe(engine, LATER) == blue
    fail(engine, blue, LATER)
    assert {probe(engine, NOW + HOUR)} <= {quiet, refused}


def test_only_who_may_probe_does(engine: Engine) -> None:
    seen = tried(engine, on_its_way(engine, severity=Severity.RED), outcome=Outcome.UNKNOWN)
    blue = on_its_way(engine, severity=Severity.BLUE)
    assert probe(engine, LATER, ()) is None
    assert probe(engine, LATER, (RED, OTHER_AGAIN)) is None
    assert probe(engine, LATER, (OTHER,)) == blue
    fail(engine, blue, LATER)
    assert probe(engine, LATER, (RED, OTHER, RED_AGAIN)) == seen


def test_a_probe_whose_process_died_does_not_stop_the_next(engine: Engine) -> None:
    name = on_its_way(engine)
    assert probe(engine) == name
    attempt(engine, name)
    assert probe(engine, NOW + 59 * SECOND, owner="b") is None
    assert probe(engine, NOW + 60 * SECOND, owner="b") == name
    assert delivery(engine, name).resend


def test_the_first_success_lets_all_go_but_what_waits_for_its_own_sake(engine: Engine) -> None:
    quiet = on_its_way(engine, next_at=NOW + HOUR)
    refused = tried(engine, on_its_way(engine), outcome=Outcome.BAD_RECEIVER)
    elsewhere = tried(engine, on_its_way(engine, "webhook"))
    blue = tried(engine, on_its_way(engine, severity=Severity.BLUE))
    red = tried(engine, on_its_way(engine, severity=Severity.RED))
    assert lease(engine, LATER) == []
    with write(engine) as conn:
        assert sending.make_due(conn, "wecom") == 2
    assert [d.delivery_id for d in lease(engine, LATER)] == [red, blue]
    waiting = {quiet, refused, elsewhere}
    assert {d.delivery_id for d in lease(engine, NOW + HOUR)} >= waiting


STEPS = [HOUR, timedelta(days=400)]


@pytest.mark.parametrize("step", STEPS)
def test_what_was_written_while_the_clock_was_ahead_is_due_when_it_is_right(
    engine: Engine, step: timedelta
) -> None:
    ahead = NOW + step
    new = on_its_way(engine, at=ahead, next_at=ahead)
    again = tried(engine, on_its_way(engine), ahead)
    assert {d.delivery_id for d in lease(engine)} == {new, again}


def test_a_retry_and_quiet_hours_that_a_right_clock_wrote_are_waited_for(engine: Engine) -> None:
    on_its_way(engine, next_at=NOW + 9 * HOUR)
    tried(engine, on_its_way(engine))
    assert lease(engine, NOW + 59 * 60 * SECOND) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_lease_taken_while_the_clock_was_ahead_runs_out(engine: Engine, step: timedelta) -> None:
    name = on_its_way(engine)
    lease(engine, NOW + step)
    attempt(engine, name, NOW + step)
    (leased,) = lease(engine, owner="b")
    assert (leased.delivery_id, leased.resend) == (name, True)


def test_another_machine_whose_clock_is_a_little_ahead_keeps_its_lease(engine: Engine) -> None:
    on_its_way(engine)
    lease(engine, NOW + 5 * SECOND)
    assert lease(engine, owner="b") == []
    assert probe(engine, owner="b") is None


def test_whether_something_was_never_tried(engine: Engine) -> None:
    on_its_way(engine, "file", next_at=NOW + HOUR)
    tried(engine, on_its_way(engine, "wecom"))
    with read(engine) as conn:
        assert not leases.has_untried(conn, ["file", "wecom"], LATER)
        assert leases.has_untried(conn, ["file"], NOW + HOUR)
    on_its_way(engine, "centre", at=NOW + HOUR, next_at=NOW + HOUR)
    with read(engine) as conn:
        assert leases.has_untried(conn, ["centre"], NOW), "written by a clock that was ahead"
        assert not leases.has_untried(conn, [], NOW + HOUR)


def test_tries_count_anew_after_a_person_asked_for_it(engine: Engine) -> None:
    name = tried(engine, on_its_way(engine), outcome=Outcome.TOO_LONG)
    lease(engine, NOW + HOUR)
    fail(engine, name, NOW + HOUR, Outcome.BAD_RECEIVER, None)
    with read(engine) as conn:
        tries = sending.counted_tries(conn, name)
    assert (tries.count, tries.refused, tries.first_at) == (2, 2, NOW)
    with write(engine) as conn:
        assert sending.retry(conn, name)
        assert sending.counted_tries(conn, name).count == 0
    lease(engine, NOW + 2 * HOUR)
    assert attempt(engine, name, NOW + 2 * HOUR) == 3
    with read(engine) as conn:
        tries = sending.counted_tries(conn, name)
        assert (tries.count, tries.refused, tries.first_at) == (1, 0, NOW + 2 * HOUR)
        assert len(stored.attempts_of(conn, name)) == 3


def test_words_of_a_receiver_that_no_database_holds_are_mended(engine: Engine) -> None:
    name = on_its_way(engine)
    lease(engine)
    attempt(engine, name)
    with write(engine) as conn:
        sending.record_outcome(conn, name, 1, NOW, Outcome.DELIVERED, "\x00", "ok\x00\ud800")
        put_channel_state(conn, ChannelState("wecom", problem="no\x00\ud800"))
    after = delivery(engine, name)
    assert (after.state, after.last_text) == (DeliveryState.DELIVERED, "ok\ufffd\ufffd")
    with read(engine) as conn:
        assert [s.problem for s in channel_state_rows(conn)] == ["no\ufffd\ufffd"]


@pytest.mark.parametrize("body", [[], "text", None, {}, 7])
def test_an_alert_whose_body_is_none_is_leased_and_listed_all_the_same(
    engine: Engine, body: object
) -> None:
    name = on_its_way(engine)
    other = on_its_way(engine)
    with write(engine) as conn:
        from sqlalchemy import JSON, bindparam

        first = outbox.list_deliveries(conn)[-1].alert.id
        conn.execute(
            update(alerts)
            .where(alerts.c.id == first)
            .values(body=bindparam("body", body, JSON(none_as_null=False)))
        )
    leased = lease(engine)
    assert [d.delivery_id for d in leased] == [name, other]
    assert leased[0].alert.body == {}
    assert leased[1].alert.body != {}


def test_a_channel_is_what_was_last_written_of_it(engine: Engine) -> None:
    state = ChannelState("wecom", LATER, "45009", NOW, 3, LATER, NOW - HOUR)
    with write(engine) as conn:
        assert lock_channel(conn, "wecom") == ChannelState("wecom")
        put_channel_state(conn, state)
        put_channel_state(conn, ChannelState("centre", succeeded_at=NOW))
    with write(engine) as conn:
        assert lock_channel(conn, "wecom") == state
        put_channel_state(conn, ChannelState("wecom"))
        assert channel_state_rows(conn) == [
            ChannelState("centre", succeeded_at=NOW),
            ChannelState("wecom"),
        ]
