"""Found posts, assessments and incidents written for the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from db import incidents
from domain.assessments import Area, Assessment, Category, Place, PostRole, Reason, Severity
from domain.incidents.incident import Incident, IncidentState
from domain.posts import Evidence, FoundPost

NOW = datetime(2026, 11, 24, 3, 10, tzinfo=UTC)
AUTHOR_KEY = b"a secret of the tests"
PAGE = Evidence("https://board.example/1", 200, NOW, "<h1>电压低</h1>".encode(), "text/html")


def found(key: str = "1", text: str = "小召乡电压低, 冰箱不能用", **changes: Any) -> FoundPost:
    """A post as a board showed it."""
    post = FoundPost(
        source="board",
        key=key,
        title="电压低何时解决",
        text=text,
        channel="gov_board",
        url=f"https://board.example/{key}",
        region="许昌市",
        author="王先生",
        published_raw="2026-11-24 10:00",
        published_at=NOW - timedelta(hours=1),
        engagement={"likes": 1},
    )
    return replace(post, **changes)


def assessment(**changes: Any) -> Assessment:
    """A complaint about low voltage."""
    base = Assessment(
        relevant=True,
        relevance=0.98,
        complaint=True,
        role=PostRole.COMPLAINT,
        negativity=0.8,
        category=Category.SUPPLY_QUALITY,
        aspects=("low_voltage",),
        severity=Severity.YELLOW,
        severity_score=0.5,
        area=Area.INSIDE,
        places=(Place("小召乡", "411002100", "text", 0, 3),),
        station="小召供电所",
        reasons=(Reason("low_voltage", "text", 3, 6, "电压低", 1.5),),
        scorer="own-1",
    )
    return replace(base, **changes)


def incident(**changes: Any) -> Incident:
    """An incident of one post."""
    base = Incident(
        number="",
        title="小召乡电压低",
        category=Category.SUPPLY_QUALITY,
        severity=Severity.YELLOW,
        state=IncidentState.DISCOVERED,
        area=Area.INSIDE,
        place_code="411002100",
        place="小召乡",
        station="小召供电所",
        first_event_at=NOW - timedelta(hours=1),
        last_event_at=NOW - timedelta(hours=1),
        opened_at=NOW,
        post_count=1,
        channels=("gov_board",),
    )
    return replace(base, **changes)


def opened(
    conn: Connection, now: datetime = NOW, profile: dict[str, Any] | None = None, **changes: Any
) -> int:
    """An incident of one post in the store, under the next number of its day."""
    what = incident(**changes)
    what = replace(what, number=incidents.next_number(conn, what.opened_at))
    return incidents.open_incident(conn, what, profile or {}, now)
