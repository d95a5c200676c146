"""Seals of results and verdicts, what decisions rest on, and their signatures.

Results that are here already get no seal: nothing proves them, so they are made again when they
are needed. Runs and verdicts are proven by the seals and ids that they have.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("outputs", "likelihoods", "vectors", "proofs", "verdicts"):
        op.add_column(table, sa.Column("seal", sa.String(64)))
    op.add_column("runs", sa.Column("imported", sa.Boolean))
    op.add_column("decisions", sa.Column("rests_on", sa.String(64)))
    op.add_column("decisions", sa.Column("signature", sa.String(400)))
