"""reports of every task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("reports") as table:
        table.add_column(sa.Column("task", sa.String(), server_default="classify", nullable=False))
        table.add_column(sa.Column("metrics", sa.Text(), server_default="{}", nullable=False))
        table.alter_column("accuracy", existing_type=sa.Float(), nullable=True)
    # until now all were of classifiers, and their columns kept one figure
    op.execute("UPDATE reports SET metrics = '{\"accuracy\": ' || accuracy || '}'")


def downgrade() -> None:
    """Take back."""
    op.execute("UPDATE reports SET accuracy = 0 WHERE accuracy IS NULL")
    with op.batch_alter_table("reports") as table:
        table.alter_column("accuracy", existing_type=sa.Float(), nullable=False)
        table.drop_column("metrics")
        table.drop_column("task")
