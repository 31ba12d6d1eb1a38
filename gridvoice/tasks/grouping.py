"""Within T2: a complaint finds its incident, the incident grows, people are told of real change.

One shape: rows in, a pure call (`match`, `absorb`), rows out. Of the incidents only the few that
the index of keys names are looked at (`known_incidents`), so a post costs the same after a day and
after a year.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from db import incidents, timers
from db.alone import problem_of
from db.faults import is_of_the_store
from db.incident_keys import LookBack
from db.incidents import IncidentRow
from db.unassessed import ToAssess
from db.undated import first_seen_is_fair
from domain.assessments import PostRole
from domain.incidents.events import Cause, EventKind, TimerKind
from domain.incidents.incident import Incident, IncidentState
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.known_incidents import known_incidents, likeness_of, remember
from gridvoice.telling.tell import tell_if_changed
from pipeline.assess import Assessed
from pipeline.incidents.absorb import Change, absorb, begin
from pipeline.incidents.match import Candidate, best
from pipeline.incidents.post import PostFacts, places_of, said_by, wording_of, writer_of
from pipeline.incidents.profile import Likeness, Profile, facts_of, facts_written
from pipeline.incidents.quoting import quotes
from pipeline.incidents.running_facts import RunningFacts

log = logging.getLogger("gridvoice.grouping")

# How far back an older incident of the same matter is looked for, to be named as `previous`.
_PREVIOUS_WITHIN = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a post came to."""

    opened: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """The incident that a post joins, held; what it is known again by; why."""

    row: IncidentRow
    likeness: Likeness
    why: str


class Grouping:
    """Posts into incidents, in the caller's transaction and grouping lane.

    Of what comes from a recording machines alone are told, and nothing that has ended is opened
    again by it.

    `unreadable` names the incidents met (by id, with the problem) that could not be read, or whose
    memory could not: they are passed by, or go on with an empty one.
    """

    def __init__(self, conn: Connection, config: Configuration) -> None:
        self._conn = conn
        self._config = config
        self.unreadable: dict[int, str] = {}

    def take(
        self,
        row: ToAssess,
        read: Assessed,
        now: datetime,
        late: bool = False,
    ) -> Taken:
        """Put one post into its incident, and tell people when that is a real change.

        What is no complaint by its assessment's role may join an incident and opens none.

        `late`: history found late. Nobody is told and nothing that has ended is opened again.
        """
        post = self._facts(row, read)
        if row.incident_id is not None:  # an edit: it stays where it is, its facts may be graver
            found = incidents.incident(self._conn, row.incident_id, hold=True)
            if found is None:
                return Taken()
            likeness = likeness_of(self._conn, found.id, self.unreadable)
            matched = Matched(found, likeness, "edited")
            return self._join(matched, row, post, now, late)
        joined, previous = self._find(post)
        if joined is not None:
            return self._join(joined, row, post, now, late)
        if post.role is not PostRole.COMPLAINT:
            return Taken()
        return self._open(row, post, now, previous, late)

    def _facts(self, row: ToAssess, read: Assessed) -> PostFacts:
        return PostFacts(
            squeezed=read.text,
            assessment=read.assessment,
            at=row.event_at,
            first_seen=row.first_seen,
            hash=row.hash,
            channel=row.channel,
            said=said_by(row.source, row.author_hash, row.hash),
            wording=wording_of(read.text),
            places=places_of(read.text, read.assessment),
            published_at=row.published_at,
            dated=row.published_at is not None or first_seen_is_fair(self._conn, row.post_id),
            copy=row.duplicate_of is not None,
            engagement=row.engagement,
            post_id=row.post_id,
            url=row.url,
            quotes=quotes(read.text),
            writer=writer_of(row.source, row.author_hash),
        )

    def _find(self, post: PostFacts) -> tuple[Matched | None, str | None]:
        """The incident that the post joins; else the number of the one before it."""
        settings = self._config.assessing.grouping
        may_burst = post.assessment.category in settings.bursts
        hours = settings.town_is_enough_within
        if may_burst:
            hours = max(hours, settings.burst_within)
        span = LookBack(post.at - _PREVIOUS_WITHIN, post.at - hours)
        known = known_incidents(self._conn, post, span, self.unreadable, may_burst)
        while True:
            choice = best(post, known, settings)
            chosen = choice.candidate
            if chosen is None:
                return None, choice.previous.number if choice.previous else None
            found = self._held(chosen)
            if found is not None:
                return Matched(found, chosen.likeness, choice.reason), None
            known.remove(chosen)

    def _held(self, chosen: Candidate) -> IncidentRow | None:
        """The chosen incident, whole; None where it cannot be read, or was ended meanwhile."""
        try:
            found = incidents.incident(self._conn, chosen.incident_id, hold=True)
        except Exception as error:
            if is_of_the_store(error):
                raise
            self._cannot_read(chosen.incident_id, error)
            return None
        state = found.incident.state if found is not None else IncidentState.MERGED
        ended = state is IncidentState.FALSE_ALARM and not chosen.copies_only
        return None if ended or state is IncidentState.MERGED else found

    def _open(
        self, row: ToAssess, post: PostFacts, now: datetime, previous: str | None, late: bool
    ) -> Taken:
        conn, general = self._conn, self._config.general
        number = incidents.next_number(conn, row.first_seen, general.time_zone)
        # To people what was recorded is no news.
        fresh = not row.recorded and post.is_fresh(now, general.fresh_for)
        change = begin(post, number, fresh, previous, now)
        likeness, facts = change.profile.likeness, change.profile.facts
        incident_id = incidents.open_incident(conn, change.after, facts_written(facts), now)
        remember(conn, incident_id, likeness)
        incidents.add_post(conn, incident_id, row.post_id, now)
        event_id = self._record(incident_id, row, change, now)
        assert event_id is not None  # it has no other event
        told = not late and self._tell(incident_id, row, None, change, event_id, now, post)
        return Taken(opened=True, told=told)

    def _join(
        self, matched: Matched, row: ToAssess, post: PostFacts, now: datetime, late: bool
    ) -> Taken:
        conn, found, before = self._conn, matched.row, matched.row.incident
        added = incidents.add_post(conn, found.id, row.post_id, now, post.role)
        profile = Profile(matched.likeness, self._facts_of(found))
        change = absorb(
            before, profile, post, now, self._config.assessing.assessor.severity_rules,
            fresh=not row.recorded and post.is_fresh(now, self._config.general.fresh_for),
            added=added, late=late or row.recorded,
        )  # fmt: skip
        event_id = self._record(found.id, row, change, now, why=matched.why)
        if event_id is None or post.role is not PostRole.COMPLAINT:
            return Taken()
        if change.kind is EventKind.REOPENED:
            incidents.change_state(conn, found.id, before.state, change.after.state, now)
        likeness, facts = change.profile.likeness, change.profile.facts
        incidents.grow_incident(conn, found.id, change.after, facts_written(facts), now)
        remember(conn, found.id, likeness, profile.likeness.keys())
        told = not late and self._tell(found.id, row, before, change, event_id, now, post)
        return Taken(told=told)

    def _record(
        self, incident_id: int, row: ToAssess, change: Change, now: datetime, **data: Any
    ) -> int | None:
        cause = Cause.post(row.post_id, row.version_id)
        data = {"post": row.post_id, **data, **change.data}
        return incidents.add_event(
            self._conn, incident_id, change.kind, cause, now, "", change.note, data
        )

    def _tell(
        self,
        incident_id: int,
        row: ToAssess,
        before: Incident | None,
        change: Change,
        event_id: int,
        now: datetime,
        post: PostFacts,
    ) -> bool:
        telling, after = self._config.telling, change.after
        if row.recorded:
            telling = self._config.for_machines().telling
            after = replace(after, fresh=post.is_fresh(now, self._config.general.fresh_for))
        voices = change.profile.facts.voices(after.post_count)
        done = tell_if_changed(
            self._conn, telling, incident_id, before, after, event_id, now, post, voices
        )
        if row.recorded:  # what its cool-down holds back is nobody's to hear of later
            return done.reason is not None
        if done.held_until is not None:
            timers.set_timer(self._conn, incident_id, TimerKind.HELD, done.held_until)
        elif before is not None and before.report_no:
            timers.stop_timer(self._conn, incident_id, TimerKind.HELD)
        return done.reason is not None

    def _facts_of(self, row: IncidentRow) -> RunningFacts:
        """What rating remembers of the incident; nothing, where that is broken."""
        try:
            return facts_of(row.profile)
        except Exception as error:
            self._cannot_read(row.id, error)
            return RunningFacts()

    def _cannot_read(self, incident_id: int, error: Exception) -> None:
        log.warning("incident %s: what it remembers cannot be read: %r", incident_id, error)
        self.unreadable[incident_id] = problem_of(error)
