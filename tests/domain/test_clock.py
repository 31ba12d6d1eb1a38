"""Times at the edges: which one a post happened at, and how times are read and written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.clock import SHANGHAI, event_time, iso, parse_duration, parse_time, short

SEEN = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "believed"),
    [
        (SEEN - timedelta(days=400), True),
        (SEEN, True),
        (SEEN + timedelta(minutes=5), True),  # the site's clock is ahead of ours
        (SEEN + timedelta(minutes=10), True),
        (SEEN + timedelta(minutes=10, seconds=1), False),
        (SEEN + timedelta(days=365), False),
        (datetime(2000, 1, 1, tzinfo=UTC), True),
        (datetime(1999, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_published_time_is_believed_unless_it_cannot_be(
    published: datetime, believed: bool
) -> None:
    assert event_time(published, SEEN) == (published if believed else SEEN)


def test_a_post_without_a_time_happened_when_it_was_seen() -> None:
    assert event_time(None, SEEN) == SEEN


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T03:10:00+08:00", datetime(2026, 11, 23, 19, 10, tzinfo=UTC)),
        ("2026-11-24T03:10:00Z", datetime(2026, 11, 24, 3, 10, tzinfo=UTC)),
        ("2026-11-24T03:10:00", datetime(2026, 11, 23, 19, 10, tzinfo=UTC)),
        ("2026-11-24T03:10:00.500", datetime(2026, 11, 23, 19, 10, 0, 500_000, tzinfo=UTC)),
        ("2026/11/24 3:10:05", datetime(2026, 11, 23, 19, 10, 5, tzinfo=UTC)),
        ("2026.11.24 3:10", datetime(2026, 11, 23, 19, 10, tzinfo=UTC)),
        (" 2026/1/2 ", datetime(2026, 1, 1, 16, 0, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 28, 16, 0, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_chinas(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


def test_another_zone_may_be_meant() -> None:
    there = ZoneInfo("America/New_York")
    assert parse_time("2026-11-24T03:10:00.5", there).utcoffset() == timedelta(hours=-5)
    assert parse_time("2026/7/24 3:10", there).utcoffset() == timedelta(hours=-4)


@pytest.mark.parametrize(
    "text", ["", "昨天", "2026-13-01", "2027-02-29", "2026/11/24 25:00", "24/11"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def test_times_are_written_in_chinas_zone_whatever_zone_they_came_in() -> None:
    new_year = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert iso(new_year) == "2027-01-01T00:00:00+08:00"
    assert iso(new_year + timedelta(milliseconds=7)) == "2027-01-01T00:00:00.007+08:00"
    assert short(new_year) == "1月1日 00:00"
    assert parse_time(iso(new_year)) == new_year
    assert parse_time(iso(new_year)).astimezone(SHANGHAI).hour == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1.5h", 5400), ("72h", 259_200), (" 30d ", 2_592_000)],
)
def test_a_duration_has_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["5", "m", "", "-5m", "5 m", "5min", "1h30m", "五分钟"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_duration(text)
