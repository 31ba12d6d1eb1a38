"""What incidents are known again by in a table of its own, with an index of what they may share
with a post; timers as rows; roles of an incident's posts; posts are assessed, not judged.

All of it comes, for the incidents that there are, from their profiles, which keep the rest.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Types as they were at this revision; db/columns.py may move on.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
_BATCH = 500


def upgrade() -> None:
    _assessed()
    op.add_column(
        "incident_posts",
        sa.Column("role", sa.Text(), nullable=False, server_default="complaint"),
    )
    keys = op.create_table(
        "incident_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "incident_id", name="pk_incident_keys"),
        sqlite_with_rowid=False,
    )
    likeness = op.create_table(
        "incident_likeness",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name="fk_incident_likeness_incident_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incident_likeness"),
    )
    timers = op.create_table(
        "timers",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_timers_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timers"),
        sa.UniqueConstraint("incident_id", "kind", name="uq_timers_incident_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_timers_kind_due_at", "timers", ["kind", "due_at"])
    _fill(keys, likeness, timers)


def _assessed() -> None:
    """One word for 研判: the columns and their index are called by it."""
    for name in ("at", "by"):
        op.execute(f"ALTER TABLE versions RENAME COLUMN judged_{name} TO assessed_{name}")
    op.drop_index("ix_versions_unjudged", "versions")
    waiting = sa.text("assessed_at IS NULL")
    op.create_index(
        "ix_versions_unassessed",
        "versions",
        ["id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _fill(keys: sa.Table, likeness: sa.Table, timers: sa.Table) -> None:
    conn, last = op.get_bind(), 0
    batch = sa.text(
        "SELECT id, CAST(profile AS TEXT) AS profile FROM incidents WHERE id > :last"
        " ORDER BY id LIMIT :most"
    )
    strip = sa.text("UPDATE incidents SET profile = :profile WHERE id = :id").bindparams(
        sa.bindparam("profile", type_=JSON)
    )
    while rows := conn.execute(batch, {"last": last, "most": _BATCH}).all():
        last = rows[-1].id
        for row in rows:
            profile = _read(row.profile)
            if profile is None:
                continue
            cluster = profile.pop("cluster", None)
            written, found = _written(cluster), set(_keys_of(cluster))
            if written is not None and found:
                digest = hashlib.blake2b(written.encode(), digest_size=16).hexdigest()
                values = {"incident_id": row.id, "digest": digest, "written": written}
                conn.execute(likeness.insert(), values)
                conn.execute(keys.insert(), [{"key": k, "incident_id": row.id} for k in found])
            if "held_until" in profile:
                due = _moment(profile.pop("held_until"))
                values = {"incident_id": row.id, "kind": "held", "due_at": due, "data": {}}
                conn.execute(timers.insert(), values)
            conn.execute(strip, {"profile": profile, "id": row.id})


def _read(written: Any) -> dict[str, Any] | None:
    """A profile; None where it is broken: such an incident goes on without its memory."""
    try:
        profile = json.loads(written)
    except (TypeError, ValueError, RecursionError):
        return None
    return profile if isinstance(profile, dict) else None


def _moment(held: Any) -> datetime:
    """When a held-back change was to be told; what cannot be read is due at once."""
    try:
        return datetime.fromisoformat(held).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return datetime(2000, 1, 1, tzinfo=UTC)


def _written(cluster: Any) -> str | None:
    """As db/incident_likeness.py had it at this revision; None where it is broken."""
    try:
        terms = sorted(cluster["terms"].items(), key=lambda pair: (-pair[1], pair[0]))
        by_weight = groupby(terms, key=itemgetter(1))
        new = {
            "posts": int(cluster.get("posts", 0)),
            "terms": [" ".join([str(float(w)), *(t for t, _ in some)]) for w, some in by_weight],
            "hashes": [str(text_hash) for text_hash in cluster["hashes"]],
            "places": {kind: sorted(cluster["places"][kind]) for kind in cluster["places"]},
        }
        return json.dumps(new, ensure_ascii=False, separators=(",", ":"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _called_by(stem: str) -> str:
    name, _, holder = stem.partition("@")
    return name[:3] if len(name) > 2 and len(holder) != 6 else f"{name[:2]}@{holder}"


def _keys_of(cluster: Any) -> Iterator[str]:
    """As pipeline/incidents/profile.py had them at this revision."""
    try:
        hashes = [f"#{text_hash}" for text_hash in cluster.get("hashes", ())]
        places = cluster.get("places", {})
        named = [
            f"{kind}:{value}"
            for kind in ("sites", "names", "roads")
            for value in places.get(kind, ())
        ]
        near = "@" if places.get("sites") else ""
        named += [f"{near}town:{value}" for value in places.get("towns", ())]
        named += [f"{near}stem:{_called_by(stem)}" for stem in places.get("stems", ())]
        heaviest = sorted(cluster.get("terms", {}).items(), key=lambda pair: (-pair[1], pair[0]))
        terms = [f"{near}{term}" for term, _ in heaviest[:32]]
    except (AttributeError, TypeError):
        return
    yield from (*hashes, *named, *terms)
