"""When people are told of an incident: one pure decision, as in Alertmanager's needsUpdate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.alerts import AlertReason
from domain.assessments import Area, Severity
from domain.incidents.incident import Incident

_NO_WAIT = timedelta(0)


def _default_cool_down() -> dict[Severity, timedelta]:
    return {
        Severity.RED: timedelta(0),
        Severity.ORANGE: timedelta(minutes=5),
        Severity.YELLOW: timedelta(minutes=15),
        Severity.BLUE: timedelta(minutes=30),
    }


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """`decide:` in routes.yaml. `cool_down` is the rest between two reports of one incident."""

    threshold: Severity = Severity.BLUE
    growth: tuple[int, ...] = (10, 50, 200)
    cool_down: dict[Severity, timedelta] = field(default_factory=_default_cool_down)

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.threshold is Severity.NONE:
            yield "threshold", "none 会事事都报; 写 blue、yellow、orange 或 red"
        if list(self.growth) != sorted(set(self.growth)) or any(n < 2 for n in self.growth):
            yield "growth", "写递增的帖数, 从 2 起, 例: [10, 50, 200]"
        if self.cool_down.get(Severity.RED, _NO_WAIT) != _NO_WAIT:
            yield "cool_down", "红色从不等待; 删去 red 或写 red: 0s"


@dataclass(frozen=True, slots=True)
class LastReport:
    """What people last heard of an incident. `at` is when the alert was written (aware)."""

    report_no: int
    severity: Severity
    post_count: int
    channels: tuple[str, ...]
    at: datetime


def decide(
    before: Incident | None,
    after: Incident,
    told: LastReport | None,
    now: datetime,
    settings: DecideSettings,
) -> AlertReason | None:
    """Why people are told of `after` now, or None.

    Several changes at once are one report under the weightiest reason. A change that falls into
    the cool-down is not lost: it is measured against `told`, so that the next call after
    `held_until` reports it. An incident without a fresh post is left to the digest.
    """
    if not after.state.is_open:
        ended_now = before is not None and before.state.is_open
        return AlertReason.CLOSED if told is not None and ended_now else None
    if after.area is Area.OUTSIDE or after.severity < settings.threshold:
        return None
    if told is None:
        return AlertReason.FIRST if after.fresh else None
    if before is not None and not before.state.is_open:
        return AlertReason.REOPENED
    reason = change_since(after, told, settings)
    if reason is None or now < _resting_until(reason, after, told, now, settings):
        return None
    return reason


def change_since(after: Incident, told: LastReport, settings: DecideSettings) -> AlertReason | None:
    """The weightiest change of an open incident since people last heard of it."""
    if after.severity > told.severity:
        return AlertReason.SEVERITY_RAISED
    if any(told.post_count < threshold <= after.post_count for threshold in settings.growth):
        return AlertReason.GREW
    if set(after.channels) - set(told.channels):
        return AlertReason.NEW_CHANNEL
    return None


def held_until(
    after: Incident, told: LastReport | None, now: datetime, settings: DecideSettings
) -> datetime | None:
    """When to call `decide` again for a change that the cool-down holds back; None: nothing held.

    Without this call a change with no post after it would never be reported.
    """
    if told is None or not after.state.is_open or after.area is Area.OUTSIDE:
        return None
    if after.severity < settings.threshold:
        return None
    reason = change_since(after, told, settings)
    if reason is None:
        return None
    until = _resting_until(reason, after, told, now, settings)
    return until if until > now else None


def _resting_until(
    reason: AlertReason, after: Incident, told: LastReport, now: datetime, settings: DecideSettings
) -> datetime:
    rest = settings.cool_down.get(after.severity, _NO_WAIT)
    if after.severity is Severity.RED or now < told.at:
        # A clock set back must not silence an incident until it has caught up.
        return now
    return told.at + rest
