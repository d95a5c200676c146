"""The project whose rows these are, so that two projects with one store keep them apart.

A store that is here already belongs to no project; the first that opens it adopts its rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("owner", sa.Column("project", sa.String(64), primary_key=True))
