"""Production outputs that wait for a review, and the seconds that a review took."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "production_outputs",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("adapter", sa.String(130), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("production_outputs_by_adapter", "production_outputs", ["task", "adapter", "at"])
    op.add_column("reviews", sa.Column("seconds", sa.Float))
