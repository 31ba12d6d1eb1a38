"""What an incident is after a post: values in, values out; the task reads before, writes after."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.assessments import Area, Assessment, Category, PostRole
from domain.incidents.events import EventKind
from domain.incidents.incident import Incident, IncidentState
from domain.masking.mask import mask
from pipeline.incidents.post import PostFacts
from pipeline.incidents.profile import Profile
from pipeline.severity.rate import SeverityRules

_AREA_ORDER = (Area.OUTSIDE, Area.UNKNOWN, Area.INSIDE)
_TITLE_CHARS = 40
_TITLE_READ = 4_000  # masking looks at whole numbers: cut after it, but not read to the end


@dataclass(frozen=True, slots=True)
class Change:
    """What a post makes of an incident, and the entry of its timeline that says so."""

    after: Incident
    profile: Profile
    kind: EventKind
    note: str
    data: dict[str, Any] = field(default_factory=dict)


def begin(post: PostFacts, number: str, fresh: bool, previous: str | None, now: datetime) -> Change:
    """The incident that a first complaint opens."""
    assessment, place = post.assessment, post.assessment.place
    # A person may call a post a complaint that no model gave a category.
    category = assessment.category or Category.BILLING_SERVICE
    incident = Incident(
        number=number,
        title=_title(post),
        category=category,
        severity=assessment.severity,
        severity_score=assessment.severity_score,
        state=IncidentState.DISCOVERED,
        area=assessment.area,
        place_code=place.code if place else None,
        place=place.name if place else None,
        station=assessment.station,
        first_event_at=post.at,
        last_event_at=post.at,
        opened_at=post.first_seen,
        post_count=1,
        channels=(post.channel,),
        previous=previous,
        fresh=fresh,
    )
    note = f"首帖：{category.label}，{incident.place or '地点不明'}"
    return Change(incident, _grown(Profile(), post, now), EventKind.OPENED, note)


def absorb(
    incident: Incident,
    profile: Profile,
    post: PostFacts,
    now: datetime,
    rules: SeverityRules,
    *,
    fresh: bool,
    added: bool = True,
    late: bool = False,
) -> Change:
    """The incident with a post that joined it or, not `added`, was edited in it.

    A complaint grows it: it only rises, and where it was closed it is discovered anew, unless the
    post was found `late`. What is no complaint (a reply, news, a notice, thanks, …) is a member and
    an entry of the timeline, and changes nothing else: `post_count` counts complaints.
    """
    kind = EventKind.JOINED if added else EventKind.EDITED
    if post.role is not PostRole.COMPLAINT:
        return Change(incident, profile, kind, f"{post.role.label}并入")
    grown = _grown(profile, post, now, edit=not added)
    rated = rules.rate_incident(grown.facts.for_rating(incident.post_count + added))
    after = replace(
        _placed(incident, post.assessment),
        severity=max(incident.severity, rated.severity),
        severity_score=max(incident.severity_score, rated.score),
        first_event_at=min(incident.first_event_at, post.at),
        last_event_at=max(incident.last_event_at, post.at),
        post_count=incident.post_count + added,
        channels=tuple(dict.fromkeys((*incident.channels, post.channel))),
        fresh=incident.fresh or fresh,
    )
    if incident.state is IncidentState.CLOSED and not late:
        after, kind = replace(after, state=IncidentState.DISCOVERED), EventKind.REOPENED
    data: dict[str, Any] = {}
    if rated.reasons and after.severity is not incident.severity:
        data["raised"] = [f"{r.rule} {r.text}".strip() for r in rated.reasons]
    return Change(after, grown, kind, _joined_note(incident, after), data)


def _grown(profile: Profile, post: PostFacts, now: datetime, edit: bool = False) -> Profile:
    return Profile(profile.likeness.with_post(post), profile.facts.with_post(post, now, edit=edit))


def _joined_note(before: Incident, after: Incident) -> str:
    """What the timeline says of it."""
    parts = [f"{before.post_count}帖→{after.post_count}帖"]
    if after.severity is not before.severity:
        parts.append(f"等级 {before.severity.label}→{after.severity.label}")
    return "，".join(parts)


def _placed(incident: Incident, assessment: Assessment) -> Incident:
    """The incident located at least as finely as this post says: coarse to fine, never away."""
    area = max(incident.area, assessment.area, key=_AREA_ORDER.index)
    place = assessment.place
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
        station=assessment.station or incident.station,
    )


def _title(post: PostFacts) -> str:
    """The first post's own words, masked: its title, else its first sentence."""
    text = post.title.strip() or re.split(r"[。！？!?\n]", post.text.strip(), maxsplit=1)[0]
    text = " ".join(mask(text[:_TITLE_READ]).split())
    return text if len(text) <= _TITLE_CHARS else text[: _TITLE_CHARS - 1] + "…"
