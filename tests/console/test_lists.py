"""Long lists: pages, filters and their counts, curves; how sources and channels fare."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from db.health import is_late
from db.pages.sources import ShownSource
from domain.alerts import ChannelState
from domain.assessments import Severity
from domain.clock import SHANGHAI
from domain.incidents.filter import IncidentCount, IncidentFilter
from gridvoice.console.incidents.filters import facets, href, read_filter
from gridvoice.console.incidents.growth import growth
from gridvoice.console.shared.pager import Pager, page_number, pager
from gridvoice.console.sources.view import _channel, _health

NOW = datetime(2026, 3, 1, 12, tzinfo=SHANGHAI)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("asked", "total", "shown"),
    [
        (1, 0, (1, 1, None, None)), (1, 10, (1, 1, None, None)), (1, 11, (1, 2, None, "p2")),
        (2, 11, (2, 2, "p1", None)), (9, 11, (2, 2, "p1", None)), (2, 30, (2, 3, "p1", "p3")),
    ],
)  # fmt: skip
def test_a_page_has_ways_to_those_there_are(
    asked: int, total: int, shown: tuple[int, int, str | None, str | None]
) -> None:
    assert pager(asked, total, 10, "p{}".format) == Pager(*shown)


def test_an_address_that_names_no_page_means_the_first() -> None:
    typed = ["2", "99999", "0", "100000", "-1", "１", "1.0", "", "x", None]
    assert [page_number(one) for one in typed] == [2, 99999, 1, 1, 1, 1, 1, 1, 1, 1]


def test_a_filter_stands_in_the_address_and_what_means_nothing_is_left_out() -> None:
    query = {"severity": "red", "state": "over", "category": "line_safety", "area": "outside"}
    asked = read_filter(query)
    assert asked == IncidentFilter("red", "line_safety", "over", "outside")
    assert href(asked) == "/?severity=red&category=line_safety&state=over&area=outside"
    assert href(asked.but("state", ""), 2).endswith("&area=outside&page=2")
    assert (href(IncidentFilter()), href(IncidentFilter(), 3)) == ("/", "/?page=3")
    assert read_filter({"severity": "pink", "state": "closed", "x": "1"}) == IncidentFilter()
    assert not IncidentFilter().is_set
    assert all(IncidentFilter().but(k, "x").is_set for k in query)


COUNTS = [
    IncidentCount("red", "line_safety", "discovered", "inside", 1),
    IncidentCount("blue", "line_safety", "acknowledged", "inside", 2),
    IncidentCount("red", "billing_service", "discovered", "unknown", 4),
    IncidentCount("red", "billing_service", "discovered", "outside", 8),
]


def counted(asked: IncidentFilter) -> dict[str, dict[str, int | None]]:
    return {f.key: {o.value: o.count for o in f.options if o.value} for f in facets(asked, COUNTS)}


def test_each_choice_is_counted_under_the_other_filters_and_empty_ones_are_left_out() -> None:
    assert counted(IncidentFilter()) == {
        "severity": {"red": 5, "blue": 2},
        "state": {"discovered": 5, "acknowledged": 2, "over": None},
        "category": {"line_safety": 3, "billing_service": 4},
        "area": {"inside": 3, "unknown": 4, "outside": 8},
    }
    red = counted(IncidentFilter(severity="red", category="line_safety"))
    assert red["severity"] == {"red": 1, "blue": 2}
    assert red["category"] == {"line_safety": 1, "billing_service": 4}
    assert red["state"] == {"discovered": 1, "over": None}
    # A choice that shows nothing stays, so that one can see why.
    assert counted(IncidentFilter(severity="orange"))["severity"] == {
        "red": 5, "blue": 2, "orange": 0,
    }  # fmt: skip
    assert counted(IncidentFilter(area="outside"))["severity"] == {"red": 8}


def test_what_has_ended_is_not_counted_and_every_choice_offered() -> None:
    over = counted(IncidentFilter(state="over"))
    assert over["severity"] == dict.fromkeys(Severity)
    assert over["state"]["over"] is None
    (chosen,) = [
        option.value
        for facet in facets(IncidentFilter(state="over"), COUNTS)
        if facet.key == "state"
        for option in facet.options
        if option.chosen
    ]
    assert chosen == "over"


def test_the_curve_has_a_window_that_suits_the_incidents_age() -> None:
    for age, said in (
        (9 * MINUTE, "近10分钟"), (10 * MINUTE, "近30分钟"), (27 * MINUTE, "近30分钟"),
        (28 * MINUTE, "近3小时"), (3 * HOUR, "近12小时"), (11 * HOUR, "近24小时"),
        (90 * HOUR, "近24小时"),
    ):  # fmt: skip
        assert f'aria-label="{said}由 4 条增至 4 条"' in str(growth([], 4, NOW - age, NOW).spark)


def test_the_growth_of_the_last_hour_is_said_and_older_posts_are_the_floor() -> None:
    arrivals = [
        (NOW - 30 * HOUR, 5), (NOW - 61 * MINUTE, 2), (NOW - HOUR, 1),
        (NOW - HOUR + MINUTE, 3), (NOW, 4),
    ]  # fmt: skip
    grown = growth(arrivals, 15, NOW - 30 * HOUR, NOW)
    assert (grown.last_hour, grown.text) == (7, "近1小时 +7")
    assert "由 5 条增至 15 条" in str(grown.spark)
    assert growth(arrivals[:3], 8, NOW - 30 * HOUR, NOW).text == "近1小时无新增"
    # The store counts before it lists: a post that came between is no fall below nothing.
    assert "由 0 条增至 2 条" in str(growth([(NOW - HOUR, 3)], 2, NOW - 2 * HOUR, NOW).spark)


def polled(**changes: object) -> ShownSource:
    shown = ShownSource("a", NOW, None, NOW - HOUR, None, None, None, 0, 9, 9)
    return replace(shown, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "health"),
    [
        (polled(), ("good", "正常")), (polled(last_notice="x"), ("good", "正常，请留意")),
        (polled(failures=3, next_at=NOW - HOUR), ("failing", "连续失败 3 次")),
        (polled(next_at=NOW - 2 * MINUTE), ("good", "正常")),
        (polled(next_at=NOW - 3 * MINUTE), ("late", "迟到 3分钟")),
        (polled(next_at=NOW - 3 * MINUTE, lease_until=NOW + MINUTE), ("good", "正常")),
        (polled(next_at=NOW - 3 * MINUTE, lease_until=NOW), ("late", "迟到 3分钟")),
        (polled(last_success_at=None), ("new", "等待首次读取")),
        (polled(last_success_at=None, lease_until=NOW), ("new", "等待首次读取")),
        (polled(last_success_at=None, lease_until=NOW + MINUTE), ("new", "读取中")),
    ],
)  # fmt: skip
def test_how_a_source_fares(row: ShownSource, health: tuple[str, str]) -> None:
    assert _health(row, NOW) == health


def test_a_source_is_late_after_two_minutes_unless_it_is_being_polled() -> None:
    assert not is_late(polled(next_at=NOW - 2 * MINUTE), NOW)
    assert is_late(polled(next_at=NOW - 2 * MINUTE - timedelta(seconds=1)), NOW)


@pytest.mark.parametrize(
    ("status", "state", "shown"),
    [
        (ChannelStatus.READY, {}, ("good", "可用", "")),
        (ChannelStatus.BROKEN, {}, ("failing", "配置有误", "地址 138****5678")),
        (ChannelStatus.NOT_CONFIGURED, {}, ("failing", "未配置", "地址 138****5678")),
        (ChannelStatus.READY, {"down_since": NOW - HOUR, "problem": "打 13812345678"},
         ("failing", "自今天 11:00起发不出去", "打 138****5678")),
        (ChannelStatus.READY, {"blocked_until": NOW + MINUTE, "problem": "429"},
         ("late", "应对方要求暂停到今天 12:01", "429")),
        (ChannelStatus.READY, {"blocked_until": NOW, "problem": "429"}, ("good", "可用", "")),
    ],
)  # fmt: skip
def test_how_a_channel_fares(
    status: ChannelStatus, state: dict[str, object], shown: tuple[str, str, str]
) -> None:
    problem = "地址 13812345678" if status is not ChannelStatus.READY else ""
    one = ConfiguredChannel("a", "wecom", "值班群", status, problem, reaches_people=True)
    view = _channel(one, ChannelState("a", **state), NOW)  # type: ignore[arg-type]
    assert (view.health, view.health_label, view.problem) == shown
    assert (view.title, view.about, view.success) == ("值班群", "通到人", None)
    other = _channel(replace(one, reaches_people=False), ChannelState("a", succeeded_at=NOW), NOW)
    assert (other.about, other.success and other.success.short) == ("只留在本机", "今天 12:00")
