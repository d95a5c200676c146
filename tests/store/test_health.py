"""What the store says of a benchmark version, from runs as the flows write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.records import Case, CaseResult, Output, Run
from harness.store import Store
from harness.store.health import adapters_on, case_histories, scores_on, versions_of

Scores = Mapping[str, Mapping[str, float | None]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store("sqlite:///health.db", tmp_path)


def keep(store: Store, number: int, adapter: str, scores: Scores, **more) -> None:
    results = tuple(
        CaseResult(Case(case, "in", ("out",)), (Output(case, "out"),), dict(mine))
        for case, mine in scores.items()
    )
    run = Run(
        id=f"run-{number}",
        adapter=adapter,
        benchmark="openers",
        task="openers",
        fingerprint=more.get("fingerprint", "f1"),
        results=results,
        complete=more.get("complete", True),
        digests={"adapter": more.get("digest", adapter)},
    )
    store.runs.keep(run, f"key-{number}")


def edits(**values: float | None) -> Scores:
    return {case: {"edit_similarity": value} for case, value in values.items()}


def test_each_adapter_counts_once_by_its_newest_complete_run(store):
    keep(store, 1, "v1", edits(a=0.2))
    keep(store, 2, "v2", edits(a=0.95))
    keep(store, 3, "v1", edits(a=0.92))
    keep(store, 4, "v1", edits(a=0.1), complete=False)
    assert adapters_on(store.database, "f1") == ["v2", "v1"]
    (found,) = case_histories(store.database, "f1")
    assert (found.adapters, found.right, found.best) == (2, 2, 0.95)
    assert found.ranges["edit_similarity"] == pytest.approx(0.03)


def test_the_same_bytes_under_two_names_are_one_adapter(store):
    keep(store, 1, "v1", edits(a=0.5), digest="same")
    keep(store, 2, "acme/v1", edits(a=0.5), digest="same")
    assert adapters_on(store.database, "f1") == ["acme/v1"]


def test_the_base_is_no_adapter_but_says_whether_it_is_right(store):
    keep(store, 1, "base", edits(a=0.95, b=0.1))
    keep(store, 2, "base+prompt", edits(a=0.1, b=0.1))
    keep(store, 3, "v1", edits(a=0.95, b=0.95))
    assert adapters_on(store.database, "f1") == ["v1"]
    assert [one.base_right for one in case_histories(store.database, "f1")] == [True, False]


def test_nobody_knows_about_a_base_that_was_never_run(store):
    keep(store, 1, "v1", edits(a=0.95))
    assert case_histories(store.database, "f1")[0].base_right is None


def test_a_clean_output_is_right_however_far_its_letters_are(store):
    keep(store, 1, "v1", {"a": {"edit_similarity": 0.8, "clean_rate": 1.0}})
    keep(store, 2, "v2", {"a": {"edit_similarity": 0.91, "clean_rate": 0.0}})
    assert case_histories(store.database, "f1")[0].right == 2


def test_another_version_is_another_history(store):
    keep(store, 1, "v1", edits(a=0.95))
    keep(store, 2, "v2", edits(a=0.1), fingerprint="f2")
    assert case_histories(store.database, "f1")[0].adapters == 1
    assert versions_of(store.database, "openers") == {"f1": "run-1", "f2": "run-2"}
    assert versions_of(store.database, "other") == {}


def test_missing_scores_are_left_out_of_the_pairs(store):
    keep(store, 1, "v1", edits(a=0.95, b=None))
    keep(store, 2, "base", edits(a=0.5, b=0.5))
    (mine,) = scores_on(store.database, "f1", "edit_similarity", base=False)
    assert (mine.adapter, mine.values) == ("v1", {"a": 0.95})
    (base,) = scores_on(store.database, "f1", "edit_similarity", base=True)
    assert base.adapter == "base"


def test_an_empty_store_says_nothing(store):
    assert case_histories(store.database, "f1") == []
    assert scores_on(store.database, "f1", "edit_similarity", base=True) == []


@pytest.mark.slow
def test_postgresql_answers_the_same(postgresql, tmp_path):
    store = Store(postgresql, tmp_path)
    try:
        keep(store, 1, "v1", edits(a=0.2))
        keep(store, 2, "v2", edits(a=0.95))
        keep(store, 3, "base", edits(a=0.95))
        (found,) = case_histories(store.database, "f1")
        assert (found.adapters, found.right, found.base_right) == (2, 1, True)
        assert adapters_on(store.database, "f1") == ["v1", "v2"]
        assert list(versions_of(store.database, "openers")) == ["f1"]
    finally:
        store.close()
