"""A receiver is away for minutes, hours or days: the gravest is tried all the while, the first
success lets all go, and nothing that others name closes a channel."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from app_scene import OUTAGE, OVERCHARGED, SHOCK, found, the_incident, told_now
from outage_scene import (
    MINUTE,
    SECOND,
    Clock,
    attempts_of,
    counts,
    knock,
    knock_for,
    of,
    put_alert,
    state_of,
)
from sqlalchemy import Engine, update

from alerts.channels.base import HttpSettings
from alerts.channels.opening import Channels, open_channels
from alerts.channels.webhook import WebhookChannel
from alerts.sending.outage import DOWN_AFTER, HOLD_AT_MOST, failing_since
from alerts.sending.retry import REFUSED_ATTEMPTS
from db import sending
from db.engine import read, write
from db.tables import alerts
from domain.alerts import DeliveryState
from domain.assessments import Severity
from domain.clock import utc_now
from domain.input.load import load_file
from gridvoice.demo.receivers.centre import CENTRE, DEMO_SECRET
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM
from gridvoice.handling.acts import close
from gridvoice.health.store_health import store_troubles
from gridvoice.service.replay import replay
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.channels import channel_works, release_channels

HOUR = timedelta(hours=1)
MIXED = (Severity.BLUE, Severity.YELLOW, Severity.RED, Severity.ORANGE)
FOREVER = 5000


@pytest.fixture
def config(to_gateway: Callable[[Gateway], Configuration], gateway: Gateway) -> Configuration:
    return to_gateway(gateway)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def unagreed(config: Configuration, tmp_path: Path) -> Configuration:
    """Nobody has written down which answer of the centre means yes."""
    opened = config.channels["centre"]
    known = opened.channel
    assert isinstance(known, WebhookChannel)
    settings = dataclasses.replace(known.settings, success_when=None)
    centre = dataclasses.replace(opened, channel=WebhookChannel(settings, known.secrets, tmp_path))
    return dataclasses.replace(config, channels={**config.channels, "centre": centre})


def goes_wrong(gateway: Gateway, behaviour: str, path: str = CENTRE) -> None:
    gateway.script(path, [behaviour] * FOREVER)


def is_well(gateway: Gateway, path: str = CENTRE) -> None:
    gateway.script(path, [])


def titles(gateway: Gateway) -> list[str]:
    """What the centre accepted, in order."""
    return [a.body["title"].partition("〔")[0] for a in gateway.accepted_at(CENTRE)]


def test_after_an_outage_all_that_waited_goes_out_red_first_with_the_first_success(
    engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    _outage(engine, config, gateway, clock, "500", 20, 10 * MINUTE, 10 * SECOND)


@pytest.mark.parametrize("behaviour", ["502", "reset", "refuse", "401", "403", "404", "429"])
def test_whatever_way_a_receiver_is_away(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, clock: Clock, behaviour: str
) -> None:
    _outage(sqlite_engine, config, gateway, clock, behaviour, 4, HOUR / 4, MINUTE)


def _outage(
    engine: Engine,
    config: Configuration,
    gateway: Gateway,
    clock: Clock,
    behaviour: str,
    count: int,
    lasts: timedelta,
    every: timedelta,
) -> None:
    """So many alerts wait for so long, each tried often enough to wait long for its own time."""
    goes_wrong(gateway, behaviour)
    began = clock.now
    waiting = [put_alert(engine, clock.now, MIXED[n % 4]) for n in range(count)]
    made, delivered = knock_for(engine, config, clock, lasts, every=every)
    assert delivered == 0
    assert count <= made <= 3 * lasts / MINUTE, "probed, not hammered"
    assert failing_since(state_of(engine)) == began
    is_well(gateway)
    back = clock.now
    made, delivered = knock_for(engine, config, clock, MINUTE, every=5 * SECOND)
    assert (made, delivered) == (count, count)
    assert sorted(titles(gateway)) == sorted(waiting)
    ranks = [Severity(title.partition("-")[0]).rank for title in titles(gateway)]
    assert ranks[1:] == sorted(ranks[1:], reverse=True), "all but the probe: the gravest first"
    confirmed = [of(engine, title).delivered_at for title in waiting]
    assert max(at for at in confirmed if at) - min(at for at in confirmed if at) < 5 * SECOND
    assert all(at is not None and at - back < MINUTE for at in confirmed)
    assert failing_since(state_of(engine)) is None
    assert state_of(engine).succeeded_at is not None


def test_during_an_outage_a_new_red_is_tried_within_a_minute_whenever_it_comes(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    goes_wrong(gateway, "500")
    for n in range(8):
        put_alert(sqlite_engine, clock.now, MIXED[n % 4])
    for pause in (MINUTE, 7 * MINUTE, 2 * HOUR, 20 * HOUR):
        knock_for(sqlite_engine, config, clock, pause, every=pause / 12)
        title = put_alert(sqlite_engine, clock.now)
        written = clock.now
        knock_for(sqlite_engine, config, clock, MINUTE)
        first = attempts_of(sqlite_engine, title)[0]
        assert first.started_at - written <= MINUTE


@pytest.mark.slow
def test_a_receiver_that_hangs_is_met_by_one_probe_at_a_time(
    sqlite_engine: Engine,
    to_gateway: Callable[[Gateway], Configuration],
    clock: Clock,
) -> None:
    """The answer comes too late each time: what it takes is a second of real time a probe."""
    with Gateway(hang_s=30) as gateway:
        config = to_gateway(gateway)
        goes_wrong(gateway, "hang")
        for n in range(4):
            put_alert(sqlite_engine, clock.now, MIXED[n % 4])
        assert knock(sqlite_engine, config, clock) == (DOWN_AFTER, 0)
        assert knock(sqlite_engine, config, clock) == (0, 0)
        clock.move(30 * SECOND)
        both: list[tuple[int, int]] = []
        lanes = [
            threading.Thread(
                target=lambda me=f"relay@{n}": both.append(
                    knock(sqlite_engine, config, clock, owner=me)
                )
            )
            for n in range(2)
        ]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join(30)
        assert sorted(both) == [(0, 0), (1, 0)]
        is_well(gateway)
        clock.move(MINUTE)
        assert knock(sqlite_engine, config, clock) == (4, 4)


def test_two_processes_probe_one_at_a_time_on_either_database(
    engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    goes_wrong(gateway, "500")
    for _ in range(6):
        put_alert(engine, clock.now)
    knock_for(engine, config, clock, MINUTE)
    before = len(gateway.requests)
    clock.move(MINUTE)
    goes_wrong(gateway, "hang")
    lanes = [
        threading.Thread(target=knock, args=(engine, config, clock, "centre", f"relay@{n}"))
        for n in range(3)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(30)
    assert len(gateway.requests) - before == 1


def test_a_message_that_the_receiver_chokes_on_holds_up_no_other(
    sqlite_engine: Engine, config: Configuration, clock: Clock
) -> None:
    """Its own receiver: it answers 500 to one title and takes the others."""
    poison = put_alert(sqlite_engine, clock.now)
    with _choosy(poison) as (url, taken):
        config = _to(config, url)
        knock_for(sqlite_engine, config, clock, 2 * MINUTE)
        assert failing_since(state_of(sqlite_engine)) is not None, "nothing tells it from an outage"
        calm = (Severity.BLUE, Severity.YELLOW)
        others = [put_alert(sqlite_engine, clock.now, calm[n % 2]) for n in range(4)]
        knock_for(sqlite_engine, config, clock, 3 * MINUTE)
        assert sorted(taken) == sorted(others)
        assert of(sqlite_engine, poison).state is DeliveryState.RETRY
        # And while the receiver is well, it goes on trying the poison without harm to others.
        later = [put_alert(sqlite_engine, clock.now, MIXED[n % 4]) for n in range(4)]
        knock_for(sqlite_engine, config, clock, 10 * SECOND)
        assert sorted(taken) == sorted(others + later)


def test_an_answer_about_one_message_is_no_outage_and_ends_with_few_tries(
    engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    gateway.script(CENTRE, ["400", "413", "422"])
    refused = put_alert(engine, clock.now)
    other = put_alert(engine, clock.now, Severity.BLUE)
    knock_for(engine, config, clock, 5 * MINUTE, every=10 * SECOND)
    assert of(engine, other).state is DeliveryState.DELIVERED
    row = of(engine, refused)
    assert (row.state, row.attempts) == (DeliveryState.DELIVERED, 3)
    gateway.script(CENTRE, ["400"] * REFUSED_ATTEMPTS)
    refused = put_alert(engine, clock.now)
    knock_for(engine, config, clock, 5 * MINUTE, every=10 * SECOND)
    assert of(engine, refused).state is DeliveryState.DEAD
    assert failing_since(state_of(engine)) is None


@pytest.mark.parametrize("behaviour", ["401", "404", "redirect"])
def test_a_channel_that_refuses_us_for_a_minute_or_a_day_kills_nothing(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, clock: Clock, behaviour: str
) -> None:
    goes_wrong(gateway, behaviour)
    written = [put_alert(sqlite_engine, clock.now, MIXED[n % 4]) for n in range(6)]
    knock_for(sqlite_engine, config, clock, MINUTE)
    knock_for(sqlite_engine, config, clock, 24 * HOUR, every=HOUR / 2)
    assert counts(sqlite_engine) == {DeliveryState.RETRY: 6}
    is_well(gateway)
    knock_for(sqlite_engine, config, clock, 2 * MINUTE)
    assert sorted(titles(gateway)) == sorted(written)


def test_after_days_it_is_given_up_and_a_person_begins_it_anew(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    goes_wrong(gateway, "404")
    title = put_alert(sqlite_engine, clock.now)
    knock_for(sqlite_engine, config, clock, 80 * HOUR, every=HOUR)
    dead = of(sqlite_engine, title)
    assert dead.state is DeliveryState.DEAD
    with write(sqlite_engine) as conn:
        release_channels(conn, {"centre"}, clock.now)
        assert sending.retry(conn, dead.id)
    assert knock(sqlite_engine, config, clock) == (1, 0)
    again = of(sqlite_engine, title)
    assert again.state is DeliveryState.RETRY, "one more no is not the end of a fresh count"
    is_well(gateway)
    assert knock_for(sqlite_engine, config, clock, 2 * MINUTE)[1] == 1


@pytest.mark.parametrize("asked", ["999999999", "86400", "60000"])
@pytest.mark.parametrize("status", ["429", "503"])
def test_a_wait_that_a_receiver_asks_for_is_granted_for_minutes_and_red_goes_through_it(
    sqlite_engine: Engine,
    config: Configuration,
    gateway: Gateway,
    clock: Clock,
    status: str,
    asked: str,
) -> None:
    gateway.script(CENTRE, [f"{status}:{asked}"])
    blue = put_alert(sqlite_engine, clock.now, Severity.BLUE)
    assert knock(sqlite_engine, config, clock) == (1, 0)
    other = put_alert(sqlite_engine, clock.now, Severity.BLUE)
    assert knock_for(sqlite_engine, config, clock, HOLD_AT_MOST - MINUTE) == (0, 0)
    red = put_alert(sqlite_engine, clock.now)
    assert knock_for(sqlite_engine, config, clock, SECOND)[1] == 3, "red, and the hold is over"
    assert titles(gateway) == [red, blue, other]


def test_a_hold_ends_by_itself_and_by_hand(
    engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    for lift in (
        lambda conn: channel_works(conn, "centre", clock.now),  # a passing `alerts test`
        lambda conn: release_channels(conn, {"centre"}, clock.now),  # `alerts retry`
        lambda conn: clock.move(HOLD_AT_MOST + MINUTE),
    ):
        gateway.script(CENTRE, ["429:86400"])
        put_alert(engine, clock.now, Severity.BLUE)
        assert knock(engine, config, clock) == (1, 0)
        assert knock(engine, config, clock) == (0, 0)
        with write(engine) as conn:
            lift(conn)
        assert knock(engine, config, clock) == (1, 1)


@pytest.mark.parametrize("behaviour", ["429:999999999", "500", "403"])
def test_a_replay_waits_for_no_channel_that_is_held_or_down(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, behaviour: str
) -> None:
    goes_wrong(gateway, behaviour)
    told_now(sqlite_engine, config, found("1", OUTAGE))
    clock = Clock()
    clock.move(-3 * MINUTE)
    knock_for(sqlite_engine, config, clock, 3 * MINUTE, every=10 * SECOND)
    began = time.monotonic()
    lines = [
        json.dumps({"id": str(n), "text": text, "region": "许昌市建安区"})
        for n, text in enumerate([SHOCK, OVERCHARGED], 2)
    ]
    *_, done = replay(sqlite_engine, config, lines)
    assert done.alerts == 2
    assert time.monotonic() - began < 60
    left = counts(sqlite_engine)
    assert left.pop(DeliveryState.DELIVERED) == 6, "three by the file, three by the robot"
    assert left.keys() <= {DeliveryState.NEW, DeliveryState.RETRY}


def test_an_alert_that_cannot_be_read_is_dead_by_name_and_the_lane_goes_on(
    engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    poisoned = put_alert(engine, clock.now)
    sound = put_alert(engine, clock.now, Severity.BLUE)
    key = of(engine, poisoned).alert.id
    with write(engine) as conn:
        conn.execute(update(alerts).where(alerts.c.id == key).values(body={"title": 7}))
    assert knock(engine, config, clock) == (2, 1)
    assert titles(gateway) == [sound]
    row = of(engine, poisoned)
    assert (row.state, row.last_code) == (DeliveryState.DEAD, "body")
    assert "KeyError" in (row.last_text or "")
    assert knock(engine, config, clock) == (0, 0)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("lasts", [4 * SECOND, None])
@pytest.mark.parametrize("name", ["centre", "duty_group"])
def test_sends_go_on_within_a_minute_after_the_clock_has_jumped(
    sqlite_engine: Engine,
    config: Configuration,
    gateway: Gateway,
    clock: Clock,
    step: timedelta,
    lasts: timedelta | None,
    name: str,
) -> None:
    def knocks(how_long: timedelta) -> int:
        return knock_for(sqlite_engine, config, clock, how_long, name, 2 * SECOND)[1]

    put_alert(sqlite_engine, clock.now, channels=[name])
    assert knocks(4 * SECOND) == 1
    gateway.script(CENTRE if name == "centre" else WECOM, ["500"])
    clock.move(step)
    put_alert(sqlite_engine, clock.now, channels=[name])  # fails at the wrong time
    put_alert(sqlite_engine, clock.now, channels=[name])
    delivered = knocks(lasts) if lasts else 0
    if lasts:
        clock.move(-step)
    put_alert(sqlite_engine, clock.now, channels=[name])
    delivered += knocks(MINUTE)
    assert delivered == 3
    assert counts(sqlite_engine) == {DeliveryState.DELIVERED: 4}


def test_a_hold_and_an_outage_that_the_wrong_time_wrote_end_with_it(
    sqlite_engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    clock.move(HOUR)
    gateway.script(CENTRE, ["429:86400"])
    gateway.script(WECOM, ["500"] * DOWN_AFTER)
    put_alert(sqlite_engine, clock.now, Severity.BLUE, ["centre", "duty_group"])
    knock(sqlite_engine, config, clock)
    knock_for(sqlite_engine, config, clock, 40 * SECOND, "duty_group")
    assert failing_since(state_of(sqlite_engine, "duty_group")) is not None
    clock.move(-HOUR)
    assert knock(sqlite_engine, config, clock) == (1, 1)
    assert knock_for(sqlite_engine, config, clock, MINUTE, "duty_group") == (1, 1)


def test_a_slow_receiver_and_two_processes_send_each_message_once(
    engine: Engine, config: Configuration, clock: Clock
) -> None:
    """Each send takes 13.5 s of the clock; eight of them outlast any one lease."""
    waiting = [put_alert(engine, clock.now, MIXED[n % 4]) for n in range(8)]
    taken: list[str] = []

    def slowly(title: str) -> None:
        taken.append(title)
        clock.move(13.5 * SECOND)
        if not looking:
            # While it is under way, another process looks for something to send.
            looking.append(title)
            knock(engine, config_of[0], clock, owner="relay@other:2")
            looking.clear()

    looking: list[str] = []
    config_of: list[Configuration] = []
    with _choosy("", on_taken=slowly) as (url, _):
        config_of.append(_to(config, url))
        knock(engine, config_of[0], clock)
    assert sorted(taken) == sorted(waiting)
    assert not any(of(engine, title).resend for title in waiting)


@contextmanager
def _choosy(
    refused: str, on_taken: Callable[[str], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A centre that answers 500 to one title and takes all others: its address, what it took."""
    taken: list[str] = []

    class Centre(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            title = body["title"].partition("〔")[0]
            status = 500 if title == refused else 200
            if status == 200:
                taken.append(title)
                if on_taken is not None:
                    on_taken(title)
            answer = b'{"code":0}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Centre)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/centre", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _to(config: Configuration, url: str) -> Configuration:
    """The configuration whose centre is at that address, and patient."""
    environ = {"GRIDVOICE_CENTRE_URL": url, "GRIDVOICE_CENTRE_SECRET": DEMO_SECRET}
    settings = load_file(config.directory / "channels.yaml", Channels, "channels.yaml")
    patient = Channels(
        tuple(
            dataclasses.replace(one, timeout=30 * SECOND) if isinstance(one, HttpSettings) else one
            for one in settings.channels
        )
    )
    opened = open_channels(patient, environ, config.directory.parent, config.directory)
    return dataclasses.replace(config, channels=opened)


def test_answers_that_nobody_understands_cost_few_messages_kill_nothing_soon_and_are_told_of(
    sqlite_engine: Engine, unagreed: Configuration, gateway: Gateway, clock: Clock
) -> None:
    """`{"code": 7}` may be a yes: not one message a minute, as to a receiver that is away."""
    goes_wrong(gateway, "unclear")
    red, blue = (put_alert(sqlite_engine, clock.now, severity) for severity in (MIXED[2], MIXED[0]))
    knock_for(sqlite_engine, unagreed, clock, 10 * MINUTE, every=10 * SECOND)
    assert {of(sqlite_engine, title).state for title in (red, blue)} == {DeliveryState.RETRY}
    assert of(sqlite_engine, red).resend
    with read(sqlite_engine) as conn:
        troubles = {t.key: t for t in store_troubles(conn, clock.now, {}, {"centre": "舆情中心"})}
    trouble = troubles["channel:centre"]
    assert "应答看不出是否收下" in trouble.what
    assert "success_when" in trouble.todo
    knock_for(sqlite_engine, unagreed, clock, 12 * HOUR, every=5 * MINUTE)
    assert {of(sqlite_engine, title).state for title in (red, blue)} == {DeliveryState.DEAD}
    assert all(of(sqlite_engine, title).attempts <= 7 for title in (red, blue))
    is_well(gateway)
    put_alert(sqlite_engine, clock.now)
    assert knock(sqlite_engine, unagreed, clock) == (1, 1)
    assert state_of(sqlite_engine).down_since is None


def test_a_log_in_page_before_the_receiver_is_an_outage_and_no_yes(
    sqlite_engine: Engine, unagreed: Configuration, gateway: Gateway, clock: Clock
) -> None:
    _outage(sqlite_engine, unagreed, gateway, clock, "garbage", 4, HOUR / 4, MINUTE)


def test_a_report_that_a_later_one_overtook_says_so_when_it_comes(
    engine: Engine, config: Configuration, gateway: Gateway, clock: Clock
) -> None:
    told_now(engine, config, found("1", OUTAGE))
    gateway.script(WECOM, ["500"])
    clock.now = utc_now()
    assert knock(engine, config, clock, "duty_group") == (1, 0)
    close(engine, config, the_incident(engine).incident.number, "张三", "已复电", clock.now)
    clock.move(3.5 * SECOND)  # the robot's rest is over, the wait of the first report is not
    knock(engine, config, clock, "duty_group")
    clock.move(2 * MINUTE)
    knock(engine, config, clock, "duty_group")
    last, first = [accepted.body["text"]["content"] for accepted in gateway.accepted_at(WECOM)]
    assert "第2报" in last
    assert "第1报〔此前已发第2报，以其为准〕" in first
    assert "此前已发" not in last
