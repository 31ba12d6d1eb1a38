"""A time shown that cannot be read: the post is kept, nobody is rung up, somebody is told."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from app_scene import (
    NOW,
    OUTAGE,
    OVERCHARGED,
    SHOCK,
    TALK,
    all_incidents,
    found,
    members,
    reasons,
    the_incident,
    told,
)
from sqlalchemy import Engine

from db.engine import read
from domain.posts import FoundPost
from gridvoice.health.store_health import store_troubles
from gridvoice.settings.configuration import Configuration

FIRST = "first"


def unread(post: FoundPost, raw: str = "某年某月 10:05") -> FoundPost:
    return dataclasses.replace(post, published_raw=raw, published_at=None)


def troubles(engine: Engine, now: datetime) -> list[str]:
    with read(engine) as conn:
        return [t.line for t in store_troubles(conn, now) if t.kind == "undated"]


def test_among_posts_with_times_it_goes_to_the_digest_and_the_operator_hears_of_it(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", TALK))
    told(engine, config, unread(found("2", OUTAGE)), now=NOW + timedelta(hours=3))
    row = the_incident(engine)
    assert [post.key for post in members(engine, row)] == ["2"]
    assert row.incident.fresh is False
    assert reasons(engine) == []
    (said,) = troubles(engine, NOW + timedelta(hours=4))
    assert "1 条帖文的时间读不懂（例如“某年某月 10:05”）" in said
    assert "board" in said
    assert troubles(engine, NOW + timedelta(hours=28)) == []


def test_a_source_whose_times_nobody_can_read_is_not_silenced(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, unread(found("old", OUTAGE)))
    assert reasons(engine) == [], "what it shows at its start is its back log"
    for n in range(12):
        told(engine, config, unread(found(f"t{n}", f"{TALK}{n}")), now=NOW + timedelta(minutes=n))
    told(engine, config, unread(found("new", OVERCHARGED)), now=NOW + timedelta(hours=2))
    assert reasons(engine) == [FIRST]
    assert troubles(engine, NOW + timedelta(hours=2))


def test_when_a_source_changes_its_spelling_it_is_heard_again_after_some_posts(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("0", TALK))
    for n in range(10):
        told(engine, config, unread(found(f"t{n}", f"{TALK}{n}")), now=NOW + timedelta(hours=n + 1))
    told(engine, config, unread(found("new", SHOCK)), now=NOW + timedelta(hours=12))
    assert reasons(engine) == [FIRST]


def test_where_no_time_is_shown_first_seen_is_all_there_is(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", TALK))
    told(engine, config, dataclasses.replace(found("2", OUTAGE), published_at=None))
    assert reasons(engine) == [FIRST]
    assert troubles(engine, NOW) == []


def test_a_time_too_old_to_be_believed_is_old_all_the_same(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE, at=datetime(1995, 7, 1, tzinfo=UTC)))
    assert [row.incident.fresh for row in all_incidents(engine)] == [False]
    assert reasons(engine) == []


def test_one_with_a_time_makes_the_matter_news(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", TALK))
    told(engine, config, unread(found("2", OUTAGE)), now=NOW + timedelta(hours=1))
    told(engine, config, found("3", OUTAGE, at=NOW), now=NOW + timedelta(hours=1))
    assert the_incident(engine).incident.post_count == 2
    assert reasons(engine) == [FIRST]
