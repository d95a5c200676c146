"""A stored verdict is recomputed from the stored scores: the same bit for bit, or it says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import harness
from harness.errors import RequestError
from harness.flows.decisions.promote import accept
from harness.flows.history import import_history
from harness.flows.rejudge import judged_again, rejudge
from harness.store import Store
from tests.fakes.project import BENCHMARK, CASES, TinyProject

ROOT = Path(__file__).parents[2]


@pytest.fixture
def judged(project: TinyProject) -> TinyProject:
    project.record("good", quality="good")
    project.record("same", quality="same")
    project.record("bad", quality="bad")
    project.record(
        "broken", quality="good", texts={"health-1": "Dear Sir"}, nlls={"health-1": 0.43}
    )
    return project


def verdicts(project: TinyProject) -> list[tuple[str, bool]]:
    """Every run with a verdict on it, and whether recomputing gives the same."""
    store = project.store()
    try:
        runs = dict.fromkeys(kept.run for kept in store.verdicts.all())
        return [(run, rejudge(store, run).same) for run in runs]
    finally:
        store.close()


@pytest.mark.long
def test_every_kind_of_verdict_is_the_same_bit_for_bit(judged: TinyProject) -> None:
    examples = '\n[[examples]]\ninput = "Bo"\noutput = "Hi Bo!"\n[policy]\nreuse = "spend"\n'
    judged.benchmark("openers", BENCHMARK + examples, CASES)
    judged.record("base+prompt", quality="same")
    harness.evaluate("good", project=judged.folder)  # the first, against the base
    judged.promote("good")
    harness.evaluate("good", project=judged.folder)  # identical
    judged.promote("same")
    harness.evaluate("bad", project=judged.folder)  # rejected, with a pinned reference
    verdict = harness.evaluate("broken", project=judged.folder)["openers"]
    accept(judged.project, "health-1", verdict.runs["candidate"], by="Ana", why="fine")
    harness.evaluate("broken", project=judged.folder)  # with an accepted case
    found = verdicts(judged)
    assert len(found) == 6
    assert all(same for _, same in found)


@pytest.mark.medium
def test_why_no_finals_were_weighed_is_no_difference(judged: TinyProject) -> None:
    judged.promote("good")
    harness.evaluate("same", project=judged.folder)
    store = judged.store()
    try:
        kept = list(store.verdicts.all())[-1]
        notes = (*kept.verdict.notes, "finals: not available here, no review is in the store")
        told = replace(kept.verdict, notes=notes, bar_moved=("the bar moved: alpha",))
        found = judged_again(store, told)
        assert found.same
        assert not judged_again(store, replace(told, notes=(*notes, "all is well"))).same
    finally:
        store.close()


@pytest.mark.medium
def test_a_verdict_of_a_version_that_did_not_ask_what_it_was_worth_is_the_same(
    judged: TinyProject,
) -> None:
    verdict = harness.evaluate("good", project=judged.folder)["openers"]
    note = "worth it? ideal likelihood +0.4 over base"
    older = replace(verdict, worth=(), forgetting=(), notes=(note, *verdict.notes))
    store = judged.store()
    store.verdicts.keep(older, verdict.runs["candidate"], "digest", "later")
    found = rejudge(store, verdict.runs["candidate"])
    store.close()
    assert found.stored == older
    assert found.same


@pytest.mark.long
@pytest.mark.parametrize(
    "history", [ROOT / "reports/history.jsonl", Path(__file__).with_name("history_of_1_0_0.jsonl")]
)
def test_every_verdict_of_a_shipped_history_is_the_same_bit_for_bit(
    history: Path, tmp_path: Path
) -> None:
    """Those of version 1.0.0 too, which noted less and were made by the first rule."""
    with closing(Store(f"sqlite:///{tmp_path}/shipped.db", tmp_path)) as store:
        import_history(store, history)
        kept = list(store.verdicts.all())
        assert len(kept) == 6
        assert [one.run for one in kept if not judged_again(store, one.verdict).same] == []


@pytest.mark.slow
def test_a_score_changed_by_hand_is_found(judged: TinyProject) -> None:
    judged.promote("good")
    run = harness.evaluate("same", project=judged.folder)["openers"].runs["candidate"]
    with sqlite3.connect(judged.folder / "reports" / "harness.db") as database:
        changed = database.execute(
            "UPDATE run_cases SET body = json_set(body, '$.scores.ideal_likelihood', 0.95)"
            " WHERE case_id = 'health-1' AND run = (SELECT seq FROM runs WHERE id = ?)",
            (run,),
        )
        assert changed.rowcount == 1
    database.close()
    store = judged.store()
    found = rejudge(store, run)
    store.close()
    assert not found.same
    assert found.stored.metrics != found.again.metrics


def test_a_run_without_a_verdict_is_named(judged: TinyProject) -> None:
    store = judged.store()
    with pytest.raises(RequestError, match="nothing: no verdict rests on such a run"):
        rejudge(store, "nothing")
    store.close()
