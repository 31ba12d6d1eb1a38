"""The index of keys in the store finds what a look at every incident finds, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from assessed_posts import OUTAGE, START, complaint, facts, incident, post
from grouping_cases import POSTS
from sqlalchemy import Engine, func, select

from db import incident_keys, incident_likeness, incidents
from db.engine import read, write
from db.incident_keys import LookBack
from db.tables import incident_keys as keys_table
from domain.assessments import Category
from domain.incidents.incident import Incident, IncidentState
from gridvoice.tasks.known_incidents import known_incidents
from pipeline.incidents.absorb import begin
from pipeline.incidents.match import Candidate, Choice, best
from pipeline.incidents.post import PostFacts
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.locate import Locator

YEAR = timedelta(days=365)


def put(engine: Engine, known: Iterable[Candidate], state: str = "discovered") -> dict[int, int]:
    """Stored with their keys; number of the test → id in the store."""
    ids = {}
    with write(engine) as conn:
        for one in known:
            number = f"{one.number}-{state}"
            row = replace(
                begin(facts("", "停电", complaint(), START), number, True, None, START).after,
                category=one.category or Category.BILLING_SERVICE,
                first_event_at=one.first_event_at,
                last_event_at=one.last_event_at,
                state=IncidentState(state),
            )
            key = incidents.open_incident(conn, row, {}, START)
            incident_likeness.put_likeness(conn, key, one.likeness.to_json())
            incident_keys.set_keys(conn, key, (), one.likeness.keys())
            ids[one.incident_id] = key
    return ids


def known_to(
    engine: Engine, one: PostFacts, unreadable: dict[int, str] | None = None
) -> list[Candidate]:
    span = LookBack(one.at - YEAR, one.at - timedelta(hours=4))
    with read(engine) as conn:
        return known_incidents(conn, one, span, {} if unreadable is None else unreadable)


def numbers(choice: Choice) -> tuple[str | None, str | None]:
    joined, previous = choice.candidate, choice.previous
    return (
        joined.number.partition("-")[0] if joined else None,
        previous.number.partition("-")[0] if previous else None,
    )


def written(locator: Locator) -> list[PostFacts]:
    return [post(locator, text, c, timedelta(minutes=at)) for _, at, c, text in POSTS]


def test_the_index_chooses_as_a_look_at_every_incident_does(
    engine: Engine, locator: Locator, grouping: ClusterSettings
) -> None:
    posts = written(locator)
    known = [incident(one, number=number) for number, one in enumerate(posts)]
    put(engine, known)
    for number, one in enumerate(posts):
        for later in (timedelta(minutes=7), timedelta(days=2), timedelta(days=40)):
            asked = replace(one, hash=f"other {number}", at=one.at + later)
            plain = best(asked, known, grouping)
            assert numbers(best(asked, known_to(engine, asked), grouping)) == numbers(plain)


@pytest.mark.parametrize("seed", range(3))
def test_it_does_so_for_matters_put_together_from_many_words(
    engine: Engine, locator: Locator, grouping: ClusterSettings, seed: int
) -> None:
    rng = random.Random(seed)
    texts = [text for *_, text in POSTS]
    categories = list(Category)

    def some(after: datetime | None = None) -> PostFacts:
        told = "，".join(rng.sample(texts, rng.randint(1, 2)))
        at = timedelta(hours=rng.randint(0, 24 * 50))
        return post(locator, told[rng.randint(0, 4) :], rng.choice(categories), at)

    known = [
        incident(*(some() for _ in range(rng.randint(1, 3))), number=number) for number in range(22)
    ]
    put(engine, known)
    for _ in range(60):
        asked = some()
        plain = best(asked, known, grouping)
        assert numbers(best(asked, known_to(engine, asked), grouping)) == numbers(plain), asked


def test_in_a_town_with_many_open_incidents_the_newest_are_compared(
    engine: Engine, locator: Locator, grouping: ClusterSettings
) -> None:
    bill = post(locator, "小召乡电费算错了，营业厅让自己查", Category.BILLING_SERVICE)
    town = [incident(replace(bill, hash=str(n)), number=n) for n in range(60)]
    town.append(incident(post(locator, "小召乡停电了", OUTAGE), number=60))
    put(engine, town)
    asked = post(locator, "建安区毛里村没电", OUTAGE)
    found = known_to(engine, asked)
    assert numbers(best(asked, found, grouping)) == ("60", None)
    assert len(found) <= 24, "however many there are"


def test_however_many_share_a_text_few_are_read_and_its_false_alarm_is_among_them(
    engine: Engine, locator: Locator
) -> None:
    again = post(locator, "又停电了")
    (alarm,) = put(engine, [incident(again, number=0)], "false_alarm").values()
    put(engine, (incident(again, number=number) for number in range(1, 90)))
    found = known_to(engine, again)
    assert len(found) <= 2 * 24 + 1
    assert [one.incident_id for one in found if one.copies_only] == [alarm]


def test_a_post_may_join_open_incidents_and_those_that_ended_lately(
    engine: Engine, locator: Locator
) -> None:
    old = post(locator, "小召街道毛里村停电，没人管", after=-timedelta(days=366))
    new = replace(old, at=START)

    def stored(state: str, one: PostFacts) -> int:
        number = len(state) + (one is old) * 100
        return put(engine, [incident(one, number=number)], state)[number]

    live = [
        stored("discovered", new), stored("reviewed", old), stored("closed", new),
        stored("false_alarm", new),
    ]  # fmt: skip
    stored("closed", old)
    stored("false_alarm", old)
    stored("merged", new)
    assert [one.incident_id for one in known_to(engine, new)] == live


@pytest.mark.parametrize(
    "texts",
    [
        ["盆李北村停电三天没人管", "盆李北村和盆李南村都停电了，没人管"],
        ["小召乡盆李南村、盆李北村停电", "小召街道毛里村停电"],
        ["毛里村、毛里小区、毛里社区都没电"],
    ],
)
def test_keys_follow_an_incident_as_it_grows_and_go_with_it(
    engine: Engine, locator: Locator, texts: list[str]
) -> None:
    posts = [post(locator, text) for text in texts]
    (key,) = put(engine, [incident(posts[0])]).values()
    for count in range(1, len(posts) + 1):
        before, now = incident(*posts[: count - 1] or posts), incident(*posts[:count])
        with write(engine) as conn:
            for _ in range(2):  # again, as after a memory that was broken
                incident_keys.set_keys(conn, key, before.likeness.keys(), now.likeness.keys())
    assert [one.incident_id for one in known_to(engine, posts[0])] == [key]
    with write(engine) as conn:
        incident_keys.set_keys(conn, key, incident(*posts).likeness.keys(), ())
        left = conn.execute(select(func.count()).select_from(keys_table)).scalar_one()
    assert (left, known_to(engine, posts[0])) == (0, [])


def test_an_incident_that_cannot_be_read_is_named_and_hides_no_other(
    engine: Engine, locator: Locator
) -> None:
    one = post(locator, "小召街道毛里村停电，没人管")
    (sound,) = put(engine, [incident(one)]).values()
    broken: list[dict[str, Any]] = [
        {"terms": {"停电": "?"}}, {"places": 5}, {"hashes": 7}, {"terms": ["停电"]},
        {"terms": [""]},
    ]  # fmt: skip
    ids = []
    with write(engine) as conn:
        row = incidents.incident(conn, sound)
        assert row is not None
        for number, harm in enumerate(broken):
            harmed: Incident = replace(row.incident, number=f"broken-{number}")
            ids.append(incidents.open_incident(conn, harmed, {}, START))
            likeness = incident(one).likeness.to_json()
            incident_likeness.put_likeness(conn, ids[-1], {**likeness, **harm})
            incident_keys.set_keys(conn, ids[-1], (), incident(one).likeness.keys())
    unreadable: dict[int, str] = {}
    assert [c.incident_id for c in known_to(engine, one, unreadable)] == [sound]
    assert sorted(unreadable) == ids
