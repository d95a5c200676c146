"""What live endpoints answered the last time they were asked."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "endpoint_checks",
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("url", sa.String(400), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
