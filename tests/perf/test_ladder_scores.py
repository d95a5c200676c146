"""The committed scores of the ladder: the shapes and ranges that `make calibrate` draws from."""

from __future__ import annotations

import numpy as np
import pytest
from ladder_outreach import outreach
from ladder_scores import FOLDER, TASKS, LadderScores, read_scores, table
from ladder_support import support
from ladder_training import rungs

MAKERS = {"outreach": outreach, "support": support}


@pytest.fixture(params=TASKS)
def scores(request: pytest.FixtureRequest) -> LadderScores:
    return read_scores(request.param)


def test_every_rung_is_scored_on_every_case_and_every_final(scores: LadderScores) -> None:
    recipes = rungs(MAKERS[scores.task]())
    assert scores.names == ("base", *(rung.name for rung in recipes))
    assert scores.kinds == ("base", *(rung.kind for rung in recipes))
    assert scores.reseeds == tuple(f"reseed{n}" for n in range(5))
    assert scores.likelihood.shape == scores.similarity.shape == (10, 200)
    assert tuple(scores.finals) == scores.reseeds
    for found in scores.finals.values():
        assert found.sent.shape == found.verbatim.shape == (10, 200)
        assert len(found.done) == 200


def test_all_scores_are_probabilities(scores: LadderScores) -> None:
    tables = [scores.likelihood, scores.similarity]
    for found in scores.finals.values():
        assert np.isnan(found.sent[0]).all() and np.isnan(found.verbatim[0]).all()
        tables += [found.sent[1:], found.verbatim[1:]]
        assert {*found.done} <= {"accepted", "half", "whole"}
    for one in tables:
        assert ((one >= 0) & (one <= 1)).all()


def test_slices_are_those_of_the_sets(scores: LadderScores) -> None:
    task = MAKERS[scores.task]()
    assert scores.slices == tuple(case.kind for case in task.cases)
    assert scores.production == tuple(case.kind for case in task.production)


def test_an_accepted_final_is_what_the_promoted_adapter_wrote(scores: LadderScores) -> None:
    for found in scores.finals.values():
        taken = np.array(found.done) == "accepted"
        assert (found.sent[1:, taken] == found.verbatim[1:, taken]).all()


def test_reseeds_are_alike_and_the_others_worse(scores: LadderScores) -> None:
    mean = dict(zip(scores.names, scores.likelihood.mean(axis=1), strict=True))
    reseeds = [mean[name] for name in scores.reseeds]
    assert max(reseeds) - min(reseeds) < 0.05
    for name in ("under", "slice", "terms", "base"):
        assert mean[name] < min(reseeds), name


def test_the_lost_slice_is_where_the_loss_is(scores: LadderScores) -> None:
    lost = np.array(scores.slices) == MAKERS[scores.task]().lost
    d = scores.differences("slice", "reseed0")
    assert d[lost].mean() < -0.2
    assert d[~lost].mean() > -0.1


def test_differences_are_candidate_minus_promoted(scores: LadderScores) -> None:
    d = scores.differences("under", "reseed1")
    assert np.allclose(d, -scores.differences("reseed1", "under"))
    found = scores.finals["reseed1"]
    under, own = scores.row("under"), scores.row("reseed1")
    sent = scores.final_differences("under", "reseed1")
    assert np.allclose(sent, found.sent[under] - found.sent[own])
    lean = scores.final_differences("under", "reseed1", verbatim=True)
    assert np.allclose(lean, found.verbatim[under] - found.verbatim[own])


def test_the_files_are_small_and_hold_no_text(scores: LadderScores) -> None:
    file = FOLDER / f"{scores.task}.json"
    assert file.stat().st_size < 400_000
    assert "Hello" not in file.read_text("utf-8")


def test_the_table_names_every_rung(scores: LadderScores) -> None:
    assert all(name in table(scores) for name in scores.names)
