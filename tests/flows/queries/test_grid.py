from dataclasses import replace

import pytest

from harness.flows.queries import apart_first, case_grid, in_slices, worst_first
from harness.flows.queries.grid import MAX_ADAPTERS, GridRow
from harness.flows.queries.sheets import grid_sheet
from tests.fakes.project import TASK


@pytest.mark.long
def test_every_case_stands_under_every_adapter_and_the_promoted_one_comes_first(two):
    two.judge("v3", "bad")
    found = case_grid(two.project, two.store)
    assert [column.adapter for column in found.columns] == ["v1", "v3", "v2", "base"]
    assert [column.promoted for column in found.columns] == [True, False, False, False]
    assert len(found.rows) == 8 and found.metric == "ideal_likelihood"
    newest = two.store.runs.newest("v3", TASK)
    scores = {one.case.id: one.scores["ideal_likelihood"] for one in newest.results}
    assert {row.case.id: row.scores[1] for row in found.rows} == scores
    assert found.columns[1].mean == sum(scores.values()) / 8 and found.columns[1].scored == 8


def test_an_empty_store_has_all_rows_and_no_column(past):
    found = case_grid(past.project, past.store)
    assert found.columns == () and len(found.rows) == 8
    assert all(row.scores == () and row.spread == 0.0 for row in found.rows)


@pytest.mark.long
def test_a_missing_score_is_missing_and_not_zero(two):
    run = two.store.runs.newest("v2", TASK)
    bare = replace(run.results[0], scores={"ideal_likelihood": None})
    two.store.runs.keep(replace(run, id="later", results=(bare, *run.results[1:])), "a key")
    found = case_grid(two.project, two.store)
    place = [column.adapter for column in found.columns].index("v2")
    assert found.rows[0].scores[place] is None
    assert found.columns[place].scored == 7
    assert all(row.scores[place] is not None for row in found.rows[1:])


@pytest.mark.long
def test_some_adapters_and_another_metric_can_be_asked_for(two):
    found = case_grid(two.project, two.store, TASK, "edit_similarity", ["v2"])
    assert [column.adapter for column in found.columns] == ["v2"]
    assert found.metric == "edit_similarity" and set(found.adapters) == {"v1", "v2", "base"}


@pytest.mark.long
def test_of_many_adapters_the_newest_are_shown_and_all_can_be_chosen(two):
    run = two.store.runs.newest("v2", TASK)
    for n in range(MAX_ADAPTERS + 5):
        two.store.runs.keep(replace(run, id=f"many-{n:02}", adapter=f"many{n:02}"), f"key {n}")
    found = case_grid(two.project, two.store)
    assert len(found.columns) == MAX_ADAPTERS
    assert len(found.adapters) == MAX_ADAPTERS + 5 + 3
    assert [column.adapter for column in found.columns[:2]] == ["v1", "many24"]
    whole = case_grid(two.project, two.store, adapters=found.adapters)
    assert len(whole.columns) == len(found.adapters)


@pytest.mark.long
def test_runs_on_another_version_of_the_benchmark_are_left_out(two):
    run = two.store.runs.newest("v2", TASK)
    two.store.runs.keep(replace(run, id="old", adapter="old", fingerprint="0" * 64), "old key")
    assert "old" not in case_grid(two.project, two.store).adapters


def rows(two, *scores):
    case = case_grid(two.project, two.store).rows[0].case
    return [GridRow(replace(case, id=str(n)), each) for n, each in enumerate(scores)]


@pytest.mark.slow
def test_the_worst_come_first_by_what_the_metric_means_and_unknown_ones_last(two):
    made = rows(two, (0.9, 0.7), (None, None), (0.1, None), (0.5, 0.5))
    assert [row.case.id for row in worst_first(made, "edit_similarity")] == ["2", "3", "0", "1"]
    assert [row.case.id for row in worst_first(made, "edit_rate")] == ["0", "3", "2", "1"]


@pytest.mark.slow
def test_cases_that_tell_adapters_apart_come_first(two):
    made = rows(two, (0.5, 0.5), (0.1, 0.9), (None, 0.4), (0.4, 0.6))
    assert [row.case.id for row in apart_first(made)] == ["1", "3", "0", "2"]


@pytest.mark.slow
def test_slices_filter_and_none_means_all(two):
    found = case_grid(two.project, two.store)
    assert found.slices == ("industry=health", "industry=logistics")
    assert len(in_slices(found.rows, ())) == 8
    assert {r.case.slices["industry"] for r in in_slices(found.rows, ("industry=health",))} == {
        "health"
    }


@pytest.mark.slow
def test_the_sheet_has_the_grids_scores_and_no_column_can_be_mistaken_for_an_adapter(two):
    found = case_grid(two.project, two.store)
    sheet = grid_sheet(found)
    assert sheet.columns == (*("case id", "v1", "v2", "base", "slice industry", "is critical"),)
    frame = sheet.to_frame()
    assert list(frame["v1"]) == [row.scores[0] for row in found.rows]
    assert len(grid_sheet(found, found.rows[:3]).rows) == 3
