"""What the queries give back: frozen values, the words of `domain` where it has one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.events import Cause
from domain.model import Assessment, DeliveryState, Incident, Reason, Severity


@dataclass(frozen=True, slots=True)
class SourceRow:
    """How polling of a source goes, for the health page."""

    name: str
    configured: bool
    cursor: dict[str, Any]
    next_at: datetime
    lease_until: datetime | None
    lease_owner: str | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    last_outcome: str | None
    last_problem: str | None
    last_notice: str | None
    failures: int
    polls: int
    posts_found: int
    avg_yield: float | None
    pending: int


@dataclass(frozen=True, slots=True)
class ToJudge:
    """A version that no scorer has judged yet, with what judging and grouping need.

    `duplicate_of` is the first post that held the same text; `incident_id` is set where the post
    already belongs to an incident (this is an edit of it).
    """

    version_id: int
    post_id: int
    source: str
    key: str
    title: str
    text: str
    channel: str
    region: str | None
    url: str | None
    published_at: datetime | None
    event_at: datetime
    first_seen: datetime
    engagement: dict[str, int]
    hash: str
    duplicate_of: int | None
    incident_id: int | None
    author_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as it stands: its current version, and the assessment of it if it was judged."""

    id: int
    version_id: int
    source: str
    key: str
    url: str | None
    channel: str
    region: str | None
    title: str
    text: str
    reply: str | None
    reply_at: datetime | None
    published_raw: str | None
    published_at: datetime | None
    event_at: datetime
    first_seen: datetime
    engagement: dict[str, int]
    hash: str
    duplicate_of: int | None
    judged_at: datetime | None
    assessment: Assessment | None
    incident_id: int | None
    incident_number: str | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What decided about it; none where it was not judged."""
        return self.assessment.reasons if self.assessment else ()


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a post, with where its evidence was fetched."""

    id: int
    post_id: int
    hash: str
    title: str
    text: str
    reply: str | None
    reply_at: datetime | None
    seen_at: datetime
    evidence_sha256: str | None
    fetched_url: str | None
    fetched_at: datetime | None
    status: int | None
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident with its key in the store and what grouping remembers of it, as it is written."""

    id: int
    profile: dict[str, Any]
    incident: Incident
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """One entry of an incident's timeline; never changed once written."""

    id: int
    incident_id: int
    seq: int
    kind: str
    cause: Cause
    at: datetime
    who: str
    note: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as it was decided; `body` is what rendering was given, opaque here."""

    id: int
    incident_id: int
    incident_number: str
    event_id: int
    reason: str
    report_no: int
    severity: Severity
    title: str
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this worker alone may send until the lease runs out.

    `attempts` counts those begun so far. `resend`: one of them may have been accepted, so the
    message is marked 重发.
    """

    delivery_id: str
    channel: str
    recipient: str
    attempts: int
    resend: bool
    alert: AlertRow


@dataclass(frozen=True, slots=True)
class Tries:
    """Attempts of a delivery that count: how many, how many of them were refused for the message's
    own sake, and when the first began."""

    count: int
    refused: int
    first_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One alert on its way through one channel, as it stands."""

    id: str
    channel: str
    recipient: str
    state: DeliveryState
    attempts: int
    resend: bool
    next_at: datetime
    delivered_at: datetime | None
    last_code: str | None
    last_text: str | None
    alert: AlertRow


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt to send; `finished_at` None: begun, and its outcome was never recorded."""

    delivery_id: str
    n: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    code: str | None
    text: str | None
