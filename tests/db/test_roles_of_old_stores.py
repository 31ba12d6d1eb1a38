"""A store of an older version knows the role of its complaints, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, text

from db import schema
from db.engine import open_engine, read, upgrade, write
from db.tables import assessments


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_complaints_of_an_older_store_are_complaints(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    if kind == "postgresql":
        url = str(request.getfixturevalue("empty_postgresql_url"))
    engine = open_engine(url)
    at = "2026-11-24 08:00:00.000000"
    with write(engine) as conn:
        config = schema._configuration()
        config.attributes["connection"] = conn
        command.upgrade(config, "0004")
        conn.execute(
            text(
                "INSERT INTO posts (id, source, key, channel, event_at, first_seen, engagement)"
                " VALUES (1, 's', 'k', 'weibo', :at, :at, '{}')"
            ),
            {"at": at},
        )
        conn.execute(
            text(
                "INSERT INTO versions (id, post_id, hash, title, text, seen_at)"
                " VALUES (1, 1, 'h', '', '停电', :at)"
            ),
            {"at": at},
        )
        for scorer, complaint in (("yes", True), ("no", False)):
            conn.execute(
                text(
                    "INSERT INTO assessments (version_id, scorer, relevant, relevance, complaint,"
                    " aspects, severity, severity_score, area, places, reasons, at) VALUES"
                    " (1, :scorer, :yes, 0.9, :complaint, '[]', 'none', 0, 'unknown', '[]', '[]',"
                    " :at)"
                ),
                {"scorer": scorer, "yes": True, "complaint": complaint, "at": at},
            )
    upgrade(engine)
    with read(engine) as conn:
        known = select(assessments.c.scorer, assessments.c.role)
        assert {row.scorer: row.role for row in conn.execute(known)} == {
            "yes": "complaint",
            "no": None,
        }
    engine.dispose()
