"""What a post is to its matter stands with its assessment.

Of what was assessed before, only the complaints are known; a rescore tells the rest.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assessments", sa.Column("role", sa.Text()))
    op.execute("UPDATE assessments SET role = 'complaint' WHERE complaint")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
