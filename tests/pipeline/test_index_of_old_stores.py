"""A store of an older version gets its index and its timers from what its incidents remember."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from assessed_posts import START, incident, post
from sqlalchemy import Connection, Engine, select, text

from db import schema
from db.engine import open_engine, read, upgrade, write
from db.incident_likeness import likenesses
from db.tables import incident_keys, incident_posts, incidents, timers
from pipeline.incidents.profile import Likeness, facts_written
from pipeline.incidents.running_facts import RunningFacts
from pipeline.places.locate import Locator

DUE = START + timedelta(minutes=15)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Before there were keys."""
    url = f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("empty_postgresql_url"))
    engine = open_engine(url)
    with write(engine) as conn:
        config = schema._configuration()
        config.attributes["connection"] = conn
        command.upgrade(config, "0003")
    yield engine
    engine.dispose()


def as_it_was(likeness: Likeness) -> dict[str, Any]:
    """The memory of an incident as it was written before it had a table of its own."""
    return {
        "posts": likeness.posts,
        "terms": dict(likeness.wording.terms),
        "hashes": list(likeness.hashes),
        "places": likeness.places.to_profile(),
    }


def put(conn: Connection, number: int, profile: str) -> None:
    conn.execute(
        text(
            "INSERT INTO incidents (id, number, title, category, severity, severity_score, state,"
            " area, first_event_at, last_event_at, opened_at, post_count, channels, report_no,"
            " fresh, profile, updated_at) VALUES (:id, :number, '停电', 'supply_quality', 'blue',"
            " 1, 'discovered', 'inside', :at, :at, :at, 1, '[]', 0, :fresh, :profile, :at)"
        ),
        {
            "id": number, "number": f"20261124-{number:03d}", "fresh": True, "profile": profile,
            "at": "2026-11-24 08:00:00.000000",
        },
    )  # fmt: skip


def test_keys_and_timers_come_from_the_profiles(old_store: Engine, locator: Locator) -> None:
    posts = [
        post(locator, "小召街道毛里村停电，没人管"),
        post(locator, "北海龙城小区停电，电梯里困了人"),
        post(locator, "椹涧乡刮大风，好几个村都停电了，新元大道也黑着"),
    ]
    # What may be passed on of a post was not remembered then.
    likes = [
        replace(one, likeness=replace(one.likeness, sayings=()))
        for one in (incident(*posts[:1]), incident(*posts[1:2]), incident(*posts))
    ]
    stored: list[dict[str, Any]] = [
        {"cluster": as_it_was(one.likeness), **facts_written(RunningFacts())} for one in likes
    ]
    stored[1]["held_until"] = DUE.astimezone(UTC).isoformat()
    stored[2]["held_until"] = "soon"
    broken = ["[]", "5", '"x"', "null", '{"cluster": 5}', '{"cluster": {"terms": {"停电": "?"}}}']
    broken += ['{"cluster": {"places": [1]}}', '{"cluster": {"hashes": 7}, "held_until": [1]}']
    with write(old_store) as conn:
        for number, profile in enumerate(stored, 1):
            put(conn, number, json.dumps(profile, ensure_ascii=False))
        for number, written in enumerate(broken, 10):
            put(conn, number, written)
        conn.execute(
            text(
                "INSERT INTO posts (id, source, key, channel, first_seen, event_at, engagement)"
                " VALUES (1, 'a', '1', 'weibo', :at, :at, '{}')"
            ),
            {"at": "2026-11-24 08:00:00.000000"},
        )
        conn.execute(
            text("INSERT INTO incident_posts (post_id, incident_id, at) VALUES (1, 1, :at)"),
            {"at": "2026-11-24 08:00:00.000000"},
        )
    upgrade(old_store)
    with read(old_store) as conn:
        for number, one in enumerate(likes, 1):
            mine = select(incident_keys.c.key).where(incident_keys.c.incident_id == number)
            assert set(conn.execute(mine).scalars()) == one.likeness.keys()
        known = likenesses(conn, range(100))
        assert known.keys() == {1, 2, 3}
        assert [Likeness.read(known[number].text) for number in (1, 2, 3)] == [
            one.likeness for one in likes
        ]
        due = {row.incident_id: row.due_at for row in conn.execute(select(timers))}
        assert due[2] == DUE
        assert due.keys() == {2, 3, 17}
        assert max(due[3], due[17]) < datetime(2026, 1, 1, tzinfo=UTC), "what is unread is due"
        profiles = conn.execute(select(incidents.c.profile).where(incidents.c.id <= 3)).scalars()
        assert [profile.keys() for profile in profiles] == [{"facts"}] * 3
        assert conn.execute(select(incident_posts.c.role)).scalar_one() == "complaint"
        assert schema.differences(conn) == []
