"""One incident: what it is, why it was flagged, its posts, its timeline, what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from db import timers
from db.pages import incident as read
from db.pages.board import read_arrivals, read_reopened
from db.pages.incident import ShownPost
from db.timeline import EventRow
from domain.assessments import Place, PostRole, Reason
from domain.incidents.acts import ACTS
from domain.incidents.events import TimerKind
from domain.masking.links import openable
from domain.masking.mask import mask, mask_address
from domain.posts import PostChannel
from gridvoice.console.incidents.cards import card
from gridvoice.console.incidents.growth import LONGEST
from gridvoice.console.incidents.reasons import rule_title, weigh
from gridvoice.console.incidents.timeline import story
from gridvoice.console.shared.context import Context, PlaybookCard
from gridvoice.console.shared.highlights import MarkedSpan, Piece, marked, readable, split
from gridvoice.console.shared.pager import pager
from gridvoice.console.shared.wording import Moment, counted, moment

_POSTS_A_PAGE = 30
_EVENTS_SHOWN = 300
_POSTS_WEIGHED = 200
_MARKED = 10  # phrases marked in a post: single characters and the long tail only distract
_FOLD_AFTER = 240  # characters of a post shown before the fold
_BLANK = re.compile(r"\{(\w+)\}")  # in a draft, to be filled in by whoever answers
_BLANKS = {
    "place": "地点",
    "finding": "原因",
    "arrived": "到达时间",
    "when": "完成时间",
    "action": "处理措施",
    "contact": "联系人、电话",
}
_ENGAGEMENT = {
    "reposts": "转发",
    "shares": "转发",
    "comments": "评论",
    "replies": "回复",
    "likes": "点赞",
    "views": "阅读",
    "reads": "阅读",
}


@dataclass(frozen=True, slots=True)
class PostView:
    """帖文 for a template: masked, in pieces, its reasons and places marked."""

    id: int
    channel: str
    source: str
    region: str
    at: Moment
    seen: Moment
    marks: tuple[str, ...]
    title: list[Piece]
    text: list[Piece]
    more: list[Piece]
    more_count: int
    reply: str
    reply_at: Moment | None
    engagement: str
    href: str


@dataclass(frozen=True, slots=True)
class FormView:
    """What was typed, to be shown again beside what was wrong with it."""

    act: str = ""
    who: str = ""
    note: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class IncidentView:
    """What of an incident its own page alone shows: its place with all that it lies in, and who did
    the last act."""

    chain: tuple[str, ...]
    taken: str


def incident_page(
    conn: Connection, number: str, page: int, context: Context, now: datetime
) -> dict[str, Any] | None:
    """What incident.html shows; None: there is no such incident."""
    found = read.read_incident(conn, number)
    if found is None:
        return None
    incident = found.incident
    arrivals = read_arrivals(conn, [found.id], now - LONGEST).get(found.id, ())
    reopened = bool(read_reopened(conn, [found.id]))
    held = timers.waiting(conn, TimerKind.HELD, [found.id], now).get(found.id)
    shown = card(found, arrivals, reopened, held, now, width=240, height=64)
    pages = pager(
        page, incident.post_count, _POSTS_A_PAGE, lambda n: f"/incidents/{number}?page={n}#posts"
    )
    posts = read.read_posts(conn, found.id, pages.number, _POSTS_A_PAGE)
    events, older = read.read_events(conn, found.id, _EVENTS_SHOWN)
    titles = {name: one.title for name, one in context.config.channels.items()}
    chain = tuple(context.place_chain(incident.place_code)) if incident.place_code else ()
    return {
        "card": shown,
        "incident": IncidentView(
            chain or ((shown.place,) if shown.place else ()), _taken(events, now)
        ),
        "reasons": weigh(read.read_grounds(conn, found.id, _POSTS_WEIGHED)),
        "posts": [_post(post, context, now) for post in posts],
        "pages": pages,
        "story": story(events, read.read_alerts(conn, found.id), titles, now, shown.held),
        "story_left": older,
        "playbook": _playbook(context, incident.category, shown.place),
    }


def _playbook(context: Context, category: str, place: str | None) -> PlaybookCard | None:
    """The category's playbook, the draft of its reply filled in as far as we know."""
    card = context.playbooks.get(category)
    if card is None:
        return None
    known = {"place": place} if place else {}
    reply = _BLANK.sub(lambda m: known.get(m[1]) or f"【{_BLANKS.get(m[1], m[1])}】", card.reply)
    return replace(card, reply=reply)


def _taken(events: Sequence[EventRow], now: datetime) -> str:
    """Who did the last act, when, and what they said."""
    titles = {rule.kind: rule.title for rule in ACTS.values()}
    for event in events:
        if event.kind in titles and event.who:
            when = moment(event.at, now).short
            note = f"：{mask(event.note)}" if event.note else "。"
            return f"{mask(event.who)} 于{when}{titles[event.kind]}{note}"
    return ""


def _post(row: ShownPost, context: Context, now: datetime) -> PostView:
    spans = _spans("text", row.reasons, row.places)
    text, more = split(readable(row.text, spans), _FOLD_AFTER)
    more_count = sum(len(piece.text) for piece in more)
    if more_count < 60:  # a fold that hides a line is worse than the line
        text, more = [*text, *more], []
    source = context.sources.get(row.source)
    # Channels without titles get one from the text's beginning: said once is enough.
    repeated = row.text.startswith(row.title.rstrip("….") or "\n")
    marks = [PostRole(row.role).label] if row.role not in (None, PostRole.COMPLAINT) else []
    if row.copied_from is not None:
        marks.append("重复" if row.copied_from == row.source else "转载")
    return PostView(
        id=row.id,
        channel=PostChannel.label_of(row.channel),
        source=source.title if source else row.source,
        region=mask(row.region) if row.region else "",
        at=moment(row.event_at, now),
        seen=moment(row.first_seen, now),
        marks=tuple(marks),
        title=[] if repeated else marked(row.title, _spans("title", row.reasons, row.places)),
        text=text,
        more=more,
        more_count=more_count,
        reply="".join(p.text for p in readable(row.reply, ())) if row.reply else "",
        reply_at=moment(row.reply_at, now) if row.reply_at else None,
        engagement=_engagement(row.engagement),
        href=original_href(row.id, row.url),
    )


def _spans(field: str, reasons: Sequence[Reason], places: Sequence[Place]) -> list[MarkedSpan]:
    """Places first, so that a reason over a place is what shows."""
    spans = [
        MarkedSpan(p.start, p.end, "place", f"地点：{p.name}") for p in places if p.field == field
    ]
    weighty = sorted(
        (r for r in reasons if r.weight > 0 and r.end - r.start > 1), key=lambda r: -r.weight
    )[:_MARKED]
    # The weightiest last: it wins where phrases overlap.
    for r in (r for r in reversed(weighty) if r.field == field):
        spans.append(MarkedSpan(r.start, r.end, "reason", f"{rule_title(r.rule)} {r.weight:+.1f}"))
    return spans


def _engagement(found: Mapping[str, int]) -> str:
    parts: dict[str, int] = {}
    for key, count in found.items():
        label = _ENGAGEMENT.get(key)
        if label and count:
            parts[label] = max(parts.get(label, 0), count)
    return " · ".join(f"{label} {counted(count)}" for label, count in parts.items())


def original_href(post_id: int, url: str | None) -> str:
    """A link to the original; one whose address holds what masking covers goes through us."""
    there = openable(url)
    if there is None:
        return ""
    return there if mask_address(there) == there else f"/posts/{post_id}/original"
