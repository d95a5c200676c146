"""The first tables: outputs by content, runs, verdicts, decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outputs",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("tokens", sa.Integer),
        sa.Column("finish", sa.String(8), nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
    )
    op.create_table(
        "likelihoods",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("nll", sa.Float),
    )
    op.create_table(
        "vectors",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "proofs",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("shift", sa.Float, nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(160), nullable=False, unique=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("adapter", sa.String(130), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("benchmark", sa.String(64), nullable=False),
        sa.Column("task", sa.String(64)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    op.create_index("runs_by_adapter", "runs", ["benchmark", "adapter"])
    op.create_table(
        "run_cases",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.seq"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "run_scores",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.seq"), primary_key=True),
        sa.Column("case_id", sa.String(200), primary_key=True),
        sa.Column("metric", sa.String(64), primary_key=True),
        sa.Column("value", sa.Float),
    )
    op.create_table(
        "verdicts",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("run", sa.String(160), nullable=False),
        sa.Column("candidate", sa.String(130), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("benchmark", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("verdicts_by_candidate", "verdicts", ["benchmark", "candidate"])
    op.create_table(
        "decisions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("adapter", sa.String(130), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(160)),
        sa.Column("case", sa.String(200)),
        sa.Column("override", sa.Boolean, nullable=False),
        sa.Column("base", sa.String(64)),
        sa.Column("benchmark", sa.String(64)),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("policy", sa.String(64)),
    )
    op.create_index("decisions_by_task", "decisions", ["task", "seq"])
