"""Within T2: a complaint finds its incident, the incident grows, people are told of real change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from alerts.decide import held_until
from db import incidents, outbox
from db.rows import IncidentRow, ToJudge
from domain.masking import mask
from domain.model import (
    CATEGORY_TITLES,
    Area,
    Assessment,
    Category,
    Incident,
    IncidentState,
)
from gridvoice.app.configuration import Configuration
from gridvoice.app.tasks.announce import announce, told_of
from gridvoice.app.tasks.facts import Facts
from pipeline.candidate_index import CandidateIndex
from pipeline.cluster import Candidate, Features, Item, features, grow_by

# How far back an older incident of the same matter is looked for, to be named as `previous`.
_PREVIOUS_WITHIN = timedelta(days=365)
_AREA_ORDER = (Area.OUTSIDE, Area.UNKNOWN, Area.INSIDE)


class Grouping:
    """The incidents of one transaction: loaded once, kept current as posts join them."""

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
        self._quiet = False
        self._rows: dict[int, IncidentRow] = {}
        self._false_alarms: dict[int, IncidentRow] = {}
        self._candidates = CandidateIndex(config.judging.grouping)
        if complaints:
            oldest = min(row.event_at for row, _ in complaints) - _PREVIOUS_WITHIN
            for row in incidents.live_incidents(conn, oldest):
                self._keep(row)

    def take(self, row: ToJudge, verdict: Assessment, now: datetime, quiet: bool = False) -> None:
        """Put one complaint into its incident, and tell people when that is a real change.

        `quiet`: history found late. Nobody is told and nothing that has ended is opened again.
        """
        self._quiet = quiet
        one = features(_item(row, verdict))
        if row.incident_id is not None:  # an edit: it stays where it is, its facts may be graver
            found = self._rows.get(row.incident_id) or incidents.incident(
                self._conn, row.incident_id
            )
            if found is not None:
                self._join(found, row, verdict, one, now, "edited")
            return
        copied = next((r for r in self._false_alarms.values() if _holds(r, row)), None)
        if copied is not None:
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
        before = row.incident
        cause = f"timer:{row.profile.get('held_until')}"
        event_id = incidents.add_event(self._conn, row.id, "follow_up", cause, now)
        profile = {k: v for k, v in row.profile.items() if k != "held_until"}
        if event_id is not None:
            self._settle(row.id, before, before, profile, event_id, now, None)

    def _open(
        self,
        row: ToJudge,
        verdict: Assessment,
        one: Features,
        now: datetime,
        previous: str | None,
    ) -> None:
        facts = Facts().with_post(row, verdict)
        place = verdict.place
        incident = Incident(
            number="",
            title=_title(row),
            category=verdict.category or Category.BILLING_SERVICE,
            severity=verdict.severity,
            severity_score=verdict.severity_score,
            state=IncidentState.DISCOVERED,
            area=verdict.area,
            place_code=place.code if place else None,
            place=place.name if place else None,
            station=verdict.station,
            first_event_at=row.event_at,
            last_event_at=row.event_at,
            opened_at=row.first_seen,
            post_count=1,
            channels=(row.channel,),
            previous=previous,
            fresh=self._is_fresh(row),
        )
        profile = {"cluster": grow_by(None, one), "facts": facts.to_json()}
        incident_id = incidents.open_incident(
            self._conn, incident, profile, now, self._config.general.time_zone
        )
        incidents.add_post(self._conn, incident_id, row.post_id, now)
        stored = incidents.incident(self._conn, incident_id)
        assert stored is not None
        note = f"首帖：{CATEGORY_TITLES[incident.category]}，{incident.place or '地点不明'}"
        event_id = incidents.add_event(
            self._conn, incident_id, "opened", _cause(row), now, "", note, {"post": row.post_id}
        )
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
        facts = Facts.from_json(found.profile.get("facts", {}))
        facts = facts.with_post(row, verdict, edit=not added)
        rated = self._config.judging.assessor.severity_rules.rate_incident(
            facts.incident_facts(before.post_count + added)
        )
        after = replace(
            _placed(before, verdict),
            severity=max(before.severity, rated.severity, key=lambda s: s.rank),
            severity_score=max(before.severity_score, rated.score),
            first_event_at=min(before.first_event_at, row.event_at),
            last_event_at=max(before.last_event_at, row.event_at),
            post_count=before.post_count + added,
            channels=tuple(dict.fromkeys((*before.channels, row.channel))),
            fresh=before.fresh or self._is_fresh(row),
        )
        returns = before.state is IncidentState.CLOSED and not self._quiet
        if returns:
            after = replace(after, state=IncidentState.DISCOVERED)
        kind = "reopened" if returns else ("joined" if added else "edited")
        data: dict[str, Any] = {"post": row.post_id, "why": why}
        if rated.reasons and after.severity is not before.severity:
            data["raised"] = [f"{r.rule} {r.text}".strip() for r in rated.reasons]
        event_id = incidents.add_event(
            self._conn, found.id, kind, _cause(row), now, "", _joined_note(before, after), data
        )
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
            after, reason = announce(
                self._conn, self._config, incident_id, before, after, event_id, now, newest
            )
            self.alerts += reason is not None
            profile.pop("held_until", None)
            if reason is None and after.report_no:
                told = told_of(outbox.last_alert(self._conn, incident_id))
                until = held_until(after, told, now, self._config.routes.decide)
                if until is not None:
                    profile["held_until"] = until.isoformat()
        incidents.update_incident(self._conn, incident_id, after, profile, now)
        self._keep(IncidentRow(incident_id, profile, after, now))

    def _keep(self, row: IncidentRow) -> None:
        incident = row.incident
        self._rows[row.id] = row
        if incident.state is IncidentState.FALSE_ALARM:
            # It takes in copies of its own words only: another post may be about a real matter.
            self._false_alarms[row.id] = row
            return
        self._candidates.put(
            Candidate(
                incident_id=row.id,
                category=incident.category,
                area=incident.area,
                place_code=incident.place_code,
                first_event_at=incident.first_event_at,
                last_event_at=incident.last_event_at,
                profile=row.profile.get("cluster", {}),
                open=incident.state.is_open,
            )
        )

    def _is_fresh(self, row: ToJudge) -> bool:
        return row.first_seen - row.event_at <= self._config.general.fresh_for


def _holds(incident: IncidentRow, row: ToJudge) -> bool:
    """Whether a post with the very same words is among the incident's."""
    return row.hash in incident.profile.get("cluster", {}).get("hashes", ())


def _item(row: ToJudge, verdict: Assessment) -> Item:
    return Item(
        category=verdict.category,
        area=verdict.area,
        places=verdict.places,
        event_at=row.event_at,
        title=row.title,
        text=row.text,
        hash=row.hash,
        channel=row.channel,
    )


def _cause(row: ToJudge) -> str:
    return f"post:{row.post_id}:{row.version_id}"


def _placed(incident: Incident, verdict: Assessment) -> Incident:
    """The incident located at least as finely as this post says: coarse to fine, never away."""
    area = max(incident.area, verdict.area, key=_AREA_ORDER.index)
    place = verdict.place
    finer = place is not None and (
        incident.place_code is None
        or (place.code != incident.place_code and place.code.startswith(incident.place_code))
    )
    if not finer or place is None:
        return replace(incident, area=area)
    return replace(
        incident,
        area=area,
        place_code=place.code,
        place=place.name,
        station=verdict.station or incident.station,
    )


def _title(row: ToJudge) -> str:
    """The first post's own words, masked: its title, else its first sentence."""
    text = row.title.strip() or re.split(r"[。！？!?\n]", row.text.strip(), maxsplit=1)[0]
    text = " ".join(mask(text).split())
    return text if len(text) <= 40 else text[:39] + "…"


def _joined_note(before: Incident, after: Incident) -> str:
    parts = [f"{before.post_count}帖→{after.post_count}帖"]
    if after.severity is not before.severity:
        parts.append(f"等级 {before.severity.label}→{after.severity.label}")
    return "，".join(parts)
