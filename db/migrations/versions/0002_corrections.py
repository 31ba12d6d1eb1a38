"""Corrections by people, and what was asked of a second opinion.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Types as they were at this revision; db/columns.py may move on.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", ID, nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(
            "what IN ('complaint', 'not_complaint', 'irrelevant', 'false_alarm')",
            name="ck_corrections_what",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_version_id", "corrections", ["version_id"], unique=False)
    op.create_table(
        "opinions_asked",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("scorer", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["versions.id"],
            name="fk_opinions_asked_version_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_opinions_asked"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_opinions_asked_version_id", "opinions_asked", ["version_id"], unique=False)
    op.create_index("ix_opinions_asked_at", "opinions_asked", ["at"], unique=False)
    _keep_corrections()


def downgrade() -> None:
    raise NotImplementedError("corrections are evidence; restore a backup instead")


def _keep_corrections() -> None:
    """Who said what of a post is evidence: rows are added, never changed."""
    words = "corrections is append-only"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.get_bind().exec_driver_sql(
                f"CREATE TRIGGER corrections_no_{verb.lower()} BEFORE {verb} "
                f"ON corrections BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        return
    op.get_bind().exec_driver_sql(
        "CREATE FUNCTION refuse_change_of_corrections() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    op.get_bind().exec_driver_sql(
        "CREATE TRIGGER corrections_no_change BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_corrections()"
    )
