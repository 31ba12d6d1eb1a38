"""Alerts on their way: leased once, attempts before sends, nothing lost, nothing silent."""

from __future__ import annotations

from datetime import timedelta

import stored
from found_posts import NOW
from outbox_scene import LATER, alert, attempt, delivery, lease, on_its_way, outcome
from sqlalchemy import Engine
from stored import put_setting

from db import outbox, sending
from db.engine import read, write
from db.settings import get_or_create_secret, get_setting
from domain.alerts import AlertReason, DeliveryState, Outcome
from domain.assessments import Severity


def test_one_event_has_one_alert_and_one_delivery_a_recipient(engine: Engine) -> None:
    key = alert(engine)
    with write(engine) as conn:
        (made,) = outbox.list_alerts(conn)
        again = outbox.add_alert(
            conn, made.incident_id, made.event_id, AlertReason.FIRST, 1, Severity.RED, "", {}, NOW
        )
        assert again is None
        duty, chief = ("wecom", "duty", NOW), ("wecom", "leader", NOW)
        (name,) = outbox.add_deliveries(conn, key, [duty])
        assert name.startswith("dlv_")
        assert outbox.add_deliveries(conn, key, [duty, chief])[0] == name
        assert outbox.add_deliveries(conn, key, []) == []
        assert {(d.id == name, d.recipient) for d in outbox.list_deliveries(conn)} == {
            (True, "duty"),
            (False, "leader"),
        }
    assert (made.incident_number, made.severity, made.body) == (
        "20261124-001",
        Severity.YELLOW,
        {"a": 1},
    )


def test_the_way_of_a_delivery_that_is_accepted(engine: Engine) -> None:
    name = on_its_way(engine)
    (leased,) = lease(engine)
    assert (leased.delivery_id, leased.attempts, leased.resend) == (name, 0, False)
    assert leased.alert.title == "电压低"
    assert delivery(engine, name).state == DeliveryState.SENDING
    assert attempt(engine, name) == 1
    assert outcome(engine, name, 1, Outcome.DELIVERED)
    after = delivery(engine, name)
    assert (after.state, after.delivered_at, after.attempts) == (DeliveryState.DELIVERED, LATER, 1)
    assert (after.last_code, after.last_text) == ("0", "ok")
    assert lease(engine, LATER + timedelta(days=1)) == []
    with read(engine) as conn:
        (tried,) = stored.attempts_of(conn, name)
        assert (tried.n, tried.started_at, tried.finished_at) == (1, NOW, LATER)
        assert tried.outcome == Outcome.DELIVERED
        assert outbox.count_deliveries(conn) == {DeliveryState.DELIVERED: 1}


def test_a_refused_delivery_is_tried_again_when_told_then_dies_and_can_be_revived(
    engine: Engine,
) -> None:
    name = on_its_way(engine)
    lease(engine)
    attempt(engine, name)
    assert outcome(engine, name, 1, Outcome.RETRY, LATER)
    assert lease(engine, LATER - timedelta(seconds=1)) == []
    (leased,) = lease(engine, LATER)
    assert (leased.attempts, leased.resend) == (1, False)
    assert attempt(engine, name) == 2
    assert outcome(engine, name, 2, Outcome.BAD_RECEIVER)
    with write(engine) as conn:
        assert [d.id for d in outbox.dead_letters(conn)] == [name]
        assert sending.retry(conn, name)
        assert not sending.retry(conn, name)
        assert outbox.dead_letters(conn) == []
    assert [leased.delivery_id for leased in lease(engine, LATER)] == [name]


def test_a_send_of_unknown_outcome_comes_again_marked(engine: Engine) -> None:
    name = on_its_way(engine)
    lease(engine)
    attempt(engine, name)
    outcome(engine, name, 1, Outcome.UNKNOWN, LATER)
    assert lease(engine, LATER)[0].resend


def test_a_sender_that_died_after_beginning_is_taken_over_and_the_message_marked(
    engine: Engine,
) -> None:
    name = on_its_way(engine)
    lease(engine)
    attempt(engine, name)
    assert lease(engine, NOW + timedelta(seconds=59), owner="b") == []
    (leased,) = lease(engine, NOW + timedelta(seconds=60), owner="b")
    assert (leased.delivery_id, leased.attempts, leased.resend) == (name, 1, True)
    with read(engine) as conn:
        assert stored.attempts_of(conn, name)[0].outcome == Outcome.UNKNOWN


def test_a_sender_that_died_before_beginning_leaves_no_mark(engine: Engine) -> None:
    on_its_way(engine)
    lease(engine)
    (leased,) = lease(engine, NOW + timedelta(seconds=60), owner="b")
    assert not leased.resend


def test_a_lost_lease_begins_no_attempt(engine: Engine) -> None:
    name = on_its_way(engine)
    assert attempt(engine, name) is None
    lease(engine)
    lease(engine, NOW + timedelta(seconds=60), owner="b")
    assert attempt(engine, name, owner="a") is None
    assert attempt(engine, name, owner="b") == 1


def test_a_late_refusal_does_not_touch_the_newer_attempt_but_a_late_acceptance_counts(
    engine: Engine,
) -> None:
    name = on_its_way(engine)
    lease(engine)
    attempt(engine, name)
    lease(engine, NOW + timedelta(seconds=60), owner="b")
    attempt(engine, name, owner="b")
    assert not outcome(engine, name, 1, Outcome.BAD_RECEIVER)
    assert delivery(engine, name).state == DeliveryState.SENDING
    assert outcome(engine, name, 1, Outcome.DELIVERED)
    assert not outcome(engine, name, 2, Outcome.RETRY, LATER)
    assert not outcome(engine, name, 2, Outcome.DELIVERED)
    assert delivery(engine, name).state == DeliveryState.DELIVERED


def test_red_goes_first_then_the_oldest(engine: Engine) -> None:
    later_yellow = on_its_way(engine, at=LATER)
    yellow = on_its_way(engine)
    red = on_its_way(engine, severity=Severity.RED, at=LATER)
    blue = on_its_way(engine, severity=Severity.BLUE)
    assert [d.delivery_id for d in lease(engine, limit=3)] == [red, yellow, later_yellow]
    assert [d.delivery_id for d in lease(engine)] == [blue]


def test_a_worker_may_lease_for_its_channels_only(engine: Engine) -> None:
    on_its_way(engine, "wecom")
    mine = on_its_way(engine, "webhook")
    assert lease(engine, channels=[]) == []
    assert [d.delivery_id for d in lease(engine, channels=["webhook"])] == [mine]


def test_deliveries_are_listed_by_state_and_incident(engine: Engine) -> None:
    name = on_its_way(engine)
    other = on_its_way(engine, at=LATER)
    with read(engine) as conn:
        assert [d.id for d in outbox.list_deliveries(conn)] == [other, name]
        assert [d.id for d in outbox.list_deliveries(conn, limit=1)] == [other]
        mine = outbox.list_deliveries(conn, incident_id=delivery(engine, name).alert.incident_id)
        assert [d.id for d in mine] == [name]
        assert outbox.list_deliveries(conn, [DeliveryState.DEAD]) == []


def test_a_secret_is_made_once_and_kept(engine: Engine) -> None:
    with write(engine) as conn:
        made = get_or_create_secret(conn, "author_hash")
        assert len(bytes.fromhex(made)) == 32
        assert get_or_create_secret(conn, "author_hash") == made
        assert get_or_create_secret(conn, "other") != made
        put_setting(conn, "town", "许昌")
        put_setting(conn, "town", "小召")
        assert get_setting(conn, "town") == "小召"
        assert get_setting(conn, "none") is None


def test_another_database_gives_other_delivery_ids(sqlite_url: str, postgresql_url: str) -> None:
    from db.engine import open_engine

    names = []
    for url in (sqlite_url, postgresql_url):
        engine = open_engine(url)
        names.append(on_its_way(engine))
        engine.dispose()
    assert names[0] != names[1]


def test_only_what_is_held_untried_and_earlier_is_withdrawn(engine: Engine) -> None:
    """Two reports of one matter; another matter's is left alone."""
    other = on_its_way(engine, cause="post:other", next_at=LATER)
    held = on_its_way(engine, "wecom", "duty", cause="post:1", next_at=LATER)
    key = delivery(engine, held).alert.id
    with write(engine) as conn:
        ways = [("centre", "duty", NOW), ("sms", "duty", LATER), ("voice", "duty", LATER)]
        assert len(outbox.add_deliveries(conn, key, ways)) == 3
    (tried,) = (d.delivery_id for d in lease(engine, LATER, channels=["voice"]))
    assert attempt(engine, tried) == 1
    incident = delivery(engine, held).alert.incident_id
    with write(engine) as conn:
        assert sending.withdraw_held(conn, incident, 1) == 0, "it is not earlier than itself"
        assert sending.withdraw_held(conn, incident, 2, ("wecom", "another")) == 0
        assert sending.withdraw_held(conn, incident, 2, ("wecom", "duty")) == 1
        assert sending.withdraw_held(conn, incident, 2) == 1, "sms"
    with read(engine) as conn:
        rows = outbox.list_deliveries(conn)
    gone = {d.channel: d.withdrawn_for for d in rows if d.state is DeliveryState.WITHDRAWN}
    assert gone == {"wecom": 2, "sms": 2}
    assert {(d.channel, d.id == other) for d in rows if d.withdrawn_for is None} == {
        ("wecom", True), ("centre", False), ("voice", False),
    }  # fmt: skip
    sent = lease(engine, LATER + timedelta(days=3), owner="b")
    assert not {d.delivery_id for d in sent} & {
        d.id for d in rows if d.channel in gone and d.id != other
    }
    with write(engine) as conn:
        assert not sending.retry(conn, held), "what was withdrawn is no dead letter"
