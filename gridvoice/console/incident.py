"""One incident: what it is, why it was flagged, its posts, its timeline, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from domain.masking import mask, mask_address
from domain.model import PostChannel
from domain.safe_links import openable
from gridvoice.console import queries
from gridvoice.console.board import Pages
from gridvoice.console.cards import Card, card
from gridvoice.console.growth import LONGEST
from gridvoice.console.marks import Piece, Span, marked, readable, split
from gridvoice.console.reasons import rule_title, weigh
from gridvoice.console.story import story
from gridvoice.console.surroundings import Surroundings
from gridvoice.console.words import Moment, counted, moment

_POSTS_A_PAGE = 30
_EVENTS_SHOWN = 300
_POSTS_WEIGHED = 200
_MARKED = 10  # phrases marked in a post: single characters and the long tail only distract
_FOLD_AFTER = 240  # characters of a post shown before the fold
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


def incident_page(
    conn: Connection, number: str, page: int, around: Surroundings, now: datetime
) -> dict[str, Any] | None:
    """The context of incident.html; None: there is no such incident."""
    row = queries.read_incident(conn, number)
    if row is None:
        return None
    arrivals = queries.read_arrivals(conn, [row.id], now - LONGEST).get(row.id, ())
    reopened = bool(queries.read_reopened(conn, [row.id]))
    shown = card(row, arrivals, reopened, now, width=240, height=64)
    last = max(1, -(-row.post_count // _POSTS_A_PAGE))
    page = min(page, last)
    posts = queries.read_posts(conn, row.id, page, _POSTS_A_PAGE)
    events, older = queries.read_events(conn, row.id, _EVENTS_SHOWN)
    deliveries = queries.read_deliveries(conn, row.id)
    return {
        "i": _IncidentView(
            shown,
            tuple(around.place_chain(row.place_code)) if row.place_code else (),
            _taken(events, now),
        ),
        "reasons": weigh(queries.read_reasons(conn, row.id, _POSTS_WEIGHED), around.rule_titles),
        "posts": [_post(post, around, now) for post in posts],
        "pages": _pages(number, page, last),
        "story": story(events, deliveries, around.channel_titles, now),
        "story_left": older,
        "playbook": around.playbooks.get(row.category),
    }


class _IncidentView:
    """A card with what only the incident's own page shows."""

    def __init__(self, shown: Card, chain: Sequence[str], taken: str) -> None:
        self._card = shown
        self.chain = chain or ((shown.place,) if shown.place else ())
        self.taken = taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._card, name)


def _taken(events: Sequence[Row[Any]], now: datetime) -> str:
    """Who did the last act, when, and what they said."""
    words = {"acknowledged": "接收", "closed": "办结", "false_alarm": "判为误报"}
    for event in events:
        if event.kind in words and event.who:
            when = moment(event.at, now).short
            note = f"：{mask(event.note)}" if event.note else "。"
            return f"{mask(event.who)} 于{when}{words[event.kind]}{note}"
    return ""


def _post(row: Row[Any], around: Surroundings, now: datetime) -> PostView:
    reasons, places = row.reasons or [], row.places or []
    spans = _spans("text", reasons, places, around)
    text, more = split(readable(row.text, spans), _FOLD_AFTER)
    more_count = sum(len(piece.text) for piece in more)
    if more_count < 60:  # a fold that hides a line is worse than the line
        text, more = [*text, *more], []
    source = around.sources.get(row.source)
    # Channels without titles get one from the text's beginning: said once is enough.
    repeated = row.text.startswith(row.title.rstrip("….") or "\n")
    marks = []
    if row.duplicate_of is not None:
        marks.append("重复" if row.copied_from == row.source else "转载")
    return PostView(
        id=row.id,
        channel=PostChannel.label_of(row.channel),
        source=source.title if source else row.source,
        region=mask(row.region) if row.region else "",
        at=moment(row.event_at, now),
        seen=moment(row.first_seen, now),
        marks=tuple(marks),
        title=[] if repeated else marked(row.title, _spans("title", reasons, places, around)),
        text=text,
        more=more,
        more_count=more_count,
        reply="".join(p.text for p in readable(row.reply, ())) if row.reply else "",
        reply_at=moment(row.reply_at, now) if row.reply_at else None,
        engagement=_engagement(row.engagement),
        href=original_href(row.id, row.url),
    )


def _spans(
    field_name: str,
    reasons: Sequence[Mapping[str, Any]],
    places: Sequence[Mapping[str, Any]],
    around: Surroundings,
) -> list[Span]:
    """Places first, so that a reason over a place is what shows."""
    spans = [
        Span(p["start"], p["end"], "place", f"地点：{p['name']}")
        for p in places
        if p["field"] == field_name
    ]
    weighty = sorted(
        (r for r in reasons if r["weight"] > 0 and r["end"] - r["start"] > 1),
        key=lambda r: -r["weight"],
    )[:_MARKED]
    # The weightiest last: it wins where phrases overlap.
    for r in (r for r in reversed(weighty) if r["field"] == field_name):
        why = f"{rule_title(r['rule'], around.rule_titles)} {r['weight']:+.1f}"
        spans.append(Span(r["start"], r["end"], "reason", why))
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


def _pages(number: str, page: int, last: int) -> Pages:
    def at(other: int) -> str | None:
        return f"/incidents/{number}?page={other}#posts" if 1 <= other <= last else None

    return Pages(page, last, at(page - 1), at(page + 1))
