"""Who hears of what, and who is on duty when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alerts.routing.roster import Roster
from alerts.routing.route import Routes, Target, route
from domain.alerts import AlertReason
from domain.assessments import Area, Category, Severity
from domain.clock import parse_time
from domain.incidents.incident import Incident
from domain.input.load import BadSettings, load_text

ROUTES = """
default:
  - channel: file
  - {channel: group, recipient: on_duty}
routes:
  - name: 属地
    to:
      - channel: file
      - {channel: group, recipient: on_duty}
  - name: 领导
    at_least: red
    to: [{channel: leaders}]
  - name: 小召家电
    categories: [appliance_damage]
    places: ["411003102"]
    to: [{channel: claims, recipient: baoxian}]
  - name: 五女店所
    stations: [五女店供电所]
    to: [{channel: wnd}]
  - name: 工作日白天营销部
    categories: [billing_service]
    hours: {start: "08:30", end: "17:30", days: [mon, tue, wed, thu, fri]}
    to: [{channel: marketing}]
  - name: 办结抄送
    reasons: [closed]
    to: [{channel: archive}]
quiet:
  - channels: [group]
    hours: {start: "22:00", end: "07:00"}
"""
ROSTER = """
people:
  - {name: 甲, reach: {group: zhangsan, phone: "1"}}
  - {name: 乙, reach: {group: lisi}}
  - {name: 丙, reach: {group: wangwu, phone: "3"}}
shifts:
  - {name: 白班, start: "08:00", end: "20:00", who: [甲]}
  - {name: 夜班, start: "20:00", end: "08:00", days: [mon, tue, wed, thu, fri], who: [乙, 丙]}
"""


@pytest.fixture
def routes() -> Routes:
    return load_text(ROUTES, Routes, "routes.yaml")


@pytest.fixture
def roster() -> Roster:
    return load_text(ROSTER, Roster, "roster.yaml")


def names(targets: list[Target]) -> list[tuple[str, str]]:
    return [(t.channel, t.recipient) for t in targets]


def at(text: str) -> datetime:
    return parse_time(text).astimezone(UTC)


# 2026-11-24 is a Tuesday.
@pytest.mark.parametrize(
    ("moment", "people"),
    [
        ("2026-11-24 08:00", ["甲"]),
        ("2026-11-24 19:59:59", ["甲"]),
        ("2026-11-24 20:00", ["乙", "丙"]),
        ("2026-11-25 00:00", ["乙", "丙"]),
        ("2026-11-25 07:59:59", ["乙", "丙"]),
        ("2026-11-23 00:30", []),  # Monday: the night belongs to Sunday
        ("2026-11-28 03:00", ["乙", "丙"]),  # Saturday: Friday's night
        ("2026-11-28 20:00", []),
        ("2026-12-01 03:00", ["乙", "丙"]),  # over the end of the month
        ("2027-01-01 03:00", ["乙", "丙"]),  # and of the year
    ],
)
def test_who_is_on_duty(moment: str, people: list[str], roster: Roster) -> None:
    moment = moment if len(moment) > 16 else moment + ":00"
    assert [p.name for p in roster.on_duty(at(moment.replace("-", "/")))] == people


def test_the_shift_of_a_place_goes_before_that_of_the_whole() -> None:
    roster = load_text(
        "people: [{name: 甲, reach: {}}, {name: 乙, reach: {}}]\n"
        "shifts:\n"
        "  - {name: 全域, who: [甲]}\n"
        '  - {name: 小召, places: ["411003102", 尚集], stations: [将官池供电所], who: [乙]}\n',
        Roster,
        "roster.yaml",
    )
    now = at("2026/11/24 03:10:00")

    def who(*place: str | None) -> list[str]:
        return [p.name for p in roster.on_duty(now, *place)]

    assert who("411003102205", "朱庄村", None) == ["乙"]
    assert who(None, "尚集镇", None) == ["乙"]
    assert who(None, None, "将官池供电所") == ["乙"]
    assert who("411003101", "五女店镇", "五女店供电所") == ["甲"]
    assert who(None, None, None) == ["甲"]


def test_a_shift_for_some_days_ends_with_its_last_night() -> None:
    roster = load_text(
        "people: [{name: 甲, reach: {}}]\n"
        'shifts: [{name: 保电, start: "20:00", end: "08:00", since: 2026-11-24, '
        "until: 2026-11-25, who: [甲]}]\n",
        Roster,
        "roster.yaml",
    )
    on_duty = [bool(roster.on_duty(at(f"2026/11/{d} 03:00:00"))) for d in (24, 25, 26, 27)]
    assert on_duty == [False, True, True, False]


def test_gaps_are_found_a_day_ahead(roster: Roster) -> None:
    friday = at("2026/11/27 12:00:00")
    gaps = roster.gaps(friday, friday + timedelta(days=3))
    assert gaps == [
        (at("2026/11/28 20:00:00"), at("2026/11/29 08:00:00")),
        (at("2026/11/29 20:00:00"), at("2026/11/30 08:00:00")),
    ]
    assert Roster().gaps(friday, friday + timedelta(days=3)) == []


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        ('{name: 夜, start: "25:00", who: [甲]}', "'25:00' 不是钟点"),
        ("{name: 夜, days: [monday], who: [甲]}", "没有 'monday'; 写其一: mon"),
        ("{name: 夜, since: 24.11.2026, who: [甲]}", "不是日期"),
        ("{name: 夜, who: [丁]}", "people 中没有 '丁'"),
        ("{name: 夜, who: []}", "没有人"),
    ],
)
def test_a_wrong_roster_is_named(shift: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        load_text(f"people: [{{name: 甲, reach: {{}}}}]\nshifts: [{shift}]\n", Roster, "r.yaml")


def test_every_route_that_fits_adds_its_destinations_once(
    routes: Routes, roster: Roster, make_incident: Callable[..., Incident], now: datetime
) -> None:
    incident = make_incident(severity=Severity.RED, category=Category.APPLIANCE_DAMAGE)
    targets = route(incident, AlertReason.FIRST, now, routes, roster)
    assert names(targets) == [
        ("file", ""),
        ("group", "lisi,wangwu"),
        ("leaders", ""),
        ("claims", "baoxian"),
    ]
    assert targets[0].route == "属地"
    assert {t.warning for t in targets} == {None}


def test_routes_by_station_reason_and_hours(
    routes: Routes, roster: Roster, make_incident: Callable[..., Incident], now: datetime
) -> None:
    bill = make_incident(station="五女店供电所", category=Category.BILLING_SERVICE)
    at_night = names(route(bill, AlertReason.CLOSED, now, routes, roster))
    assert [c for c, _ in at_night] == ["file", "group", "wnd", "archive"]
    by_day = names(route(bill, AlertReason.FIRST, now + timedelta(hours=8), routes, roster))
    assert [c for c, _ in by_day] == ["file", "group", "wnd", "marketing"]
    saturday = names(
        route(bill, AlertReason.FIRST, now + timedelta(days=4, hours=8), routes, roster)
    )
    assert "marketing" not in [c for c, _ in saturday]


def test_an_unknown_area_goes_to_the_default_route_only(
    routes: Routes, roster: Roster, make_incident: Callable[..., Incident], now: datetime
) -> None:
    incident = make_incident(area=Area.UNKNOWN, severity=Severity.RED, place=None, place_code=None)
    targets = route(incident, AlertReason.FIRST, now, routes, roster)
    assert names(targets) == [("file", ""), ("group", "lisi,wangwu")]
    assert {t.route for t in targets} == {"默认"}


def test_a_gap_in_the_roster_falls_to_the_default_route_and_says_so(
    routes: Routes, roster: Roster, make_incident: Callable[..., Incident]
) -> None:
    sunday_night = at("2026/11/29 23:30:00")
    targets = route(make_incident(), AlertReason.FIRST, sunday_night, routes, roster)
    assert names(targets) == [("file", ""), ("group", "")]
    assert {t.route for t in targets} == {"属地、默认"}
    assert {t.warning for t in targets} == {"值班表空档：11月29日 23:30 无人值班，请收到者先接"}


def test_without_a_roster_the_group_is_told_as_a_whole_and_nothing_is_amiss(
    routes: Routes, make_incident: Callable[..., Incident], now: datetime
) -> None:
    targets = route(make_incident(), AlertReason.FIRST, now, routes, Roster())
    assert names(targets) == [("file", ""), ("group", "")]
    assert {t.warning for t in targets} == {None}


@pytest.mark.parametrize("reach", ["{phone: '1'}", "{file: jia}", "{}"])
def test_people_on_duty_whom_no_channel_of_theirs_can_reach_are_a_gap(
    routes: Routes, make_incident: Callable[..., Incident], now: datetime, reach: str
) -> None:
    """An address on a channel that names nobody is none."""
    roster = load_text(
        f"people: [{{name: 甲, reach: {reach}}}]\nshifts: [{{name: 全天, who: [甲]}}]\n",
        Roster,
        "roster.yaml",
    )
    targets = route(make_incident(), AlertReason.FIRST, now, routes, roster)
    assert {t.route for t in targets} == {"属地、默认"}
    assert {t.warning for t in targets} == {
        "当班的甲在通道 group 上没有账号，未能点名，请收到者先接"
    }


def test_where_one_channel_of_two_names_nobody_it_is_said_and_the_other_suffices(
    roster: Roster, make_incident: Callable[..., Incident], now: datetime
) -> None:
    """Of those on duty at night, one has a telephone and both have the group."""
    text = "default: [{channel: file}]\nroutes: [{name: 夜, to: [%s, %s]}]\n"
    to = "{channel: %s, recipient: on_duty}"
    known = load_text(text % (to % "phone", to % "group"), Routes, "routes.yaml")
    targets = route(make_incident(), AlertReason.FIRST, now, known, roster)
    assert {t.warning for t in targets} == {None}
    wrong = load_text(text % (to % "mail", to % "group"), Routes, "routes.yaml")
    targets = route(make_incident(), AlertReason.FIRST, now, wrong, roster)
    assert names(targets) == [("mail", ""), ("group", "lisi,wangwu")]
    assert {t.warning for t in targets} == {
        "当班的乙、丙在通道 mail 上没有账号，未能点名，请收到者先接"
    }


def test_whoever_is_put_on_duty_and_cannot_be_named_anywhere_is_found(roster: Roster) -> None:
    assert roster.unreached({"group"}) == []
    assert roster.unreached({"phone", "mail"}) == ["乙"]
    assert roster.unreached(set()) == ["甲", "乙", "丙"]
    assert Roster().unreached({"group"}) == []


def test_channels_that_are_not_configured_are_left_out_but_never_all(
    routes: Routes, roster: Roster, make_incident: Callable[..., Incident], now: datetime
) -> None:
    incident = make_incident(severity=Severity.RED)

    def channels(*ready: str) -> list[str]:
        found = route(incident, AlertReason.FIRST, now, routes, roster, ready=ready)
        return [t.channel for t in found]

    assert channels("file", "leaders") == ["file", "leaders"]
    assert channels("file") == ["file"]
    # Nothing is configured: the deliveries are written all the same, and fail where one can see it.
    assert channels() == ["file", "group"]


def test_telephones_ring_one_by_one(
    roster: Roster, make_incident: Callable[..., Incident], now: datetime
) -> None:
    routes = load_text(
        "default: [{channel: file}]\n"
        "routes: [{name: 电话, to: [{channel: phone, recipient: on_duty, each: true}]}]\n",
        Routes,
        "routes.yaml",
    )
    noon = now + timedelta(hours=9)
    assert names(route(make_incident(), AlertReason.FIRST, noon, routes, roster)) == [
        ("phone", "1")
    ]


@pytest.mark.parametrize(
    ("severity", "moment", "until"),
    [
        (Severity.YELLOW, "2026/11/24 03:10:00", "2026/11/24 07:00:00"),
        (Severity.BLUE, "2026/11/24 22:00:00", "2026/11/25 07:00:00"),
        (Severity.YELLOW, "2026/11/24 07:00:00", None),
        (Severity.YELLOW, "2026/11/24 21:59:59", None),
        (Severity.ORANGE, "2026/11/24 03:10:00", None),
        (Severity.RED, "2026/11/24 03:10:00", None),
    ],
)
def test_in_quiet_hours_the_lesser_ones_wait_for_the_morning(
    severity: Severity,
    moment: str,
    until: str | None,
    routes: Routes,
    make_incident: Callable[..., Incident],
) -> None:
    incident = make_incident(severity=severity)
    targets = route(incident, AlertReason.FIRST, at(moment), routes, Roster())
    waits = {t.channel: t.not_before for t in targets}
    assert waits["group"] == (None if until is None else at(until))
    assert waits["file"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default: []\n", "default: 为空"),
        ("default: [{channel: f}]\nroutes: [{name: a, to: []}]\n", "无人收到"),
        (
            "default: [{channel: f}]\n"
            "routes: [{name: a, at_least: red, at_most: blue, to: [{channel: f}]}]\n",
            "blue 低于 at_least red",
        ),
        ("default: [{channel: f}]\nquiet: [{channels: [f], hours: {start: '7'}}]\n", "不是钟点"),
        ("default: [{channel: f}]\nroute: []\n", "是不是 'routes'"),
    ],
)
def test_wrong_routes_are_named(text: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        load_text(text, Routes, "routes.yaml")
