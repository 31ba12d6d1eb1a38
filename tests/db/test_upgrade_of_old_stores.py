"""A store of an older version is brought to this one with what lies in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from found_posts import AUTHOR_KEY, NOW, found, opened
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from stored import attempts_of

from db import incidents, outbox, schema, sending
from db.engine import check, open_engine, read, upgrade, write
from db.search import search
from db.search_index import Indexed, index
from db.take_in import take_in
from domain.alerts import Outcome
from domain.incidents.events import Cause
from domain.query.parse import parse
from domain.text import content_hash

AT = "2026-11-24 08:00:00.000000"


@pytest.fixture(params=["sqlite", "postgresql"])
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """A store as it was at a revision."""
    url = f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("empty_postgresql_url"))
    engine = open_engine(url)

    def at(revision: str) -> Engine:
        with write(engine) as conn:
            config = schema._configuration()
            config.attributes["connection"] = conn
            command.upgrade(config, revision)
        return engine

    yield at
    engine.dispose()


def put(conn: Connection, number: int, words: str, hash_: str) -> None:
    """A post of one version as it was stored and indexed: unseen characters were kept."""
    row = number if conn.dialect.name == "sqlite" else None
    values = {"id": number, "key": str(number), "at": AT, "row": row, "words": words, "hash": hash_}
    for statement in (
        "INSERT INTO posts (id, source, key, channel, first_seen, event_at, engagement, search_row,"
        " version_id) VALUES (:id, 'board', :key, 'weibo', :at, :at, '{}', :row, :id)",
        "INSERT INTO versions (id, post_id, hash, title, text, seen_at, assessed_at)"
        " VALUES (:id, :id, :hash, '', :words, :at, :at)",
    ):
        conn.execute(text(statement), values)
    index(conn, [Indexed(number, row, "", words.replace("\u3000", " "))])


def test_words_with_unseen_characters_inside_are_found_after_the_upgrade(
    old_store: Callable[[str], Engine],
) -> None:
    engine = old_store("0004")
    words = ["小召停\u200b电三天", "小召停电三天", "停❤\ufe0f电", "e\u200b\u0301停\u3000电"]
    with write(engine) as conn:
        for number, text_ in enumerate(words, 1):
            put(conn, number, text_, f"as it was {number}")
    upgrade(engine)
    assert check(engine) == []
    with read(engine) as conn:
        hits = search(conn, parse("停电"))
        assert sorted(hit.post.key for hit in hits) == ["1", "2"]
        assert {hit.post.text for hit in hits} == set(words[:2])
        assert [hit.post.key for hit in search(conn, parse("停❤电"))] == ["3"]
        assert [hit.post.key for hit in search(conn, parse("é停"))] == ["4"]
        hashes = list(conn.execute(text("SELECT hash FROM versions ORDER BY id")).scalars())
    assert hashes[0] == content_hash("", "小召停电三天")
    assert hashes[1] == "as it was 2", "what reads as before stays as it was"
    shown_again = [found(str(n), words[n - 1], title="") for n in (1, 3)]
    with write(engine) as conn:
        assert take_in(conn, shown_again, NOW, AUTHOR_KEY).new_versions == 0


def test_two_versions_that_read_alike_now_keep_apart(old_store: Callable[[str], Engine]) -> None:
    engine = old_store("0004")
    alike = content_hash("", "停电")
    with write(engine) as conn:
        put(conn, 1, "停\u200b电", "as it was")
        conn.execute(
            text(
                "INSERT INTO versions (id, post_id, hash, title, text, seen_at)"
                " VALUES (2, 1, :hash, '', '停电', :at)"
            ),
            {"hash": alike, "at": AT},
        )
    upgrade(engine)
    with read(engine) as conn:
        hashes = list(conn.execute(text("SELECT hash FROM versions ORDER BY id")).scalars())
    assert hashes == ["as it was", alike]
    assert check(engine) == []


def test_what_was_sent_stays_on_record_and_more_can_be_withdrawn(
    old_store: Callable[[str], Engine],
) -> None:
    engine = old_store("0004")
    with write(engine) as conn:
        incident = opened(conn)
        event = incidents.add_event(conn, incident, "opened", Cause.read("post:1"), NOW)
        for statement in (
            "INSERT INTO alerts (id, incident_id, event_id, reason, report_no, severity,"
            " severity_rank, title, body, at) VALUES (1, :incident, :event, 'first', 1, 'blue', 1,"
            " 'x', '{}', :at)",
            "INSERT INTO deliveries (id, alert_id, channel, recipient, state, attempts, resend,"
            " next_at) VALUES ('dlv_1', 1, 'wecom', '', 'new', 0, :resend, :later)",
            "INSERT INTO deliveries (id, alert_id, channel, recipient, state, attempts, resend,"
            " next_at) VALUES ('dlv_2', 1, 'centre', '', 'sending', 1, :resend, :at)",
            "INSERT INTO attempts (id, delivery_id, n, started_at) VALUES (7, 'dlv_2', 1, :at)",
        ):
            values = {"incident": incident, "event": event, "resend": False, "at": AT}
            conn.execute(text(statement), {**values, "later": "2026-11-25 08:00:00.000000"})
    upgrade(engine)
    assert check(engine) == []
    with write(engine) as conn:
        assert outbox.last_alert(conn, incident) is not None, "people heard it"
        assert sending.withdraw_held(conn, incident, 2) == 1
        states = {d.id: (d.state.value, d.withdrawn_for) for d in outbox.list_deliveries(conn)}
        assert states == {"dlv_1": ("withdrawn", 2), "dlv_2": ("sending", None)}
        assert [row.n for row in attempts_of(conn, "dlv_2")] == [1]
        assert sending.record_outcome(conn, "dlv_2", 1, NOW, Outcome.DELIVERED, "0", "ok")
    with pytest.raises(IntegrityError), write(engine) as conn:
        conn.execute(text("UPDATE deliveries SET state = 'lost'"))
    with pytest.raises(IntegrityError), write(engine) as conn:
        conn.execute(text("DELETE FROM deliveries WHERE id = 'dlv_2'"))
