"""Within T2: a complaint finds its incident, the incident grows, people are told of real change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from alerts.routing.decide import held_until
from db import incidents, outbox
from db.alone import Poison, alone, problem_of
from db.faults import is_of_the_store
from db.rows import IncidentRow, ToJudge
from db.undated import first_seen_is_fair
from domain.model import CATEGORY_TITLES, Assessment, Incident, IncidentState
from gridvoice.app.configuration import Configuration
from gridvoice.app.tasks import matters
from gridvoice.app.tasks.announce import announce, told_of
from gridvoice.app.tasks.facts import Facts, voices_of
from pipeline.candidate_index import CandidateIndex
from pipeline.cluster import Candidate, Features, Known, features, grow_by

log = logging.getLogger("gridvoice.grouping")

# How far back an older incident of the same matter is looked for, to be named as `previous`.
_PREVIOUS_WITHIN = timedelta(days=365)


class Grouping:
    """The incidents of one transaction: loaded once, kept current as posts join them.

    `unreadable` names the incidents (by id, with the problem) that could not be read, or whose
    memory could not: they are passed by, or go on with an empty one.
    """

    def __init__(
        self,
        conn: Connection,
        config: Configuration,
        complaints: Sequence[tuple[ToJudge, Assessment]],
    ) -> None:
        self._conn = conn
        self._config = config
        self.opened = 0
        self.alerts = 0
        self.unreadable: dict[int, str] = {}
        self._quiet = False
        self._rows: dict[int, IncidentRow] = {}
        self._touched: set[int] = set()
        self._false_alarms: dict[str, int] = {}  # text hash → incident
        self._candidates = CandidateIndex(config.judging.grouping)
        if complaints:
            oldest = min(row.event_at for row, _ in complaints) - _PREVIOUS_WITHIN
            for row in incidents.live_incidents(conn, oldest, self.unreadable):
                self._load(row)

    def take_alone(self, row: ToJudge, verdict: Assessment, now: datetime) -> None:
        """`take`, wholly or not at all. Raises Poison where it raised: nothing of the post is left
        in the store or here, and the next one may come."""
        self._alone(lambda: self.take(row, verdict, now))

    def decide_alone(self, row: IncidentRow, now: datetime) -> None:
        """`decide_again`, wholly or not at all. Raises Poison."""
        self._alone(lambda: self.decide_again(row, now))

    def _alone(self, work: Callable[[], None]) -> None:
        counted = self.opened, self.alerts
        self._touched.clear()
        try:
            alone(self._conn, work)
        except Poison:
            self.opened, self.alerts = counted
            self._undo()
            raise

    def take(self, row: ToJudge, verdict: Assessment, now: datetime, quiet: bool = False) -> None:
        """Put one complaint into its incident, and tell people when that is a real change.

        `quiet`: history found late. Nobody is told and nothing that has ended is opened again.
        """
        self._quiet = quiet
        one = features(matters.item(row, verdict))
        if row.incident_id is not None:  # an edit: it stays where it is, its facts may be graver
            found = self._fetch(row.incident_id)
            if found is not None:
                self._join(found, row, verdict, one, now, "edited")
            return
        alarm = self._false_alarms.get(row.hash)
        copied = None if alarm is None else self._fetch(alarm)
        if copied is not None and copied.incident.state is IncidentState.FALSE_ALARM:
            self._join(copied, row, verdict, one, now, "same text as a false alarm")
            return
        choice = self._candidates.best(one)
        if choice.candidate is not None:
            self._join(
                self._rows[choice.candidate.incident_id], row, verdict, one, now, choice.reason
            )
            return
        previous = None
        if choice.previous is not None:
            previous = self._rows[choice.previous.incident_id].incident.number
        self._open(row, verdict, one, now, previous)

    def decide_again(self, row: IncidentRow, now: datetime) -> None:
        """The cool-down of a held-back change is over."""
        row = self._load(row)
        held = str(row.profile.get("held_until"))[:100]
        profile = {k: v for k, v in row.profile.items() if k != "held_until"}
        # A clock that was put back may hold a change until the same moment twice.
        for cause in (f"timer:{held}", f"timer:{held} {now.isoformat()}"):
            event_id = incidents.add_event(self._conn, row.id, "follow_up", cause, now)
            if event_id is not None:
                self._settle(row.id, row.incident, row.incident, profile, event_id, now, None)
                return

    def _open(
        self,
        row: ToJudge,
        verdict: Assessment,
        one: Features,
        now: datetime,
        previous: str | None,
    ) -> None:
        facts = Facts().with_post(row, verdict, now)
        incident = matters.opened(row, verdict, self._is_fresh(row, now), previous)
        profile = {"cluster": grow_by(None, one), "facts": facts.to_json()}
        incident_id = incidents.open_incident(
            self._conn, incident, profile, now, self._config.general.time_zone
        )
        incidents.add_post(self._conn, incident_id, row.post_id, now)
        stored = incidents.incident(self._conn, incident_id)
        assert stored is not None
        note = f"首帖：{CATEGORY_TITLES[incident.category]}，{incident.place or '地点不明'}"
        event_id = incidents.add_event(
            self._conn, incident_id, "opened", matters.cause(row), now, "", note,
            {"post": row.post_id},
        )  # fmt: skip
        assert event_id is not None
        self.opened += 1
        self._settle(incident_id, None, stored.incident, profile, event_id, now, row.post_id)

    def _join(
        self,
        found: IncidentRow,
        row: ToJudge,
        verdict: Assessment,
        one: Features,
        now: datetime,
        why: str,
    ) -> None:
        before = found.incident
        added = incidents.add_post(self._conn, found.id, row.post_id, now)
        facts = self._facts_of(found).with_post(row, verdict, now, edit=not added)
        rated = self._config.judging.assessor.severity_rules.rate_incident(
            facts.incident_facts(before.post_count + added)
        )
        after = matters.joined(before, row, verdict, rated, added, self._is_fresh(row, now))
        returns = before.state is IncidentState.CLOSED and not self._quiet
        if returns:
            after = replace(after, state=IncidentState.DISCOVERED)
        kind = "reopened" if returns else ("joined" if added else "edited")
        data: dict[str, Any] = {"post": row.post_id, "why": why}
        if rated.reasons and after.severity is not before.severity:
            data["raised"] = [f"{r.rule} {r.text}".strip() for r in rated.reasons]
        event_id = incidents.add_event(
            self._conn, found.id, kind, matters.cause(row), now, "",
            matters.joined_note(before, after), data,
        )  # fmt: skip
        profile = {
            **found.profile,
            "cluster": grow_by(found.profile.get("cluster"), one),
            "facts": facts.to_json(),
        }
        if event_id is not None:
            self._settle(found.id, before, after, profile, event_id, now, row.post_id)

    def _settle(
        self,
        incident_id: int,
        before: Incident | None,
        after: Incident,
        profile: dict[str, Any],
        event_id: int,
        now: datetime,
        newest: int | None,
    ) -> None:
        """Tell people if they are to be told, remember what is held back, write the incident."""
        if not self._quiet:
            voices = voices_of(profile, after.post_count)
            after, reason = announce(
                self._conn, self._config, incident_id, before, after, event_id, now, newest, voices
            )
            self.alerts += reason is not None
            profile.pop("held_until", None)
            if reason is None and after.report_no:
                told = told_of(outbox.last_alert(self._conn, incident_id))
                heard = replace(after, post_count=voices)
                until = held_until(heard, told, now, self._config.routes.decide)
                if until is not None:
                    profile["held_until"] = until.isoformat()
        incidents.update_incident(self._conn, incident_id, after, profile, now)
        self._keep(IncidentRow(incident_id, profile, after, now))

    def _load(self, row: IncidentRow) -> IncidentRow:
        """An incident from the store; one whose memory is broken goes on without it."""
        try:
            self._keep(row)
        except Exception as error:
            self._forgets(row, error)
            row = replace(row, profile={})
            self._keep(row)
        return row

    def _facts_of(self, row: IncidentRow) -> Facts:
        try:
            return Facts.of(row.profile)
        except Exception as error:  # its severity stands with the incident and only rises
            self._forgets(row, error)
            return Facts()

    def _forgets(self, row: IncidentRow, error: Exception) -> None:
        log.warning("incident %s: memory unreadable: %r", row.incident.number, error)
        self.unreadable[row.id] = problem_of(error)

    def _fetch(self, incident_id: int) -> IncidentRow | None:
        row = self._rows.get(incident_id)
        if row is None and (stored := incidents.incident(self._conn, incident_id)) is not None:
            row = self._load(stored)
        return row

    def _keep(self, row: IncidentRow) -> None:
        incident, cluster = row.incident, row.profile.get("cluster") or {}
        hashes = list(cluster.get("hashes", ()))
        candidate = Candidate(
            incident_id=row.id,
            category=incident.category,
            area=incident.area,
            place_code=incident.place_code,
            first_event_at=incident.first_event_at,
            last_event_at=incident.last_event_at,
            profile=cluster,
            open=incident.state.is_open,
        )
        if incident.state is IncidentState.FALSE_ALARM:
            # It takes in copies of its own words only: another post may be about a real matter.
            Known.of(candidate)  # raises where its memory is broken, as `put` does
            self._false_alarms.update(dict.fromkeys(hashes, row.id))
        else:
            self._candidates.put(candidate)
        self._rows[row.id] = row
        self._touched.add(row.id)

    def _undo(self) -> None:
        """Memory as the store is after a post was undone there."""
        for incident_id in self._touched:
            self._rows.pop(incident_id, None)
            self._candidates.drop(incident_id)
            self._false_alarms = {h: i for h, i in self._false_alarms.items() if i != incident_id}
        for incident_id in list(self._touched):
            try:
                self._fetch(incident_id)
            except Exception as error:
                if is_of_the_store(error):
                    raise
                self.unreadable[incident_id] = problem_of(error)

    def _is_fresh(self, row: ToJudge, now: datetime) -> bool:
        """Whether it is news, not history. A time that is shown and cannot be read is no reason to
        take an old post for news (db/undated.py); one too old to be believed is old."""
        if row.published_at is None and not first_seen_is_fair(self._conn, row.post_id):
            return False
        # A clock that was days ahead when the post was first seen must not make it old.
        seen = min(row.first_seen, now)
        return seen - (row.published_at or row.event_at) <= self._config.general.fresh_for
