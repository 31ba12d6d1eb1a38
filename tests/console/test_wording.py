"""How pages word moments, spans and numbers; the curve of an incident's growth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from domain.clock import SHANGHAI
from domain.incidents.incident import IncidentState
from gridvoice.console.incidents.sparkline import sparkline
from gridvoice.console.shared import wording

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (-5 * MINUTE, "不到1分钟"), (timedelta(seconds=59), "不到1分钟"), (MINUTE, "1分钟"),
        (60 * MINUTE - timedelta(seconds=1), "59分钟"), (60 * MINUTE, "1小时"),
        (61 * MINUTE, "1小时1分"), (599 * MINUTE, "9小时59分"), (600 * MINUTE, "10小时"),
        (601 * MINUTE, "10小时"), (48 * 60 * MINUTE - MINUTE, "47小时"),
        (48 * 60 * MINUTE, "2天"), (71 * 60 * MINUTE, "2天"), (72 * 60 * MINUTE, "3天"),
    ],
)  # fmt: skip
def test_a_span_is_said_as_finely_as_it_matters(span: timedelta, said: str) -> None:
    assert wording.lasting(span) == said


def test_an_interval_is_said_in_seconds_below_a_minute() -> None:
    said = [wording.interval(timedelta(seconds=s)) for s in (20, 59, 59.6, 60, 300, 5400)]
    assert said == ["20秒", "59秒", "1分钟", "1分钟", "5分钟", "1小时30分"]


def test_a_large_number_is_rounded() -> None:
    said = [wording.counted(n) for n in (0, 999, 1284, 9999, 10_000, 12_345, 2_000_000)]
    assert said == ["0", "999", "1,284", "9,999", "1万", "1.2万", "200万"]


def test_a_moment_names_the_day_and_year_only_where_they_are_others() -> None:
    now = datetime(2026, 3, 1, 0, 30, tzinfo=SHANGHAI)
    for at, short in (
        (datetime(2026, 2, 28, 16, 5, tzinfo=UTC), "今天 00:05"),
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), "2月28日 23:59"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025年12月31日 23:59"),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), "1月1日 00:00"),
    ):
        assert wording.moment(at, now).short == short
    stamp = wording.moment(datetime(2026, 2, 28, 16, 5, 7, 9, tzinfo=UTC), now).iso
    assert stamp == "2026-03-01T00:05:07+08:00"


def test_how_long_a_new_incident_may_wait_goes_by_its_severity() -> None:
    for severity, minutes in (("red", 10), ("orange", 30), ("yellow", 120), ("blue", 480)):
        assert not wording.is_pressing(severity, minutes * MINUTE)
        assert wording.is_pressing(severity, minutes * MINUTE + timedelta(seconds=1))
    assert not wording.is_pressing("none", timedelta(days=9))


def test_a_word_that_nobody_knows_stands_for_itself() -> None:
    assert wording.label_of(IncidentState, "closed") == "已办结"
    assert wording.label_of(IncidentState, "odd") == "odd"


def points(totals: Sequence[int]) -> list[tuple[float, float]]:
    """Of the line; the surface below it and the dot at its end are checked with it."""
    drawn = str(sparkline(totals, "a <b>", 106, 26))
    assert "<b>" not in drawn
    assert 'viewBox="0 0 106 26" width="106" height="26"' in drawn
    (line,) = re.findall(r'polyline class="spark-line" points="([^"]+)"', drawn)
    found = [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())]
    (first, *_), (x, y) = found[0], found[-1]
    assert f'points="{first:g},23 {line} {x:g},23"' in drawn
    assert f'cx="{x:g}" cy="{y:g}"' in drawn
    return found


def test_the_curve_fills_its_picture_from_the_least_to_the_most() -> None:
    assert points([0, 5, 10]) == [(3, 23), (53, 13), (103, 3)]
    assert points([7, 7]) == points([]) == points([4]) == [(3, 23), (103, 23)]
    assert points([4, 3, 5, 3]) == [(3, 13), (36.3, 23), (69.7, 3), (103, 23)]
