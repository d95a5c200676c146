"""A store of version 1.0.0 opens and goes on; what nothing proves is said once, and made again."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import harness
from harness.flows.decisions.promote import promote
from harness.flows.decisions.verify import verify
from harness.flows.store import open_store
from harness.store import schema
from tests.fakes.project import TinyProject

SEALED = ("outputs", "likelihoods", "vectors", "proofs", "verdicts")
LATER = [
    *((table, "seal") for table in SEALED),
    *(("runs", "imported"), ("decisions", "rests_on"), ("decisions", "signature")),
    ("reviews", "seconds"),
]
NEW_TABLES = (
    "owner",
    "review_claims",
    "withdrawn_reviews",
    "endpoint_checks",
    "production_outputs",
)


@pytest.fixture
def old(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    """A store as 1.0.0 left it: without the columns that came with the seals."""
    project.record("good", quality="good")
    harness.evaluate("good", project=project.folder)
    # its decisions named no seal, and their hashes are without one
    monkeypatch.setattr("harness.flows.decisions.decide.seal_of_grounds", lambda *_: None)
    promote(project.project, "good", task=None, by="Ana", why="the first")
    with closing(sqlite3.connect(file_of(project))) as connection:
        for table in NEW_TABLES:
            connection.execute(f"DROP TABLE {table}")
        for table, column in LATER:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = '0004'")
        connection.commit()
    return project


def file_of(project: TinyProject) -> Path:
    return project.folder / "reports/harness.db"


def told(project: TinyProject, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "harness"):
        open_store(project.project).close()
    return [record.getMessage() for record in caplog.records]


@pytest.mark.slow
def test_what_could_not_be_proven_is_said_once(
    old: TinyProject, caplog: pytest.LogCaptureFixture
) -> None:
    (said,) = told(old, caplog)
    assert "is of a version before the seals; nothing proves its 26 outputs, 26 likelihoods" in said
    assert "\n" not in said
    assert told(old, caplog) == []


def test_a_new_store_has_nothing_to_say(
    project: TinyProject, caplog: pytest.LogCaptureFixture
) -> None:
    assert told(project, caplog) == []


@pytest.mark.long
def test_it_is_fit_for_use_and_its_runs_stay(old: TinyProject) -> None:
    assert [check for check in verify(old.project) if not check.ok] == []
    with closing(old.store()) as store:
        before = store.runs.ids()
    harness.evaluate("good", project=old.folder)
    with closing(old.store()) as store:
        assert store.runs.ids() == before
        assert store.runs.changed() == [] == store.verdicts.changed()


@pytest.mark.slow
def test_an_output_changed_before_the_seals_is_not_believed(old: TinyProject) -> None:
    open_store(old.project).close()
    with closing(sqlite3.connect(file_of(old))) as connection:
        connection.execute("UPDATE outputs SET text = 'Dear Sir'")
        connection.commit()
    file = old.folder / "benchmarks/openers/benchmark.toml"
    file.write_text(file.read_text() + '\n[metrics.clean_rate]\nrole = "report"\n')
    verdict = harness.evaluate("good", project=old.folder)["openers"]
    with closing(old.store()) as store:
        run = store.runs.by_id(verdict.runs["candidate"])
        assert run is not None
        assert {result.scores["clean_rate"] for result in run.results} == {1.0}
        assert store.outputs.unproven().get("outputs", 0) < 26


@pytest.mark.slow
def test_the_tables_are_those_of_the_newest_version(old: TinyProject) -> None:
    with closing(old.store()) as store, store.database.read() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert found == schema.HEAD
