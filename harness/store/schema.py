"""The tables, for SQLAlchemy Core: a new store gets these, `migrations/` changes older ones.

`tests/store/test_database.py` compares the two. A row that is addressed by its content has a `key`,
a row with a place in an order a `seq`; `body` is the record as JSON, and the columns beside it
repeat the parts that queries need.

Tested in tests/store/test_database.py.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

HEAD = "0009"
"""The newest migration; equal to what alembic finds in `migrations/versions`."""

metadata = MetaData()

# Alembic's own table, apart from ours: the migration that a store has reached.
ALEMBIC = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32)),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

# The id of the project whose rows these are: one row, or none until a project claims them.
owner = Table("owner", metadata, Column("project", String(64), primary_key=True))

# --- results of engines, by content -----------------------------------------------------------

outputs = Table(
    "outputs",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("tokens", Integer),
    Column("finish", String(8), nullable=False),
    Column("made", String(32), nullable=False),
    Column("seal", String(64)),
)

likelihoods = Table(
    "likelihoods",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("nll", Float),
    Column("seal", String(64)),
)

vectors = Table(
    "vectors",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("seal", String(64)),
)

proofs = Table(
    "proofs",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("shift", Float, nullable=False),
    Column("made", String(32), nullable=False),
    Column("seal", String(64)),
)

# --- runs and their summaries ------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(160), nullable=False, unique=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("adapter", String(130), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("benchmark", String(64), nullable=False),
    Column("task", String(64)),
    Column("fingerprint", String(64), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("started", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("seal", String(64), nullable=False),
    # Of a history file, not made here; empty in rows of older versions, which counts as made here.
    Column("imported", Boolean),
    Index("runs_by_adapter", "benchmark", "adapter", "seq"),
    Index("runs_by_benchmark", "benchmark", "complete", "seq"),
    Index("runs_by_fingerprint", "fingerprint", "digest", "seq", "adapter", "complete"),
)

run_cases = Table(
    "run_cases",
    metadata,
    Column("run", Integer, ForeignKey("runs.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("case_id", String(200), nullable=False),
    Column("body", Text, nullable=False),
)

run_scores = Table(
    "run_scores",
    metadata,
    Column("run", Integer, ForeignKey("runs.seq"), primary_key=True),
    Column("case_id", String(200), primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("value", Float),
)

run_means = Table(
    "run_means",
    metadata,
    Column("run", Integer, ForeignKey("runs.seq"), primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("mean", Float, nullable=False),
    Column("squares", Float, nullable=False),
    Column("benchmark", String(64), nullable=False),
    Column("adapter", String(130), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("started", String(32), nullable=False),
    Index(
        "run_means_over_time",
        *("benchmark", "metric", "adapter", "started"),
        *("run", "fingerprint", "n", "mean", "squares"),
    ),
)

run_slice_means = Table(
    "run_slice_means",
    metadata,
    Column("run", Integer, ForeignKey("runs.seq"), primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("mean", Float, nullable=False),
    Column("squares", Float, nullable=False),
)

# --- verdicts, decisions, reviews --------------------------------------------------------------

verdicts = Table(
    "verdicts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("run", String(160), nullable=False),
    Column("candidate", String(130), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("benchmark", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("made", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("seal", String(64)),
    Index("verdicts_by_candidate", "benchmark", "candidate", "seq"),
    Index("verdicts_by_run", "run", "seq"),
    Index("verdicts_by_fingerprint", "fingerprint", "digest", "seq"),
)

decisions = Table(
    "decisions",
    metadata,
    # Counted by the ledger itself: a database's own counter leaves gaps after a rollback, and a gap
    # has to mean that a row was removed.
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("task", String(64), nullable=False),
    Column("adapter", String(130), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("by", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("verdict", String(160)),
    Column("case", String(200)),
    Column("override", Boolean, nullable=False),
    Column("base", String(64)),
    Column("benchmark", String(64)),
    Column("fingerprint", String(64)),
    Column("policy", String(64)),
    Column("rests_on", String(64)),
    Column("signature", String(400)),
    Index("decisions_by_task", "task", "seq"),
)

reviews = Table(
    "reviews",
    metadata,
    # Counted by the store, so that "all reviews up to N" is well defined; a number that is missing
    # stands in `withdrawn_reviews`, and no other review gets it.
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", String(200), nullable=False, unique=True),
    Column("content", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("week", String(8), nullable=False),
    Column("task", String(64), nullable=False),
    Column("adapter", String(130), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("edit_rate", Float),
    Column("character_rate", Float),
    Column("reviewer", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("seconds", Float),
    Index(
        "reviews_by_task",
        *("task", "digest", "adapter", "week"),
        *("decision", "edit_rate", "source", "seq", "at"),
    ),
    Index("reviews_by_source", "source"),
)

review_slices = Table(
    "review_slices",
    metadata,
    Column("review", Integer, ForeignKey("reviews.seq"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", String(200), nullable=False),
)

withdrawn_reviews = Table(
    "withdrawn_reviews",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", String(200), nullable=False),
    Column("content", String(64), nullable=False),
    Column("reviewer", String(200), nullable=False),
    Column("at", String(32), nullable=False),
)

review_claims = Table(
    "review_claims",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("reviewer", String(200), nullable=False),
    Column("until", Float, nullable=False),
    Index("review_claims_by_holder", "holder"),
)

production_outputs = Table(
    "production_outputs",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("content", String(64), nullable=False),
    Column("task", String(64), nullable=False),
    Column("adapter", String(130), nullable=False),
    Column("at", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Index("production_outputs_by_adapter", "task", "adapter", "at"),
)

endpoint_checks = Table(
    "endpoint_checks",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("url", String(400), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("body", Text, nullable=False),
)
