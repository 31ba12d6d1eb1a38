"""Leases at their edges: whose they are, how long a renewed one holds, what a dead one leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

from found_posts import AUTHOR_KEY, NOW, found
from outbox_scene import LATER, attempt, lease, on_its_way, outcome
from sqlalchemy import Engine
from stored import post_by_key

from db import leases, sources
from db.engine import read, write
from db.sources import source_rows
from db.take_in import take_in
from domain.alerts import Outcome

MINUTE = timedelta(minutes=1)


def test_the_end_of_one_crawler_frees_its_sources_only(engine: Engine) -> None:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a", "b"], NOW)
        (dead,) = sources.due_sources(conn, NOW, "dead", 60, 1)
        (living,) = sources.due_sources(conn, NOW, "living", 60, 1)
        assert sources.end_leases(conn, "dead") == 1
        assert sources.end_leases(conn, "dead") == 0
        assert sources.holds_lease(conn, living.name, living.fence)
        freed = sources.due_sources(conn, NOW, "next", 60, 9)
    assert [due.name for due in freed] == [dead.name]


def test_the_end_of_one_sender_frees_its_deliveries_only(engine: Engine) -> None:
    first = on_its_way(engine)
    with write(engine) as conn:
        (mine,) = leases.lease_deliveries(conn, "living", NOW, 60, 1)
        assert mine.delivery_id == first
        assert leases.end_leases(conn, "dead", NOW) == 0
        assert leases.lease_deliveries(conn, "next", NOW + MINUTE / 2, 60, 9) == []
        assert leases.end_leases(conn, "living", NOW) == 1
        assert len(leases.lease_deliveries(conn, "next", NOW + MINUTE / 2, 60, 9)) == 1


def test_whoever_looks_for_a_probe_enters_only_where_there_is_one(engine: Engine) -> None:
    on_its_way(engine)
    red, other = [(True, False)], [(False, False)]

    def looks(owner: str, may_probe: list[tuple[bool, bool]], now: datetime = NOW) -> bool:
        with read(engine) as conn:
            return leases.may_lease(conn, owner, now, 60, "wecom", may_probe)

    assert looks("a", other)
    assert not looks("a", red), "its kind may not go yet"
    lease(engine, owner="a")
    assert looks("a", red), "its own lease is to be ended"
    assert not looks("b", other), "somebody is trying the channel"
    over = NOW + 2 * MINUTE
    assert not looks("a", red, over), "a lease that is over is nothing to end"
    assert looks("a", other, over)
    assert looks("b", other, over)
    with write(engine) as conn:
        leases.end_leases(conn, "a", NOW)
    assert not looks("a", red)
    assert looks("a", other)


def test_a_lease_that_was_given_back_cannot_be_renewed(engine: Engine) -> None:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a"], NOW)
        (due,) = sources.due_sources(conn, NOW, "a", 60, 1)
        held = [(due.name, due.fence)]
        assert sources.release_leases(conn, held) == 1
        assert sources.renew_leases(conn, held, NOW + 9 * MINUTE) == 0
    with read(engine) as conn:
        assert source_rows(conn)[0].lease_until is None


def test_a_refusal_that_was_heard_leaves_no_mark_on_the_next_try(engine: Engine) -> None:
    # Refused once, then leased by one that died before it began: nothing can have arrived.
    name = on_its_way(engine)
    lease(engine)
    attempt(engine, name)
    outcome(engine, name, 1, Outcome.RETRY, LATER)
    assert [d.resend for d in lease(engine, LATER)] == [False]
    assert [d.resend for d in lease(engine, LATER + 2 * MINUTE, owner="b")] == [False]


def test_the_date_of_a_reply_is_corrected_though_its_words_stay(engine: Engine) -> None:
    for at in (NOW, NOW + MINUTE):
        with write(engine) as conn:
            take_in(conn, [found(reply="已派人", reply_at=at)], NOW, AUTHOR_KEY)
    with read(engine) as conn:
        post = post_by_key(conn, "board", "1")
    assert post is not None
    assert post.reply_at == NOW + MINUTE
