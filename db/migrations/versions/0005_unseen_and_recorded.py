"""What comes from a recording is marked, and so is what machines alone were told. A delivery that a
later report made needless is withdrawn, not deleted. A word with an unseen character inside is
found as that word. The file takes less room.

What was folded before with such characters in it is folded anew, in the search index and in the
hashes of versions. Only the posts that hold one are touched; where their hashes stayed, every one
of them would be an edit of itself when its source shows it again.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from db import search_index
from db.search_index import Indexed
from domain.text import UNSEEN_CLASS, content_hash, fold

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BATCH = 1000
_NEW = re.compile(f"[\u2800{UNSEEN_CLASS}]")
# As they were folded until now; the others stayed as they are.
_OLD = {"\u3164": "\u1160", "\uffa0": "\u1160"}


def upgrade() -> None:
    for table, name in (("versions", "recorded"), ("alerts", "machines_only")):
        op.add_column(
            table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    _may_be_withdrawn()
    _take_less_room()
    _fold_anew()


def _may_be_withdrawn() -> None:
    """A state more. SQLite makes the table anew for it, which nothing may refer to meanwhile."""
    name = "ck_deliveries_state"  # the naming convention puts its own before it, as in 0001
    states = "state IN ('new', 'sending', 'retry', 'delivered', 'dead', 'withdrawn')"
    reason = sa.Column("withdrawn_for", sa.Integer())
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("deliveries", reason)
        op.drop_constraint(name, "deliveries", type_="check")
        op.create_check_constraint(name, "deliveries", states)
        return
    op.execute("CREATE TEMP TABLE kept_attempts AS SELECT * FROM attempts")
    op.execute("DELETE FROM attempts")
    with op.batch_alter_table("deliveries", recreate="always") as table:
        table.add_column(reason)
        table.create_check_constraint(name, states)  # the old one is not taken over
    op.execute("INSERT INTO attempts SELECT * FROM kept_attempts")
    op.execute("DROP TABLE kept_attempts")


def _take_less_room() -> None:
    """An index that no question of ours uses, and a key that was stored twice."""
    op.drop_index("ix_posts_channel_event_at", "posts")
    if op.get_bind().dialect.name == "sqlite":
        without = {"sqlite_with_rowid": False}
        with op.batch_alter_table("assessments", recreate="always", table_kwargs=without):
            pass


def _fold_anew() -> None:
    conn, last = op.get_bind(), 0
    batch = sa.text(
        "SELECT versions.id, versions.post_id, versions.title, versions.text, posts.search_row,"
        " posts.version_id FROM versions JOIN posts ON posts.id = versions.post_id"
        " WHERE versions.id > :last ORDER BY versions.id LIMIT :most"
    )
    while rows := conn.execute(batch, {"last": last, "most": _BATCH}).all():
        last = rows[-1].id
        changed = [row for row in rows if _NEW.search(row.title) or _NEW.search(row.text)]
        if changed:
            _hash(conn, changed)
            _index(conn, [row for row in changed if row.version_id == row.id])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _hash(conn: sa.Connection, rows: Sequence[Any]) -> None:
    """But for a version that now reads as another of its post."""
    conn.execute(
        sa.text(
            "UPDATE versions SET hash = :hash WHERE id = :id AND NOT EXISTS (SELECT 1 FROM"
            " versions AS other WHERE other.post_id = :post AND other.hash = :hash)"
        ),
        [
            {"id": row.id, "post": row.post_id, "hash": content_hash(row.title, row.text)}
            for row in rows
        ],
    )


def _index(conn: sa.Connection, rows: Sequence[Any]) -> None:
    def entries(spelt: Any) -> list[Indexed]:
        return [
            Indexed(row.post_id, row.search_row, spelt(row.title), spelt(row.text)) for row in rows
        ]

    search_index.remove(conn, entries(_as_before))
    search_index.index(conn, entries(fold))


def _as_before(text: str) -> str:
    """The folded spelling that the index holds: FTS5 without content has to be told."""
    parts: list[str] = []
    position = 0
    for match in _NEW.finditer(text):
        unseen = match[0]
        parts += (fold(text[position : match.start()]), _OLD.get(unseen, unseen))
        position = match.end()
    return "".join((*parts, fold(text[position:])))
