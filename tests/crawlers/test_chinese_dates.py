"""Every form of time that table I of the channel study met, and the ones beside them."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawlers.dates import Precision, date_in_url, read_time
from domain.clock import SHANGHAI

BASE = datetime(2026, 11, 24, 10, 0, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("raw", "expected", "precision"),
    [
        ("刚刚", "2026-11-24 10:00:30", "minute"),
        ("30秒前", "2026-11-24 10:00:00", "second"),
        ("5分钟前", "2026-11-24 09:55:30", "minute"),
        ("５分钟前", "2026-11-24 09:55:30", "minute"),
        ("半小时前", "2026-11-24 09:30:30", "minute"),
        ("2小时前", "2026-11-24 08:00:30", "hour"),
        ("两小时前", "2026-11-24 08:00:30", "hour"),
        ("3天前", "2026-11-21 00:00:00", "day"),
        ("1周前", "2026-11-17 00:00:00", "day"),
        ("昨天 12:30", "2026-11-23 12:30:00", "minute"),
        ("昨天", "2026-11-23 00:00:00", "day"),
        ("前天 08:00", "2026-11-22 08:00:00", "minute"),
        ("今天09:30", "2026-11-24 09:30:00", "minute"),
        ("今天12:30", "2026-11-24 10:00:30", "minute"),  # ahead of now: drawn back
        ("2026年11月20日 10:20", "2026-11-20 10:20:00", "minute"),
        ("2026年11月20日 10:20:33", "2026-11-20 10:20:33", "second"),
        ("2026年11月20日 10时20分", "2026-11-20 10:20:00", "minute"),
        ("2026年11月20日 下午3时20分", "2026-11-20 15:20:00", "minute"),
        ("2026年11月20日 下午3:20", "2026-11-20 15:20:00", "minute"),
        ("2026年11月20日 星期五 凌晨12:05", "2026-11-20 00:05:00", "minute"),
        ("2026年11月20日 晚上8点半", "2026-11-20 20:30:00", "minute"),
        ("2026年11月20日 8点", "2026-11-20 08:00:00", "hour"),
        ("2026年11月20日", "2026-11-20 00:00:00", "day"),
        ("2026-11-20 10:20:33", "2026-11-20 10:20:33", "second"),
        ("2026-11-20 10:20", "2026-11-20 10:20:00", "minute"),
        ("2026-11-20", "2026-11-20 00:00:00", "day"),
        ("2026.11.20", "2026-11-20 00:00:00", "day"),
        ("(2026/8/4 9:30)", "2026-08-04 09:30:00", "minute"),
        ("2019/2/28 11:25:05", "2019-02-28 11:25:05", "second"),
        ("2026-11-20T10:20:33+08:00", "2026-11-20 10:20:33", "second"),
        ("2026-11-20T02:20:33Z", "2026-11-20 10:20:33", "second"),
        ("2026-11-20T02:20:33.120Z", "2026-11-20 10:20:33", "second"),
        ("Wed, 11 Jun 2025 08:27:07 GMT", "2025-06-11 16:27:07", "second"),
        ("Tue Nov 24 07:46:07 +0800 2026", "2026-11-24 07:46:07", "second"),
        ("Mon Nov 24 07:46:07 +0800 2026", "2026-11-24 07:46:07", "second"),  # wrong weekday
        (1795141233, "2026-11-20 10:20:33", "second"),
        ("1795141233", "2026-11-20 10:20:33", "second"),
        (1795141233000, "2026-11-20 10:20:33", "second"),
        ("1795141233000", "2026-11-20 10:20:33", "second"),
        (46346.5, "2026-11-20 12:00:00", "second"),
        ("20261120", "2026-11-20 00:00:00", "day"),
        ("20261120102033", "2026-11-20 10:20:33", "second"),
        ("11月20日 10:20", "2026-11-20 10:20:00", "minute"),
        ("11月20日", "2026-11-20 00:00:00", "day"),
        ("11-20", "2026-11-20 00:00:00", "day"),
        ("[11-20]", "2026-11-20 00:00:00", "day"),
        ("11-20 10:20", "2026-11-20 10:20:00", "minute"),
        ("12-31", "2025-12-31 00:00:00", "day"),  # nearest past
        ("11月25日 10:20", "2025-11-25 10:20:00", "minute"),
        ("2月29日", "2024-02-29 00:00:00", "day"),
        ("发布时间：2026-11-20 10:20", "2026-11-20 10:20:00", "minute"),
        ("编辑于 11-20", "2026-11-20 00:00:00", "day"),
        ("发布于 2026-3-15", "2026-03-15 00:00:00", "day"),
        ("发布时间：2026-11-20 来源：某网", "2026-11-20 00:00:00", "day"),
        ("2026-03", "2026-03-01 00:00:00", "month"),
        ("08:15", "2026-11-24 08:15:00", "minute"),
        ("23:15", "2026-11-23 23:15:00", "minute"),
        ("1988-07-01 12:00", "1988-07-01 12:00:00", "minute"),
    ],
)
def test_reads_each_form(raw: object, expected: str, precision: str) -> None:
    reading = read_time(raw, BASE)
    assert reading is not None
    assert reading.at.strftime("%Y-%m-%d %H:%M:%S") == expected
    assert reading.at.tzinfo is SHANGHAI
    assert reading.precision == Precision(precision)


@pytest.mark.parametrize(
    "raw", ["", None, True, "无", "2026-13-01", "2月30日", "25:99", "待回复", 7, "9" * 500]
)
def test_says_nothing_where_there_is_no_time(raw: object) -> None:
    assert read_time(raw, BASE) is None


def test_the_summer_time_of_1988_is_real() -> None:
    reading = read_time("1988-07-01 12:00", BASE)
    assert reading is not None
    assert reading.at.isoformat() == "1988-07-01T12:00:00+09:00"


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("http://a.example/hdjl/202611/t20261120_1001.html", "2026-11-20"),
        ("http://a.example/art/2026/11/20/art_1_2.html", "2026-11-20"),
        ("http://a.example/x/037003/20261120/0f3c.html", "2026-11-20"),
        ("http://a.example/2026-11/20/c_1.htm", "2026-11-20"),
    ],
)
def test_a_url_may_carry_the_day(url: str, day: str) -> None:
    reading = date_in_url(url)
    assert reading is not None
    assert reading.at.date().isoformat() == day
    assert date_in_url("http://a.example/thread-123456-1-1.html") is None
