"""How long ago: every unit in both languages, halves, sums, months of unequal length."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawlers.reading.dates import read_time
from domain.clock import SHANGHAI

BASE = datetime(2026, 3, 31, 18, 20, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("raw", "expected", "precision"),
    [
        ("10秒前", "2026-03-31 18:20:20", "second"), ("10秒钟前", "2026-03-31 18:20:20", "second"),
        ("2分前", "2026-03-31 18:18:30", "minute"), ("2分钟之前", "2026-03-31 18:18:30", "minute"),
        ("一刻钟前", "2026-03-31 18:05:30", "minute"), ("3刻前", "2026-03-31 17:35:30", "minute"),
        ("2钟头前", "2026-03-31 16:20:30", "hour"),
        ("1个半小时前", "2026-03-31 16:50:30", "minute"),
        ("1.5小时前", "2026-03-31 16:50:30", "minute"),
        ("半小时前", "2026-03-31 17:50:30", "minute"),
        ("2小时10分钟前", "2026-03-31 16:10:30", "minute"), ("1天前", "2026-03-30 00:00:00", "day"),
        ("3天5小时前", "2026-03-28 13:20:30", "hour"), ("1天半前", "2026-03-30 06:20:30", "hour"),
        ("2日前", "2026-03-29 00:00:00", "day"), ("1周前", "2026-03-24 00:00:00", "day"),
        ("2星期以前", "2026-03-17 00:00:00", "day"), ("1个礼拜前", "2026-03-24 00:00:00", "day"),
        ("1个月前", "2026-02-28 00:00:00", "month"), ("4个月前", "2025-11-30 00:00:00", "month"),
        ("1个半月前", "2026-02-13 00:00:00", "day"), ("2年前", "2024-03-31 00:00:00", "month"),
        ("1年半前", "2024-09-30 00:00:00", "month"),
        ("45 secs ago", "2026-03-31 18:19:45", "second"),
        ("a minute ago", "2026-03-31 18:19:30", "minute"),
        ("a few minutes ago", "2026-03-31 18:17:30", "minute"),
        ("few hours ago", "2026-03-31 15:20:30", "hour"),
        ("an hour ago", "2026-03-31 17:20:30", "hour"),
        ("one day earlier", "2026-03-30 00:00:00", "day"),
        ("2 wks ago", "2026-03-17 00:00:00", "day"), ("1 mo ago", "2026-02-28 00:00:00", "month"),
        ("13 months ago", "2025-02-28 00:00:00", "month"),
        ("3 yrs ago", "2023-03-31 00:00:00", "month"),
        ("1 hour, 5 mins ago", "2026-03-31 17:15:30", "minute"),
        ("1.5 hours ago", "2026-03-31 16:50:30", "minute"),
        ("2d ago", "2026-03-29 00:00:00", "day"),
        ("just now", "2026-03-31 18:20:30", "minute"),
        ("moments ago", "2026-03-31 18:20:30", "minute"),
        ("刚才", "2026-03-31 18:20:30", "minute"),
    ],
)  # fmt: skip
def test_how_long_ago_it_was(raw: str, expected: str, precision: str) -> None:
    found = read_time(raw, BASE)
    assert found is not None
    assert (f"{found.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}", found.precision) == (
        expected, precision,
    )  # fmt: skip


@pytest.mark.parametrize("raw", ["3000年前", "999999999天前", "30000 months ago", "2 ages ago"])
def test_what_was_before_all_calendars_is_no_time(raw: str) -> None:
    assert read_time(raw, BASE) is None
