"""Every object that other programs read: key by key and type by type, masked, and plain JSON.

The tables are the contract. A key may be added to one; to take one away breaks who calls us.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.channels.webhook import payload_of
from alerts.notice.compose import Report, compose
from crawlers.kinds.loading import read_source
from db.outbox import AlertRow, DeliveryRow
from db.posts import PostRow
from db.search import Hit
from db.sources import SourceRow
from db.timeline import EventRow
from domain.alerts import AlertReason, DeliveryState, Outcome, Receipt, SendError
from domain.assessments import Area, Assessment, Category, Place, PostRole, Reason, Severity
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState
from domain.posts import FoundPost
from domain.query.match import Span
from gridvoice.contract import alerts, incidents, posts, sources

Shape = dict[str, Any]

AT = datetime(2026, 11, 24, 3, 10, tzinfo=UTC)
SHOWN_AT = "2026-11-24T11:10:00+08:00"
PHONE, MASKED = "13812345678", "138****5678"

PLACE: Shape = {"name": str, "code": str, "field": str, "start": int, "end": int}
REASON: Shape = {
    "rule": str, "field": str, "start": int, "end": int, "text": str, "weight": float,
}  # fmt: skip
ASSESSED: Shape = {
    "id": object, "relevant": bool, "relevance": float, "complaint": bool, "role": str | None,
    "negativity": float | None, "category": str | None, "aspects": (None, [str]),
    "severity": str | None, "area": str, "places": [PLACE], "station": str | None,
    "reasons": [REASON], "scorer": str,
}  # fmt: skip
SEARCHED: Shape = {
    "id": str, "source": str, "title": str, "text": str, "channel": str, "region": str | None,
    "url": str | None, "published_at": str, "first_seen": str, "incident": str | None,
    "spans": [{"field": str, "start": int, "end": int}],
}  # fmt: skip
SHOWN: Shape = {
    "id": str, "title": str, "text": str, "url": str | None, "channel": str,
    "region": str | None, "published_at": str | None, "reply": str | None,
}  # fmt: skip
REFERENCE: Shape = {"source": str, "id": str}
INCIDENT: Shape = {
    "number": str, "title": str, "category": str, "severity": str, "state": str, "area": str,
    "place": str | None, "place_code": str | None, "station": str | None, "first_post_at": str,
    "last_post_at": str, "post_count": int, "channels": [str], "report_no": int,
    "previous": str | None,
}  # fmt: skip
WHOLE: Shape = {
    **INCIDENT,
    "posts": [
        {**REFERENCE, "channel": str, "title": str, "text": str, "published_at": str,
         "url": str | None}
    ],
    "events": [{"at": str, "kind": str, "who": str, "note": str}],
    "deliveries": [
        {"id": str, "channel": str, "state": str, "reason": str, "report_no": int,
         "attempts": int}
    ],
}  # fmt: skip
DELIVERY: Shape = {
    "id": str, "incident": str, "reason": str, "report_no": int, "severity": str, "title": str,
    "channel": str, "recipient": str, "state": str, "attempts": int, "resend": bool, "at": str,
    "next_at": str, "delivered_at": str | None, "code": str | None, "text": str | None,
    "withdrawn_for": int | None,
}  # fmt: skip
SOURCE: Shape = {
    "name": str, "title": str, "kind": str, "channel": str, "enabled": bool, "every_s": float,
    "last_success_at": str | None, "outcome": str | None, "failures": int, "problem": str | None,
    "posts_found": int,
}  # fmt: skip

ASSESSMENT = Assessment(
    relevant=True, relevance=0.98765432, complaint=True,
    role=PostRole.COMPLAINT, negativity=0.87654321, category=Category.SUPPLY_QUALITY,
    aspects=("low_voltage",), severity=Severity.ORANGE, severity_score=61.0, area=Area.INSIDE,
    places=(Place("小召乡", "411003203", "text", 0, 3),), station="小召供电所",
    reasons=(Reason("低电压", "text", 3, 6, "电压低", 1.23456), Reason.unplaced("传播快", 2.0)),
    scorer="own-1",
)  # fmt: skip
IRRELEVANT = Assessment(
    relevant=False, relevance=0.01, complaint=False, role=PostRole.NEWS,
    negativity=0.5, category=Category.SUPPLY_QUALITY, aspects=("low_voltage",),
    severity=Severity.NONE, severity_score=0.0, area=Area.UNKNOWN, places=(), station=None,
    reasons=(), scorer="own-1",
)  # fmt: skip
POST = PostRow(
    id=7, version_id=9, source="board", key="k1", url=f"https://board.example/{PHONE}",
    channel="gov_board", region="建安区", title="电压低", text=f"小召乡电压低，电话{PHONE}",
    reply=None, reply_at=None, published_raw=None, published_at=AT, event_at=AT, first_seen=AT,
    engagement={}, hash="h", duplicate_of=None, assessed_at=AT, assessment=ASSESSMENT,
    incident_id=3, incident_number="20261124-001",
)  # fmt: skip
FOUND = FoundPost(
    "board", "k1", "电压低", f"电话{PHONE}", "gov_board", published_at=AT, reply=f"已致电{PHONE}"
)
STANDS = Incident(
    number="20261124-001", title=f"电压低 {PHONE}", category=Category.SUPPLY_QUALITY,
    severity=Severity.ORANGE, state=IncidentState.ACKNOWLEDGED, area=Area.INSIDE,
    place_code="411003203", place="小召乡", station="小召供电所", first_event_at=AT,
    last_event_at=AT + timedelta(hours=1), opened_at=AT, post_count=2,
    channels=("gov_board", "weibo"), report_no=1, previous="20261101-002",
)  # fmt: skip
BARE = Incident(
    number="20261124-002", title="停电", category=Category.SUPPLY_QUALITY, severity=Severity.BLUE,
    state=IncidentState.DISCOVERED, area=Area.UNKNOWN, place_code=None, place=None, station=None,
    first_event_at=AT, last_event_at=AT, opened_at=AT, post_count=1, channels=("weibo",),
)  # fmt: skip
EVENT = EventRow(
    1, 3, 1, "acknowledged", Cause.act(), AT, f"张三{PHONE}", f"已致电{PHONE}", {}
)  # fmt: skip
ALERT = AlertRow(
    5, 3, "20261124-001", 1, AlertReason.FIRST, 1, Severity.ORANGE, "【重大·首报】小召乡", {}, AT
)
SENT = DeliveryRow(
    "dlv_1", "duty_group", PHONE, DeliveryState.DELIVERED, 1, False, AT, AT, "0",
    f"sent to {PHONE}", None, ALERT,
)  # fmt: skip
WAITS = DeliveryRow(
    "dlv_2", "duty_group", "", DeliveryState.NEW, 0, False, AT, None, None, None, None, ALERT
)
POLLED = SourceRow(
    name="board", configured=True, cursor={}, next_at=AT, lease_until=None, lease_owner=None,
    last_attempt_at=AT, last_success_at=AT, last_new_at=AT, last_outcome="failed",
    last_problem=f"{PHONE} 404", last_notice=None, failures=2, polls=9, posts_found=40,
    avg_yield=None, pending=0,
)  # fmt: skip
FEED = read_source(
    "{name: board, title: 留言板, kind: feed, channel: gov_board, every: 5m,"
    " url: 'https://board.example/rss'}",
    "board.yaml",
)
REFUSED = SendError(Outcome.BAD_CONFIG, "401", "wrong key")

OBJECTS: dict[str, tuple[Shape, list[Shape]]] = {
    "assess": (
        ASSESSED,
        [posts.assessed_post("a1", ASSESSMENT), posts.assessed_post(None, IRRELEVANT)],
    ),
    "assess, a bad line": ({"line": int, "error": str}, [posts.bad_line(3, "'text' is missing")]),
    "search": (SEARCHED, [posts.searched_post(Hit(POST, (Span("text", 3, 6),)))]),
    "sources check": (
        SHOWN,
        [posts.shown_post(FOUND), posts.shown_post(FoundPost("b", "2", "", "", "weibo"))],
    ),
    "sources check, notice": ({"notice": str}, [sources.noticed(f"看 {PHONE}")]),
    "sources check, problem": ({"problem": str}, [sources.failed(f"404 {PHONE}")]),
    "sources list": (
        SOURCE,
        [sources.source_object("board", FEED, POLLED), sources.source_object("board", FEED, None)],
    ),
    "incidents list": (
        INCIDENT,
        [incidents.incident_object(STANDS), incidents.incident_object(BARE)],
    ),
    "incidents list --posts": (
        {**INCIDENT, "post_ids": [str], "posts": [REFERENCE]},
        [incidents.incident_with_posts(STANDS, [POST]), incidents.incident_with_posts(BARE, [])],
    ),
    "incidents show": (
        WHOLE,
        [incidents.whole_incident(STANDS, [POST], [EVENT], [SENT, WAITS])],
    ),
    "incidents ack, close": (
        {"number": str, "state": str, "who": str},
        [incidents.acted_on(STANDS, "张三")],
    ),
    "alerts list": (DELIVERY, [alerts.delivery_object(SENT), alerts.delivery_object(WAITS)]),
    "alerts test": (
        {"channel": str, "ok": bool, "code": str, "text": str},
        [alerts.accepted_trial("duty_group", Receipt("0", "ok"))],
    ),
    "alerts test, refused": (
        {"channel": str, "ok": bool, "outcome": str, "code": str, "text": str},
        [alerts.refused_trial("duty_group", REFUSED)],
    ),
    "alerts retry": ({"retried": [str]}, [alerts.requeued(["dlv_1"])]),
}


def differences(value: Any, shape: Any, where: str = "") -> list[str]:
    """Where a value read from JSON is not of the shape; (None, shape) may be null."""
    if isinstance(shape, tuple):
        return [] if value is None else differences(value, shape[1], where)
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        found = [f"{where}.{key}: not in the contract" for key in value.keys() - shape.keys()]
        found += [f"{where}.{key}: missing" for key in shape.keys() - value.keys()]
        for key in shape.keys() & value.keys():
            found += differences(value[key], shape[key], f"{where}.{key}")
        return found
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [said for one in value for said in differences(one, shape[0], f"{where}[]")]
    # bool is an int to Python, not to who calls us; 2 is a float to JSON.
    if isinstance(value, bool):
        fits = shape in (bool, object)
    else:
        fits = isinstance(value, shape) or (shape is float and isinstance(value, int))
    return [] if fits else [f"{where}: {value!r} is no {shape}"]


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_has_the_keys_and_types_of_the_contract_and_no_private_data(name: str) -> None:
    shape, objects = OBJECTS[name]
    for made in objects:
        line = json.dumps(made, ensure_ascii=False)
        assert differences(json.loads(line), shape, name) == []
        assert PHONE not in line


def test_a_shape_is_held_to_key_by_key_and_type_by_type() -> None:
    assert differences({"a": 1, "b": True}, {"a": str, "c": int}) != []
    assert differences({"a": 1}, {"a": str}) == [".a: 1 is no <class 'str'>"]
    assert differences({"a": True}, {"a": int}) == [".a: True is no <class 'int'>"]
    assert differences({"a": [1]}, {"a": [str]}) == [".a[]: 1 is no <class 'str'>"]
    assert differences({"a": None}, {"a": str | None}) == []


def test_what_does_not_speak_of_an_irrelevant_post_is_null() -> None:
    made = posts.assessed_post("a1", IRRELEVANT)
    for key in ("role", "negativity", "category", "aspects", "severity"):
        assert made[key] is None
    known = posts.assessed_post("a1", ASSESSMENT)
    assert (known["relevance"], known["negativity"]) == (0.9877, 0.8765)
    assert [reason["weight"] for reason in known["reasons"]] == [1.2346, 2.0]


def test_spans_hold_for_the_masked_text_and_times_have_their_offset() -> None:
    made = posts.searched_post(Hit(POST, (Span("text", 3, 6),)))
    (span,) = made["spans"]
    assert made["text"][span["start"] : span["end"]] == "电压低"
    assert made["text"].endswith(MASKED)
    assert made["published_at"] == SHOWN_AT


def test_a_webhook_tells_of_an_incident_in_the_same_words_as_the_commands() -> None:
    told = payload_of(compose(Report(STANDS, AlertReason.FIRST, AT)))
    made = json.loads(json.dumps(incidents.incident_object(STANDS)))
    assert made.items() <= told.items()
