"""T3 and T4: what is to be told reaches a real gateway that misbehaves, once where it can."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import stored
from app_scene import OUTAGE, OVERCHARGED, all_deliveries, found, make_due, told_now
from sqlalchemy import Engine, Row
from sqlalchemy.exc import DBAPIError

from alerts.channel import Channel
from db import leases, outbox, sending
from db.channel_states import channel_state_rows
from db.engine import read, write
from db.outbox import DeliveryRow
from domain.alerts import DeliveryState, Outcome
from domain.clock import utc_now
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.relay import relay

ME = "relay@test:1"
RNG = random.Random(7)


def channel_of(config: Configuration, name: str) -> Channel:
    channel = config.channels[name].channel
    assert channel is not None
    return channel


def send(engine: Engine, config: Configuration, name: str, owner: str = ME) -> tuple[int, int]:
    return relay(engine, name, channel_of(config, name), owner, RNG)


def delivery(engine: Engine, name: str) -> DeliveryRow:
    (row,) = (d for d in all_deliveries(engine) if d.channel == name)
    return row


def attempts(engine: Engine, name: str) -> Sequence[Row[Any]]:
    with read(engine) as conn:
        return stored.attempts_of(conn, delivery(engine, name).id)


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def config(to_gateway: Callable[[Gateway], Configuration], gateway: Gateway) -> Configuration:
    return to_gateway(gateway)


@pytest.fixture
def alerted(engine: Engine, config: Configuration) -> Engine:
    """A store with one alert on its way to the file, the centre and the robot."""
    told_now(engine, config, found("1", OUTAGE))
    return engine


def test_an_alert_goes_once_through_each_channel(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    names = sorted(d.channel for d in all_deliveries(alerted))
    assert names == ["centre", "duty_group", "file"]
    for name in names:
        assert send(alerted, config, name) == (1, 1)
        assert send(alerted, config, name) == (0, 0)
    (accepted,) = gateway.accepted_at(CENTRE)
    assert accepted.id == delivery(alerted, "centre").id
    assert accepted.body["resend"] is False
    assert len(gateway.accepted_at(WECOM)) == 1
    assert {d.state for d in all_deliveries(alerted)} == {DeliveryState.DELIVERED}


@pytest.mark.parametrize(("name", "path"), [("centre", CENTRE), ("duty_group", WECOM)])
def test_a_200_with_an_error_in_its_body_is_not_delivered_and_is_tried_again(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, name: str, path: str
) -> None:
    told_now(sqlite_engine, config, found("1", OUTAGE))
    gateway.script(path, ["refuse"])
    assert send(sqlite_engine, config, name) == (1, 0)
    row = delivery(sqlite_engine, name)
    assert (row.state, row.attempts, row.delivered_at) == (DeliveryState.RETRY, 1, None)
    assert row.next_at > utc_now()
    assert gateway.accepted_at(path) == []
    assert send(sqlite_engine, config, name) == (0, 0), "not before its time"
    if name == "duty_group":
        return  # its pace asks for three seconds
    make_due(sqlite_engine)
    assert send(sqlite_engine, config, name) == (1, 1)
    assert len(gateway.accepted_at(path)) == 1


def test_the_attempt_is_on_record_while_the_answer_is_awaited(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    gateway.script(CENTRE, ["hang"])
    sending = threading.Thread(target=send, args=(alerted, config, "centre"))
    sending.start()
    wait_until(lambda: (CENTRE, "hang") in gateway.requests)
    (begun,) = attempts(alerted, "centre")
    assert (begun.n, begun.finished_at) == (1, None)
    assert delivery(alerted, "centre").state is DeliveryState.SENDING
    sending.join(20)
    (ended,) = attempts(alerted, "centre")
    assert ended.outcome == "unknown"


def test_one_channel_that_hangs_delays_no_other(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    gateway.script(CENTRE, ["hang"])
    sending = threading.Thread(target=send, args=(alerted, config, "centre"))
    sending.start()
    wait_until(lambda: (CENTRE, "hang") in gateway.requests)
    assert send(alerted, config, "file") == (1, 1)
    assert send(alerted, config, "duty_group") == (1, 1)
    assert sending.is_alive()
    sending.join(20)


def test_what_may_have_been_accepted_goes_out_again_under_the_same_id_and_marked(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    gateway.script(CENTRE, ["drop"])
    assert send(alerted, config, "centre") == (1, 0)
    assert len(gateway.accepted_at(CENTRE)) == 1
    make_due(alerted)
    assert send(alerted, config, "centre") == (1, 1)
    assert gateway.duplicates == 1
    assert len(gateway.accepted_at(CENTRE)) == 1, "the id told the centre that it is a twin"
    row = delivery(alerted, "centre")
    assert (row.resend, row.attempts, row.state) == (True, 2, DeliveryState.DELIVERED)


def test_a_crash_between_attempt_and_answer_is_a_marked_resend_and_no_loss(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    # What a killed process leaves: a lease that has run out and an attempt without an outcome.
    past = utc_now() - timedelta(minutes=5)
    make_due(alerted)
    with write(alerted) as conn:
        leased = leases.lease_deliveries(conn, "relay@dead:9", utc_now(), -200, 1, ["centre"])
        assert sending.record_attempt(conn, leased[0].delivery_id, past) == 1
    assert send(alerted, config, "centre") == (1, 1)
    (accepted,) = gateway.accepted_at(CENTRE)
    assert accepted.body["resend"] is True
    assert "重发" not in accepted.body["title"] or accepted.body["report_no"] == 1
    first, second = attempts(alerted, "centre")
    assert (first.outcome, second.outcome) == ("unknown", "delivered")


def test_a_crash_before_the_attempt_is_no_resend(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    with write(alerted) as conn:
        leases.lease_deliveries(conn, "relay@dead:9", utc_now(), -200, 1, ["centre"])
    assert send(alerted, config, "centre") == (1, 1)
    assert gateway.accepted_at(CENTRE)[0].body["resend"] is False


def test_a_living_lease_is_left_alone(alerted: Engine, config: Configuration) -> None:
    with write(alerted) as conn:
        leases.lease_deliveries(conn, "relay@other:2", utc_now(), 90, 1, ["centre"])
    assert send(alerted, config, "centre") == (0, 0)


def test_two_relays_at_once_send_each_message_once(
    engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    told_now(engine, config, found("1", OUTAGE), found("2", OVERCHARGED))
    made: list[tuple[int, int]] = []
    lanes = [
        threading.Thread(
            target=lambda me=f"relay@{n}": made.append(send(engine, config, "centre", me))
        )
        for n in range(3)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(30)
    assert sum(delivered for _, delivered in made) == 2
    assert len(gateway.accepted_at(CENTRE)) == 2
    assert gateway.duplicates == 0


def test_retry_after_is_obeyed_for_the_whole_channel_and_for_no_other(
    engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    told_now(engine, config, found("1", OUTAGE))
    gateway.script(CENTRE, ["429:120"])
    asked_at = utc_now()
    assert send(engine, config, "centre") == (1, 0)
    assert delivery(engine, "centre").next_at >= asked_at + timedelta(seconds=120)
    told_now(engine, config, found("2", OVERCHARGED))
    assert send(engine, config, "centre") == (0, 0), "the second message waits too"
    assert send(engine, config, "file") == (2, 2)
    with read(engine) as conn:
        held = {s.name: s.blocked_until for s in channel_state_rows(conn)}
    assert held["centre"] is not None
    assert held["centre"] >= asked_at + timedelta(seconds=119)
    make_due(engine)
    assert send(engine, config, "centre") == (2, 2)


def test_what_the_receiver_refuses_for_good_becomes_a_dead_letter_and_can_be_sent_again(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    gateway.script(CENTRE, ["400", "400", "400"])
    for _ in range(3):
        make_due(alerted)
        send(alerted, config, "centre")
    row = delivery(alerted, "centre")
    assert (row.state, row.attempts, row.last_code) == (DeliveryState.DEAD, 3, "400")
    make_due(alerted)
    assert send(alerted, config, "centre") == (0, 0)
    with write(alerted) as conn:
        assert [d.id for d in outbox.dead_letters(conn)] == [row.id]
        assert sending.retry(conn, row.id)
    assert send(alerted, config, "centre") == (1, 1)
    assert delivery(alerted, "centre").state is DeliveryState.DELIVERED


@pytest.mark.parametrize("behaviour", ["500", "503", "reset", "redirect", "garbage", "unclear"])
def test_no_answer_but_a_good_one_counts_as_delivered(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, behaviour: str
) -> None:
    told_now(sqlite_engine, config, found("1", OUTAGE))
    gateway.script(CENTRE, [behaviour])
    assert send(sqlite_engine, config, "centre") == (1, 0)
    row = delivery(sqlite_engine, "centre")
    assert row.state is DeliveryState.RETRY
    assert (row.last_code, row.last_text) != (None, None)
    make_due(sqlite_engine)
    assert send(sqlite_engine, config, "centre") == (1, 1)


def test_no_secret_and_no_address_is_written_down_with_a_failure(
    alerted: Engine, config: Configuration, gateway: Gateway
) -> None:
    gateway.script(WECOM, ["500"])
    send(alerted, config, "duty_group")
    row = delivery(alerted, "duty_group")
    assert gateway.key not in f"{row.last_code}{row.last_text}"
    assert gateway.key not in str(attempts(alerted, "duty_group"))


class _Spoilt:
    """A channel with a mistake of its own."""

    name = "file"
    drops_repeats = False

    def __init__(self, real: Channel) -> None:
        self.rate = real.rate

    def send(self, notice: object, recipient: str, delivery_id: str) -> object:
        raise ZeroDivisionError(f"in the middle of it, {recipient}")


def test_a_channels_own_mistake_is_recorded_and_does_not_stop_the_lane(
    alerted: Engine, config: Configuration
) -> None:
    spoilt = _Spoilt(channel_of(config, "file"))
    assert relay(alerted, "file", spoilt, ME, RNG) == (1, 0)  # type: ignore[arg-type]
    row = delivery(alerted, "file")
    assert (row.state, row.last_text, row.resend) == (
        DeliveryState.RETRY,
        "通道程序出错：ZeroDivisionError",
        True,
    )


def test_a_lane_that_is_told_to_stop_begins_nothing_more(
    engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    told_now(engine, config, found("1", OUTAGE), found("2", OVERCHARGED))
    answers = iter([False, True])  # before the first and before the second
    made = relay(
        engine, "centre", channel_of(config, "centre"), ME, RNG, lambda: next(answers, True)
    )
    assert made == (1, 1)
    states = sorted(d.state.value for d in all_deliveries(engine) if d.channel == "centre")
    assert states == ["delivered", "new"]
    assert send(engine, config, "centre") == (1, 1)
    assert len(gateway.accepted_at(CENTRE)) == 2
    assert not any(d.resend for d in all_deliveries(engine))


def test_what_a_send_came_to_is_written_down_when_the_store_is_back(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    told_now(sqlite_engine, config, found("1", OUTAGE))
    _break_store(sqlite_engine)
    lane = threading.Thread(target=send, args=(sqlite_engine, config, "centre"))
    lane.start()
    wait_until(lambda: bool(gateway.accepted_at(CENTRE)))
    time.sleep(0.7)
    assert delivery(sqlite_engine, "centre").state is DeliveryState.SENDING
    _mend_store(sqlite_engine)
    lane.join(30)
    row = delivery(sqlite_engine, "centre")
    assert (row.state, row.attempts, row.resend) == (DeliveryState.DELIVERED, 1, False)
    assert gateway.duplicates == 0


def test_what_could_not_be_written_down_goes_again_at_the_next_knock_and_marked(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    told_now(sqlite_engine, config, found("1", OUTAGE))
    _break_store(sqlite_engine)
    answers = iter([False, True])
    with pytest.raises(DBAPIError):  # we are to stop, and do not wait for the store
        relay(
            sqlite_engine, "centre", channel_of(config, "centre"), ME, RNG,
            lambda: next(answers, True),
        )  # fmt: skip
    _mend_store(sqlite_engine)
    assert send(sqlite_engine, config, "centre") == (1, 1)
    row = delivery(sqlite_engine, "centre")
    assert (row.state, row.attempts, row.resend) == (DeliveryState.DELIVERED, 2, True)
    assert gateway.duplicates == 1


def _break_store(engine: Engine) -> None:
    """No outcome can be written, as on a disk that is full."""
    with write(engine) as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER no_end BEFORE UPDATE OF finished_at ON attempts WHEN NEW.outcome "
            "<> 'unknown' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )


def _mend_store(engine: Engine) -> None:
    with write(engine) as conn:
        conn.exec_driver_sql("DROP TRIGGER no_end")


def _sent_before(engine: Engine, moments: list[datetime]) -> None:
    """Attempts of the robot's only delivery at these moments, whose outcome was a refusal."""
    name = delivery(engine, "duty_group").id
    with write(engine) as conn:
        for moment in moments:
            leases.lease_deliveries(conn, ME, utc_now(), 90, 1, ["duty_group"])
            n = sending.record_attempt(conn, name, moment)
            assert n is not None
            sending.record_outcome(conn, name, n, moment, Outcome.RETRY, retry_at=moment)


@pytest.mark.parametrize(("sent", "more"), [(20, 0), (19, 1)])
def test_the_robot_gets_at_most_twenty_messages_a_minute(
    alerted: Engine, config: Configuration, sent: int, more: int
) -> None:
    """The first of them was 61 s ago: the window is a little longer than a minute."""
    now = utc_now()
    newest = now - timedelta(seconds=4)
    _sent_before(alerted, [newest - timedelta(seconds=3) * n for n in range(sent)][::-1])
    channel = channel_of(config, "duty_group")
    made = relay(alerted, "duty_group", channel, ME, RNG, clock=lambda: now)
    assert made == (more, more)


def test_the_robot_rests_three_seconds_between_two_messages(
    engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    told_now(engine, config, found("1", OUTAGE), found("2", OVERCHARGED))
    assert send(engine, config, "duty_group") == (1, 1)
    assert send(engine, config, "duty_group") == (0, 0)
    wait_until(lambda: send(engine, config, "duty_group") == (1, 1))
    assert len(gateway.accepted_at(WECOM)) == 2
    with read(engine) as conn:
        sent = [d.id for d in outbox.list_deliveries(conn) if d.channel == "duty_group"]
        first, second = sorted(stored.attempts_of(conn, name)[0].started_at for name in sent)
    assert second - first >= timedelta(seconds=3)


def test_the_gravest_is_sent_first(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    from app_scene import MILD, SHOCK

    told_now(sqlite_engine, config, found("1", MILD))
    told_now(sqlite_engine, config, found("2", SHOCK))
    send(sqlite_engine, config, "centre")
    assert [a.body["severity"] for a in gateway.accepted_at(CENTRE)] == ["red", "blue"]


def test_a_knock_that_finds_nothing_due_does_not_enter_as_a_writer(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway
) -> None:
    """Every channel is knocked at every second: no writer may wait for that."""
    told_now(sqlite_engine, config, found("1", OUTAGE))
    gateway.script(CENTRE, ["500"])
    now = utc_now()

    def knock() -> tuple[int, int]:
        channel = channel_of(config, "centre")
        return relay(sqlite_engine, "centre", channel, ME, RNG, clock=lambda: now)

    assert knock() == (1, 0)
    with write(sqlite_engine), ThreadPoolExecutor(1) as other:
        idle = other.submit(knock).result(timeout=30)  # a writer would wait for 40 s and raise
    assert idle == (0, 0)
