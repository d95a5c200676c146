from dataclasses import replace

import pytest
from sqlalchemy import select

from harness.store import Store, schema
from tests.fakes.postgresql import running_server
from tests.store.records import make_run

NEW_TABLES = (
    "run_means",
    "run_slice_means",
    "owner",
    "review_claims",
    "withdrawn_reviews",
    "endpoint_checks",
    "production_outputs",
)
NEW_COLUMNS = (
    *((table, "seal") for table in ("outputs", "likelihoods", "vectors", "proofs", "verdicts")),
    ("runs", "imported"),
    ("decisions", "rests_on"),
    ("decisions", "signature"),
    ("reviews", "seconds"),
)
OLD_INDEXES = {
    "runs_by_adapter": "runs (benchmark, adapter)",
    "verdicts_by_candidate": "verdicts (benchmark, candidate)",
    "reviews_by_task": "reviews (task, week, adapter)",
}
NEW_INDEXES = (
    "runs_by_benchmark",
    "runs_by_fingerprint",
    "verdicts_by_run",
    "verdicts_by_fingerprint",
    "reviews_by_source",
)


def rows(store, table):
    with store.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.c))]


def by_hand(store, *statements):
    with store.database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_means_are_kept_with_the_run_and_missing_is_not_zero(store):
    store.runs.keep(make_run(cases=3), "k")
    found = {row[1]: row[2:5] for row in rows(store, schema.run_means)}
    assert set(found) == {"edit_similarity", "clean_rate"}, "a score that is missing has no mean"
    n, mean, squares = found["edit_similarity"]
    assert n == 3 and mean == pytest.approx(0.1 + 1 / 3)
    assert squares == pytest.approx(2 / 9)
    parts = {row[:5] for row in rows(store, schema.run_slice_means)}
    assert (1, "clean_rate", "industry=logistics", 3, 1.0) in parts


def test_a_run_of_some_cases_has_no_means(store):
    store.runs.keep(make_run(complete=False), "k")
    assert rows(store, schema.run_means) == rows(store, schema.run_slice_means) == []
    assert store.runs.changed() == []


def test_means_go_with_their_run(store):
    store.runs.keep(make_run(), "k")
    store.runs.keep(make_run("r2"), "k2")
    store.runs.remove(["r1"])
    assert {row[0] for row in rows(store, schema.run_means)} == {2}
    assert {row[0] for row in rows(store, schema.run_slice_means)} == {2}


def test_the_same_run_again_adds_no_means(store):
    store.runs.keep(make_run(), "k")
    before = rows(store, schema.run_means)
    store.runs.keep(make_run(), "k")
    assert rows(store, schema.run_means) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run_means SET mean = 0.9 WHERE metric = 'clean_rate'",
        "UPDATE run_slice_means SET squares = 0.1 WHERE metric = 'clean_rate'",
        "DELETE FROM run_means WHERE metric = 'clean_rate'",
        "INSERT INTO run_slice_means VALUES (1, 'x', 'a=b', 1, 0.5, 0)",
    ],
)
def test_means_changed_by_hand_name_the_run(store, statement):
    store.runs.keep(make_run(), "k")
    assert store.runs.changed() == []
    by_hand(store, statement)
    assert store.runs.changed() == ["r1"]


def back_to_0002(store):
    """Take the store back to what it was before there were means."""
    statements = [f"DROP TABLE {name}" for name in NEW_TABLES]
    statements += [f"DROP INDEX {name}" for name in (*NEW_INDEXES, *OLD_INDEXES)]
    statements += [f"CREATE INDEX {name} ON {of}" for name, of in OLD_INDEXES.items()]
    statements += [f"ALTER TABLE {of} DROP COLUMN {name}" for of, name in NEW_COLUMNS]
    by_hand(store, *statements, "UPDATE alembic_version SET version_num = '0002'")


def filled(store):
    store.runs.keep(make_run(), "k")
    store.runs.keep(make_run("part", complete=False), "k2")
    store.runs.keep(replace(make_run("r3", "v3"), started="2026-02-02T00:00:00.000Z"), "k3")
    return [rows(store, table) for table in (schema.run_means, schema.run_slice_means)]


def test_an_older_store_gets_the_means_that_a_new_one_would_have(open_store):
    store = open_store()
    kept = filled(store)
    back_to_0002(store)
    store.close()
    again = open_store()
    assert [rows(again, table) for table in (schema.run_means, schema.run_slice_means)] == kept
    assert again.runs.changed() == []


@pytest.mark.slow
def test_an_older_postgresql_store_gets_them_too(tmp_path):
    with running_server() as server:
        url = server.fresh()
        store = Store(url, tmp_path)
        kept = filled(store)
        back_to_0002(store)
        store.close()
        again = Store(url, tmp_path)
        assert [rows(again, table) for table in (schema.run_means, schema.run_slice_means)] == kept
        assert again.runs.changed() == []
        again.close()
