"""An alert enters the outbox in the transaction of the change that causes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from alerts.notice import layout
from alerts.notice.body import to_body
from alerts.notice.compose import Report, compose, compose_plain
from alerts.notice.excerpt import PublicPost
from alerts.notice.notice import Notice
from alerts.routing.decide import LastReport, decide, held_until
from alerts.routing.route import DEFAULT_ROUTE, ON_DUTY, Target, route
from db import incidents, outbox, posts, sending
from db.faults import is_of_the_store
from db.outbox import AlertRow
from domain.alerts import AlertReason
from domain.clock import utc_now
from domain.incidents.incident import Incident
from gridvoice.telling.settings import TellingSettings

log = logging.getLogger("gridvoice.telling")

_QUOTED = 5


@dataclass(frozen=True, slots=True)
class Telling:
    """What a change came to: the incident, its report counted; why people are told, if they are;
    until when the change is held back, if it is."""

    after: Incident
    reason: AlertReason | None
    held_until: datetime | None = None


class Newest(PublicPost, Protocol):
    """The post that is the cause of a change."""

    @property
    def post_id(self) -> int: ...


def told_of(alert: AlertRow | None) -> LastReport | None:
    """What people last heard of an incident, from its last alert."""
    if alert is None:
        return None
    known = alert.body["told"]
    return LastReport(
        report_no=alert.report_no,
        severity=alert.severity,
        post_count=known["post_count"],
        channels=tuple(known["channels"]),
        at=alert.at,
    )


def tell_if_changed(
    conn: Connection,
    settings: TellingSettings,
    incident_id: int,
    before: Incident | None,
    after: Incident,
    event_id: int,
    now: datetime,
    newest: Newest | None = None,
    voices: int | None = None,
) -> Telling:
    """Decide on a change; when people are to be told, write the alert and its deliveries, and count
    the report.

    `newest`: the post that is the cause, quoted first. `voices`: how many of the incident's posts
    count for growth, where that is fewer than all. Where machines alone are to be told, an incident
    that people follow is left to what people are told.
    """
    told = None
    if after.report_no:
        told = told_of(outbox.last_alert(conn, incident_id, settings.machines_only))
        if settings.machines_only and outbox.last_alert(conn, incident_id) is not None:
            return Telling(after, None)
    heard = after if voices is None else replace(after, post_count=voices)
    reason = decide(before, heard, told, now, settings.routes.decide)
    if reason is None:
        return Telling(after, None, held_until(heard, told, now, settings.routes.decide))
    after = replace(after, report_no=after.report_no + 1)
    incidents.count_report(conn, incident_id, after.report_no, now)
    targets = _targets(settings, after, reason, now)
    notice = _notice(conn, settings, incident_id, after, reason, now, newest, told, targets)
    body = to_body(notice)
    body["told"] = {"post_count": heard.post_count, "channels": list(after.channels)}
    alert_id = outbox.add_alert(
        conn, incident_id, event_id, reason, after.report_no, after.severity,
        layout.title(notice), body, now, settings.machines_only,
    )  # fmt: skip
    if alert_id is not None:
        # Quiet hours run on the wall clock, whatever clock the incident runs on. What need not wait
        # takes the alert's own time: a clock that is put back later must not hold it.
        clock = utc_now()
        held = {to: to.not_before for to in targets if to.not_before and to.not_before > clock}
        ways = [(to.channel, to.recipient, held.get(to, min(now, clock))) for to in targets]
        _withdraw(conn, incident_id, after, reason, targets)
        outbox.add_deliveries(conn, alert_id, ways)
    return Telling(after, reason)


def _withdraw(
    conn: Connection,
    incident_id: int,
    after: Incident,
    reason: AlertReason,
    targets: Sequence[Target],
) -> None:
    """What quiet hours hold of earlier reports is not sent where this one says it better; nor
    anywhere, once the matter is over."""
    if after.report_no == 1:
        return
    ways = [(target.channel, target.recipient) for target in targets]
    needless = [None] if reason is AlertReason.CLOSED else ways
    count = sum(sending.withdraw_held(conn, incident_id, after.report_no, to) for to in needless)
    if count:
        log.info("withdrawn incident=%s before_report=%d deliveries=%d", after.number,
                 after.report_no, count)  # fmt: skip


def _targets(
    settings: TellingSettings, incident: Incident, reason: AlertReason, now: datetime
) -> list[Target]:
    """Who hears of it; where the routes cannot be asked, those of the default route."""
    try:
        return route(
            incident, reason, now, settings.routes, settings.roster,
            settings.channels, settings.zone,
        )  # fmt: skip
    except Exception:
        log.exception("incident %s cannot be routed: to the default", incident.number)
        return [
            Target(to.channel, "" if to.recipient == ON_DUTY else to.recipient, DEFAULT_ROUTE)
            for to in settings.routes.default
        ]


def _notice(
    conn: Connection,
    settings: TellingSettings,
    incident_id: int,
    incident: Incident,
    reason: AlertReason,
    now: datetime,
    newest: Newest | None,
    told: LastReport | None,
    targets: Sequence[Target],
) -> Notice:
    """What is said; plainly, where an incident or a post of it cannot be put into words."""
    least = Report(incident, reason, now, public_url=settings.public_url)
    try:
        return compose(
            replace(
                least,
                posts=_quoted(conn, incident_id, incident.post_count, newest),
                playbook=settings.playbooks.of(incident.category),
                told=told,
                warning=next((t.warning for t in targets if t.warning), None),
                zone=settings.zone,
            )
        )
    except Exception as error:
        if is_of_the_store(error):
            raise
        log.exception("incident %s cannot be put into words: told plainly", incident.number)
        return compose_plain(least)


def _quoted(
    conn: Connection, incident_id: int, posts_in_all: int, newest: Newest | None
) -> list[PublicPost]:
    """The newest post first (it is why people hear now), then the earliest ones."""
    quoted: list[PublicPost] = [newest] if newest is not None else []
    if newest is not None and posts_in_all == 1:
        return quoted
    earliest = incidents.post_ids_of(conn, incident_id, _QUOTED)
    others = [one for one in earliest if newest is None or one != newest.post_id]
    return [*quoted, *posts.post_rows(conn, others)][:_QUOTED]
