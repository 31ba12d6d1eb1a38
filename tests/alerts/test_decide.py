"""When people are told: the table, in the manner of Alertmanager's needsUpdate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.routing.decide import DecideSettings, LastReport, decide, held_until
from domain.alerts import AlertReason
from domain.assessments import Area, Severity
from domain.incidents.incident import Incident, IncidentState
from domain.input.load import BadSettings, load_text

SETTINGS = DecideSettings()
CLOSED = IncidentState.CLOSED
LONG_AGO = timedelta(hours=3)
JUST_NOW = timedelta(seconds=20)


def told(now: datetime, ago: timedelta = LONG_AGO, **changes: Any) -> LastReport:
    facts: dict[str, Any] = {
        "report_no": 1,
        "severity": Severity.ORANGE,
        "post_count": 3,
        "channels": ("weibo", "forum"),
    }
    return LastReport(**{**facts, **changes}, at=now - ago)


# (what it shows, incident before, incident after, what people were told, reason)
NOBODY: dict[str, Any] | None = None
TABLE: list[tuple[str, Any, dict[str, Any], dict[str, Any] | None, AlertReason | None]] = [
    ("a new matter", None, {}, NOBODY, AlertReason.FIRST),
    ("unknown area", None, {"area": Area.UNKNOWN}, NOBODY, AlertReason.FIRST),
    ("elsewhere", None, {"area": Area.OUTSIDE}, NOBODY, None),
    ("below the threshold", None, {"severity": Severity.NONE}, NOBODY, None),
    ("old news goes to the digest", None, {"fresh": False}, NOBODY, None),
    ("a fresh post joins old news", {"fresh": False}, {}, NOBODY, AlertReason.FIRST),
    ("untold incident that grows into the threshold", {"severity": Severity.NONE}, {}, NOBODY,
     AlertReason.FIRST),
    ("taken before anybody was told", {}, {"state": IncidentState.ACKNOWLEDGED}, NOBODY,
     AlertReason.FIRST),
    ("one more post", {}, {"post_count": 4}, {}, None),
    ("nothing at all", {}, {}, {}, None),
    ("worse", {}, {"severity": Severity.RED}, {}, AlertReason.SEVERITY_RAISED),
    ("milder", {}, {"severity": Severity.YELLOW}, {}, None),
    ("milder and back again", {"severity": Severity.YELLOW}, {}, {}, None),
    ("the tenth post", {"post_count": 9}, {"post_count": 10}, {}, AlertReason.GREW),
    ("the eleventh post", {"post_count": 10}, {"post_count": 11}, {"post_count": 10}, None),
    ("over two thresholds at once", {}, {"post_count": 60}, {}, AlertReason.GREW),
    ("another kind of channel", {}, {"channels": ("weibo", "forum", "short_video")}, {},
     AlertReason.NEW_CHANNEL),
    ("the same channels in another order", {}, {"channels": ("forum", "weibo")}, {}, None),
    ("worse, more and wider: one report", {},
     {"severity": Severity.RED, "post_count": 55, "channels": ("weibo", "forum", "news")}, {},
     AlertReason.SEVERITY_RAISED),
    ("more and wider", {}, {"post_count": 55, "channels": ("weibo", "forum", "news")}, {},
     AlertReason.GREW),
    ("closed after people were told", {}, {"state": CLOSED}, {}, AlertReason.CLOSED),
    ("closed before people were told", {}, {"state": CLOSED}, NOBODY, None),
    ("a false alarm is called off", {}, {"state": IncidentState.FALSE_ALARM}, {},
     AlertReason.CLOSED),
    ("still closed", {"state": CLOSED}, {"state": CLOSED, "post_count": 40}, {}, None),
    ("comes back", {"state": CLOSED}, {"post_count": 4}, {}, AlertReason.REOPENED),
    ("comes back and is worse", {"state": CLOSED}, {"severity": Severity.RED}, {},
     AlertReason.REOPENED),
    ("comes back, nobody knew of it", {"state": CLOSED}, {}, NOBODY, AlertReason.FIRST),
    ("told, then found to be elsewhere", {}, {"area": Area.OUTSIDE, "post_count": 60}, {}, None),
    ("told, found to be elsewhere, closed", {"area": Area.OUTSIDE},
     {"area": Area.OUTSIDE, "state": CLOSED}, {}, AlertReason.CLOSED),
]  # fmt: skip


@pytest.mark.parametrize(("shows", "before", "after", "heard", "reason"), TABLE, ids=lambda v: v)
def test_the_table_of_decisions(
    shows: str,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    heard: dict[str, Any] | None,
    reason: AlertReason | None,
    make_incident: Callable[..., Incident],
    now: datetime,
) -> None:
    decided = decide(
        None if before is None else make_incident(**before),
        make_incident(**after),
        None if heard is None else told(now, **heard),
        now,
        SETTINGS,
    )
    assert decided is reason, shows


def test_a_change_inside_the_cool_down_waits_and_is_told_later(
    make_incident: Callable[..., Incident], now: datetime
) -> None:
    grown = make_incident(post_count=12)
    heard = told(now, JUST_NOW)
    assert decide(make_incident(), grown, heard, now, SETTINGS) is None
    due = held_until(grown, heard, now, SETTINGS)
    assert due == heard.at + timedelta(minutes=5)
    # No new post: the timer alone brings it out.
    assert decide(grown, grown, heard, due, SETTINGS) is AlertReason.GREW


def test_red_never_waits(make_incident: Callable[..., Incident], now: datetime) -> None:
    red = make_incident(severity=Severity.RED)
    heard = told(now, JUST_NOW)
    assert decide(make_incident(), red, heard, now, SETTINGS) is AlertReason.SEVERITY_RAISED
    grown = make_incident(severity=Severity.RED, post_count=10)
    heard = told(now, JUST_NOW, severity=Severity.RED)
    assert decide(red, grown, heard, now, SETTINGS) is AlertReason.GREW


def test_returning_and_closing_do_not_wait(
    make_incident: Callable[..., Incident], now: datetime
) -> None:
    heard = told(now, JUST_NOW)
    closed, open_again = make_incident(state=CLOSED), make_incident()
    assert decide(closed, open_again, heard, now, SETTINGS) is AlertReason.REOPENED
    assert decide(open_again, closed, heard, now, SETTINGS) is AlertReason.CLOSED


def test_a_clock_set_back_does_not_silence_an_incident(
    make_incident: Callable[..., Incident], now: datetime
) -> None:
    heard = told(now, -timedelta(hours=5))
    grown = make_incident(post_count=12)
    assert decide(make_incident(), grown, heard, now, SETTINGS) is AlertReason.GREW


def test_a_storm_of_500_posts_in_ten_minutes_is_a_handful_of_messages(
    make_incident: Callable[..., Incident], now: datetime
) -> None:
    channels = ("weibo", "forum", "short_video", "news", "wechat", "gov_board")
    before, heard, reports = None, None, []
    for n in range(1, 501):
        at = now + timedelta(seconds=1.2 * n)
        after = make_incident(post_count=n, channels=channels[: 1 + n // 40])
        reason = decide(before, after, heard, at, SETTINGS)
        if reason is not None:
            reports.append(reason)
            heard = LastReport(len(reports), after.severity, n, after.channels, at)
        before = after
    assert reports[0] is AlertReason.FIRST
    assert reports.count(AlertReason.FIRST) == 1
    assert len(reports) <= 3


severities = st.sampled_from(list(Severity))
counts = st.integers(1, 300)


@given(severity=severities, posts=counts, heard=severities, known=counts, ago=st.integers(0, 7200))
def test_whatever_is_held_back_is_told_when_it_is_due(
    severity: Severity, posts: int, heard: Severity, known: int, ago: int,
    make_incident: Callable[..., Incident], now: datetime,
) -> None:  # fmt: skip
    after = make_incident(severity=severity, post_count=posts)
    last = told(now, timedelta(seconds=ago), severity=heard, post_count=known)
    decided = decide(after, after, last, now, SETTINGS)
    due = held_until(after, last, now, SETTINGS)
    assert decided is None or due is None
    if due is not None:
        assert due > now
        assert decide(after, after, last, due, SETTINGS) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("growth: [50, 10]", "decide.yaml:1: growth: 写递增的帖数"),
        ("cool_down: {red: 5m}", "decide.yaml:1: cool_down: 红色从不等待"),
        ("threshold: none", "decide.yaml:1: threshold: none 会事事都报"),
        ("threshold: pink", "'pink'"),
    ],
)
def test_wrong_settings_are_named(text: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message.replace("(", r"\(")):
        load_text(text, DecideSettings, "decide.yaml")
