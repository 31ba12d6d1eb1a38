"""What an incident is after one post more: pure, for the grouping that writes it."""

from __future__ import annotations

import re
from dataclasses import replace

from db.rows import ToJudge
from domain.masking import mask
from domain.model import Area, Assessment, Category, Incident, IncidentState
from pipeline.cluster import Item
from pipeline.severity import Rated

_AREA_ORDER = (Area.OUTSIDE, Area.UNKNOWN, Area.INSIDE)


def opened(row: ToJudge, verdict: Assessment, fresh: bool, previous: str | None) -> Incident:
    """The incident that a first post opens; its number is given by the store."""
    place = verdict.place
    return Incident(
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
        fresh=fresh,
    )


def joined(
    before: Incident, row: ToJudge, verdict: Assessment, rated: Rated, added: bool, fresh: bool
) -> Incident:
    """The incident with a post that joined it (or, not `added`, was edited). It only rises."""
    return replace(
        _placed(before, verdict),
        severity=max(before.severity, rated.severity, key=lambda s: s.rank),
        severity_score=max(before.severity_score, rated.score),
        first_event_at=min(before.first_event_at, row.event_at),
        last_event_at=max(before.last_event_at, row.event_at),
        post_count=before.post_count + added,
        channels=tuple(dict.fromkeys((*before.channels, row.channel))),
        fresh=before.fresh or fresh,
    )


def joined_note(before: Incident, after: Incident) -> str:
    """What the timeline says of it."""
    parts = [f"{before.post_count}帖→{after.post_count}帖"]
    if after.severity is not before.severity:
        parts.append(f"等级 {before.severity.label}→{after.severity.label}")
    return "，".join(parts)


def item(row: ToJudge, verdict: Assessment) -> Item:
    """The post as clustering compares it."""
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


def cause(row: ToJudge) -> str:
    """What makes a second run of the same post harmless."""
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
    text = " ".join(mask(text[:_TITLE_READ]).split())
    return text if len(text) <= 40 else text[:39] + "…"


_TITLE_READ = 4_000  # masking looks at whole numbers: cut after it, but not read to the end
