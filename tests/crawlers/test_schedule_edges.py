"""When a source is asked again: the exact waits, and each bound just at and just beyond."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from reading import source

from crawlers.polling import schedule
from crawlers.source import Limits, Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def test_waits_double() -> None:
    fails = [schedule.after_failure(MINUTE, n) / MINUTE for n in (0, 1, 2, 3, 9, 10, 40)]
    assert fails == [1, 1, 2, 4, 256, 360, 360]
    assert schedule.after_failure(9 * HOUR, 3) == 9 * HOUR, "never sooner than its own rhythm"
    assert schedule.after_failure(HOUR, 1, refused=True) == HOUR
    assert schedule.after_failure(HOUR, 1, retry_after=MINUTE) == HOUR
    assert schedule.after_failure(MINUTE, 1, refused=True, retry_after=MINUTE) == 30 * MINUTE
    pending = [schedule.pending_wait(n) / MINUTE for n in (0, 1, 2, 3, 9, 10, 99)]
    assert pending == [1, 1, 2, 4, 256, 360, 360]
    soon = [schedule.soon(HOUR, n) / SECOND for n in (0, 1, 5, 6, 7, 99)]
    assert soon == [30, 60, 960, 1920, 3600, 3600]
    assert (schedule.PENDING_TRIES, schedule.SHOWN_TRIES, schedule.OLD) == (8, 3, 90 * 24 * HOUR)


def test_a_page_is_odd_below_a_quarter_of_what_it_showed_in_five_polls() -> None:
    assert schedule.odd_yield(20, 5, 5) is None
    assert schedule.odd_yield(20, 5, 4)
    assert schedule.odd_yield(20, 4, 4) is None
    assert schedule.odd_yield(5, 5, 1)
    assert schedule.odd_yield(4.9, 5, 0) is None
    assert schedule.new_average(None, 7) == 7.0
    assert (schedule.new_average(10, 20), schedule.new_average(10, 0)) == (11.0, 9.0)


def test_a_look_is_due_at_its_edges() -> None:
    assert not schedule.look_is_due(0, NOW + 10 * SECOND, NOW)
    assert schedule.look_is_due(0, NOW + 11 * SECOND, NOW)
    assert not schedule.look_is_due(0, NOW - 6 * HOUR + SECOND, NOW)
    assert schedule.look_is_due(0, NOW - 6 * HOUR, NOW)
    assert [schedule.look_depth(5, lists, deep=True) for lists in (0, 1, 7, 8, 9)] == [
        40, 40, 5, 5, 5,
    ]  # fmt: skip


def test_sources_do_not_march_in_step() -> None:
    waits = [schedule.spread(HOUR, random.Random(seed)) / HOUR for seed in range(200)]
    assert 0.95 <= min(waits) < 0.952
    assert 1.048 < max(waits) <= 1.05


@pytest.mark.parametrize(
    ("name", "least", "most", "step"),
    [
        ("concurrency", 1, 4, 1), ("max_bytes", 1_000, 32 * 1024 * 1024, 1),
        ("max_pages", 1, 500, 1), ("max_details", 1, 5_000, 1),
        ("timeout", SECOND, 180 * SECOND, SECOND / 10),
    ],
)  # fmt: skip
def test_how_much_a_poll_may_ask_has_bounds(name: str, least: Any, most: Any, step: Any) -> None:
    def wrong(value: Any) -> list[str]:
        return [key for key, _ in Limits(**{name: value}).problems()]

    assert wrong(least) == wrong(most) == []
    assert wrong(least - step) == wrong(most + step) == [name]


def test_the_pause_between_requests_is_bounded_above() -> None:
    assert not list(Limits(delay=300 * SECOND).problems())
    assert [key for key, _ in Limits(delay=301 * SECOND).problems()] == ["delay"]


API = source("api", "items: data\nfields: {key: id, title: title, text: text, time: time}")


def problems(**changes: Any) -> list[str]:
    return [key for key, _ in replace(API, **changes).problems()]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []), ({"name": "a"}, ["name"]), ({"name": "ab"}, []), ({"name": "a" * 64}, []),
        ({"name": "a" * 65}, ["name"]), ({"name": "_a"}, ["name"]), ({"name": "A1"}, ["name"]),
        ({"channel": "radio"}, ["channel"]), ({"url": None}, ["url"]),
        ({"url": "ftp://a.example"}, ["url"]), ({"url": "http://"}, ["url"]),
        ({"url": "http://a:b@a.example/"}, ["url"]), ({"url": "http://a@a.example/"}, ["url"]),
        ({"url": "http://a.example/a b"}, ["url"]), ({"url": "http://a.example\\b"}, ["url"]),
        ({"url": "http://[::1"}, ["url"]), ({"urls": ("http://a.example:x/",)}, ["urls"]),
        ({"url": None, "urls": ("http://a.example/",)}, []),
        ({"every": 9 * SECOND}, ["every"]), ({"every": 10 * SECOND}, []),
        ({"every": SECOND, "private_host": True}, []),
        ({"every": SECOND / 2, "private_host": True}, ["every"]),
        ({"every_at_most": 5 * MINUTE}, []), ({"every_at_most": 4 * MINUTE}, ["every_at_most"]),
        ({"encoding": "gb18030"}, []), ({"encoding": "gb1803"}, ["encoding"]),
        ({"robots_permission": "市局办公室"}, ["robots_permission"]),
        ({"robots_permission": "市局办公室3月"}, []),
    ],
)  # fmt: skip
def test_what_a_source_cannot_be_polled_with_is_named(
    changes: dict[str, Any], wrong: list[str]
) -> None:
    assert problems(**changes) == wrong


def test_a_source_tells_its_addresses_its_slowest_rhythm_and_its_own_hosts() -> None:
    more: Source = replace(API, url="http://A.example/", urls=("http://b.example:8080/x",))
    assert more.addresses == ("http://A.example/", "http://b.example:8080/x")
    assert (more.slowest, replace(more, every_at_most=HOUR).slowest) == (5 * MINUTE, HOUR)
    assert more.private_places == frozenset()
    own = {("a.example", 80), ("a.example", 443), ("b.example", 8080)}
    assert replace(more, private_host=True).private_places == own


def test_an_old_cursor_means_less_when_what_is_read_has_changed_and_only_then() -> None:
    same = {
        replace(API, **changes).fingerprint()
        for changes in ({}, {"title": "别名"}, {"every": HOUR}, {"limits": Limits(max_pages=9)})
    }
    assert same == {API.fingerprint()}
    other = {
        replace(API, **changes).fingerprint()
        for changes in ({"url": "http://c.example/"}, {"encoding": "gbk"}, {"kind": "feed"})
    }
    assert len(other | same) == 4
