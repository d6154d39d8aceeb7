"""API keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "serve_key_usage",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.Column("near", sa.BigInteger(), nullable=False),
        sa.Column("unsure", sa.BigInteger(), nullable=False),
        sa.Column("entropy", sa.Float(), nullable=False),
        sa.Column("format", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint(
            "project", "name", "day", "server", name=op.f("pk_serve_key_usage")
        ),
    )
    op.create_table(
        "serve_keys",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("deployments", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=27), nullable=False),
        sa.Column("format", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_serve_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_serve_keys_digest")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("serve_keys")
    op.drop_table("serve_key_usage")
