"""The times that people are promised, each as it is written in the documents, and its edge."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels import CHANNELS
from alerts.notice.late import LATE_AFTER
from alerts.routing.decide import DecideSettings, LastReport, decide, held_until
from alerts.sending import outage, retry
from alerts.sending.outage import turn
from domain.alerts import AlertReason, ChannelState, Outcome
from domain.assessments import Severity
from domain.incidents.incident import Incident

T0 = datetime(2026, 11, 24, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def test_the_rest_between_two_reports_of_one_matter(
    make_incident: Callable[..., Incident],
) -> None:
    settings = DecideSettings()
    for severity, rest in (
        (Severity.RED, 0 * MINUTE), (Severity.ORANGE, 5 * MINUTE),
        (Severity.YELLOW, 15 * MINUTE), (Severity.BLUE, 30 * MINUTE),
    ):  # fmt: skip
        told = LastReport(1, severity, 9, ("weibo",), T0)
        after = make_incident(severity=severity, post_count=10, channels=("weibo",))
        if rest:
            assert decide(after, after, told, T0 + rest - SECOND, settings) is None
            assert held_until(after, told, T0 + rest - SECOND, settings) == T0 + rest
        assert decide(after, after, told, T0 + rest, settings) is AlertReason.GREW
        assert held_until(after, told, T0 + rest, settings) is None
        # A clock set back silences nothing.
        assert decide(after, after, told, T0 - SECOND, settings) is AlertReason.GREW


def test_a_matter_is_told_again_at_ten_fifty_and_two_hundred_posts(
    make_incident: Callable[..., Incident],
) -> None:
    grown = [
        count
        for count in range(2, 400)
        if decide(
            before := make_incident(post_count=count - 1),
            make_incident(post_count=count),
            LastReport(1, before.severity, count - 1, before.channels, T0),
            T0 + HOUR,
            DecideSettings(),
        )
    ]
    assert grown == [10, 50, 200]


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (DecideSettings(), []), (DecideSettings(growth=()), []),
        (DecideSettings(growth=(2, 3)), []), (DecideSettings(growth=(1, 3)), ["growth"]),
        (DecideSettings(growth=(3, 3)), ["growth"]), (DecideSettings(growth=(5, 3)), ["growth"]),
        (DecideSettings(threshold=Severity.NONE), ["threshold"]),
        (DecideSettings(cool_down={Severity.RED: SECOND}), ["cool_down"]),
        (DecideSettings(cool_down={Severity.BLUE: HOUR}), []),
    ],
)  # fmt: skip
def test_a_setting_that_would_silence_or_flood_is_refused(
    settings: DecideSettings, wrong: list[str]
) -> None:
    assert [name for name, _ in settings.problems()] == wrong


def test_a_delivery_is_tried_for_three_days_and_an_unclear_one_five_times_in_hours() -> None:
    assert sum(retry.SCHEDULE[:3], timedelta()) < 3 * MINUTE
    assert sum(retry.SCHEDULE, timedelta()) > 75 * HOUR
    assert list(retry.SCHEDULE) == sorted(retry.SCHEDULE)

    def wait(attempts: int, age: timedelta, outcome: Outcome) -> timedelta | None:
        return retry.next_attempt(attempts, age, 0, outcome, None, random.Random(1))

    last, unclear = len(retry.SCHEDULE), len(retry.UNCLEAR_SCHEDULE)
    assert (last, unclear) == (14, 4)
    assert wait(last + 1, 72 * HOUR, Outcome.RETRY) is None
    assert wait(last, 72 * HOUR, Outcome.RETRY) is not None
    assert wait(last + 1, 72 * HOUR - SECOND, Outcome.RETRY) is not None
    assert wait(unclear + 1, 4 * HOUR, Outcome.UNCLEAR) is None
    assert wait(unclear, 4 * HOUR, Outcome.UNCLEAR) is not None
    assert wait(unclear + 1, 4 * HOUR - SECOND, Outcome.UNCLEAR) is not None
    for attempts, outcome in ((0, Outcome.RETRY), (1, Outcome.DELIVERED)):
        with pytest.raises(ValueError, match="nothing to retry"):
            wait(attempts, SECOND, outcome)


def test_what_a_channel_is_held_and_probed_for() -> None:
    assert (outage.DOWN_AFTER, outage.HOLD_AT_MOST, LATE_AFTER) == (3, 5 * MINUTE, HOUR)
    assert (outage.RED_EVERY, outage.RED_EVERY_LATER) == (30 * SECOND, 60 * SECOND)
    assert (outage.OTHERS_AT_MOST, outage.HELD_RED_EVERY) == (3 * MINUTE, 60 * SECOND)
    assert (outage.REPEATED_RED_EVERY, outage.REPEATED_EVERY) == (2 * MINUTE, 5 * MINUTE)
    # The robot takes twenty messages a minute.
    rate = CHANNELS["wecom"].rate
    assert (rate.gap, rate.limit, rate.window) == (3 * SECOND, 20, 62 * SECOND)


def test_a_probe_further_ahead_than_any_rhythm_was_planned_by_another_clock() -> None:
    furthest = outage.RED_EVERY_LATER + 10 * SECOND
    state = ChannelState("a", failures=3, down_since=T0, probe_at=T0 + furthest)
    assert turn(state, T0, True).may_probe == frozenset()
    assert turn(replace(state, probe_at=T0 + furthest + SECOND), T0, True).may_probe
    assert turn(replace(state, probe_at=None), T0, True).may_probe
    held = ChannelState("a", blocked_until=T0 + outage.HOLD_AT_MOST + 10 * SECOND)
    assert outage.is_held(held, T0)
    assert not outage.is_held(held, T0 - SECOND)
    assert not outage.is_held(held, T0 + outage.HOLD_AT_MOST + 10 * SECOND)
