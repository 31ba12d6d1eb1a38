"""What was set aside, how each alert channel fares, and what troubles the operator was told of.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Types as they were at this revision; db/columns.py may move on.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", ID, nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside"),
        sa.UniqueConstraint("lane", "ref", name="uq_set_aside_lane_ref"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("channel_states") as table:
        table.add_column(sa.Column("down_since", TIME))
        table.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("probe_at", TIME))
        table.add_column(sa.Column("succeeded_at", TIME))
    with op.batch_alter_table("deliveries") as table:
        table.add_column(
            sa.Column("counted_from", sa.Integer(), nullable=False, server_default="0")
        )
    op.create_index("ix_sources_last_attempt_at", "sources", ["last_attempt_at"])
    op.create_index("ix_deliveries_channel_state", "deliveries", ["channel", "state"])
    undated = sa.text("published_at IS NULL AND published_raw IS NOT NULL")
    op.create_index(
        "ix_posts_undated", "posts", ["event_at"], sqlite_where=undated, postgresql_where=undated
    )
    op.create_table(
        "troubles",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("told_at", TIME),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("key", name="pk_troubles"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
