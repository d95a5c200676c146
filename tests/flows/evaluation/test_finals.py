"""What people sent is weighed with the cases: how finals are chosen, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from math import exp
from pathlib import Path

import pytest

import harness
from harness.errors import DataError
from harness.findings.set_aside import is_set_aside
from harness.records import Verdict
from harness.workspace.project.training_data import scan_training_set
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject
from tests.fakes.reviews import Weeks

EVERY = 240
"""Reviews in the store; about 48 of them are set aside."""


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    made = TinyProject(tmp_path)
    made.record("good", quality="good")
    made.record("same", quality="same")
    made.promote("good")
    rows = [{"input": f"person {n}", "output": f"Hi {n}!"} for n in range(50)]
    file = made.write_lines("adapters/datasets/taught.jsonl", rows)
    data = {"name": file.name, "fingerprint": scan_training_set(file).fingerprint, "examples": 50}
    for seed, name in enumerate(("good", "same")):
        adapter = made.adapter(name, task=TASK, seed=seed)
        assert adapter.training is not None
        adapter.training |= {"dataset": data}
        adapter.write()
    return made


def reviewed(project: TinyProject, weeks: Weeks) -> None:
    with closing(project.store()) as store:
        weeks.keep(store)


def weighed(project: TinyProject, weeks: Weeks, lost: int = 0) -> None:
    """Record the NLLs of all reviews; the candidate would no longer write the last `lost`."""
    keep = len(weeks.reviews) - lost
    for name, nll in (("good", 0.2), ("same", 0.21)):
        project.write_lines(
            f"recorded/{name}/{TASK}.finals.jsonl",
            [
                {"review": review.id, "nll": 2.5 if place >= keep and name == "same" else nll}
                for place, review in enumerate(weeks.reviews)
                if review.decision != "rejected"
            ],
        )


def judged(project: TinyProject, **how: object) -> Verdict:
    return harness.evaluate("same", project=project.folder, benchmarks=["openers"], **how)[
        "openers"
    ]


def finals_notes(verdict: Verdict) -> list[str]:
    return [note for note in verdict.notes if note.startswith("finals:")]


@pytest.mark.slow
def test_without_reviews_the_verdict_says_that_there_is_nothing_to_weigh(
    project: TinyProject,
) -> None:
    verdict = judged(project)
    assert verdict.finals is None
    assert finals_notes(verdict) == ["finals: not available here, no review is in the store"]


@pytest.mark.slow
def test_fewer_than_a_hundred_are_counted_and_decide_nothing(project: TinyProject) -> None:
    reviewed(project, Weeks().add(60, edited=6))
    assert finals_notes(judged(project)) == ["finals: 60 of the 100 that are needed"]


@pytest.mark.slow
def test_recorded_outputs_without_nlls_say_so(project: TinyProject) -> None:
    reviewed(project, Weeks().add(EVERY, edited=24))
    verdict = judged(project)
    assert verdict.outcome == "promote"
    (note,) = finals_notes(verdict)
    assert note == "finals: not available here, recorded outputs have none for this benchmark"


@pytest.mark.long
def test_recorded_nlls_are_weighed_and_leave_the_adapters_digest_alone(
    project: TinyProject,
) -> None:
    weeks = Weeks().add(EVERY, edited=24)
    reviewed(project, weeks)
    weighed(project, weeks)
    verdict = judged(project)
    assert verdict.outcome == "promote"
    assert verdict.finals is not None
    assert (verdict.finals.n, verdict.finals.collapsed) == (200, 0)
    assert verdict.finals.mean == pytest.approx(exp(-0.21) - exp(-0.2))


@pytest.mark.long
def test_texts_that_would_no_longer_be_written_reject_what_the_cases_promote(
    project: TinyProject,
) -> None:
    weeks = Weeks().add(EVERY, edited=24)
    reviewed(project, weeks)
    weighed(project, weeks, lost=12)  # the last reviews of the week are the newest
    verdict = judged(project)
    assert verdict.outcome == "reject"
    assert verdict.finals is not None and verdict.finals.collapsed >= 5
    unasked = judged(project, finals=False)
    assert unasked.outcome == "promote"
    assert finals_notes(unasked) == ["finals: left out on request"]


@pytest.mark.long
def test_finals_are_one_per_input_at_the_reviews_own_mix_and_set_aside_ones_first(
    project: TinyProject,
) -> None:
    weeks = Weeks().add(400, edited=100)
    again = replace(weeks.reviews[0], id="again", at="2026-03-01T10:00:00Z", final="The last word.")
    weeks.reviews.append(again)
    reviewed(project, weeks)
    weighed(project, weeks)
    verdict = judged(project)
    assert verdict.finals is not None
    chosen = {final.id for final in verdict.finals.weighed}
    by_id = {review.id: review for review in weeks.reviews}
    assert "again" in chosen and weeks.reviews[0].id not in chosen
    assert len({by_id[one].input for one in chosen}) == len(chosen) == 200
    assert sum(by_id[one].decision == "edited" for one in chosen) == 50
    aside = {r.id for r in weeks.reviews if is_set_aside(r.input, 0.2)} - {weeks.reviews[0].id}
    accepted = {one for one in aside if by_id[one].decision == "accepted"}
    assert accepted <= chosen, "those set aside come first, however old they are"


@pytest.mark.slow
def test_of_adapters_with_an_unknown_training_set_only_what_was_set_aside_is_asked(
    project: TinyProject,
) -> None:
    (project.folder / "adapters/datasets/taught.jsonl").unlink()
    weeks = Weeks().add(EVERY)
    reviewed(project, weeks)
    aside = sum(is_set_aside(review.input, 0.2) for review in weeks.reviews)
    assert finals_notes(judged(project)) == [f"finals: {aside} of the 100 that are needed"]


@pytest.mark.slow
def test_an_input_of_the_benchmark_is_no_final(project: TinyProject) -> None:
    weeks = Weeks().add(100)
    weeks.reviews[0] = replace(weeks.reviews[0], input=str(CASES[0]["input"]))
    reviewed(project, weeks)
    assert finals_notes(judged(project)) == ["finals: 99 of the 100 that are needed"]


@pytest.mark.medium
def test_a_benchmark_that_does_not_judge_likelihoods_weighs_none(project: TinyProject) -> None:
    plain = BENCHMARK.replace(
        'ideal_likelihood]\nrole = "gate"', 'ideal_likelihood]\nrole = "report"'
    )
    plain = plain.replace('role = "guard"', 'role = "gate"').replace("margin = 0.08\n", "")
    project.benchmark("openers", plain, CASES)
    note = "finals: not weighed, the benchmark does not judge the likelihood"
    assert finals_notes(judged(project)) == [note]


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [{"review": 3, "nll": 0.1}, {"review": "r", "nll": -1}, {"review": "r"}, {"id": "r", "nll": 1}],
)
def test_a_recorded_final_that_is_none_is_refused_with_its_line(
    project: TinyProject, line: Mapping[str, object]
) -> None:
    reviewed(project, Weeks().add(EVERY))
    project.write_lines(f"recorded/same/{TASK}.finals.jsonl", [dict(line)])
    with pytest.raises(DataError, match=r"openers\.finals\.jsonl:1: needs"):
        judged(project)


@pytest.mark.slow
def test_a_recorded_final_stands_once(project: TinyProject) -> None:
    reviewed(project, Weeks().add(EVERY))
    project.write_lines(f"recorded/same/{TASK}.finals.jsonl", [{"review": "r", "nll": 1}] * 2)
    with pytest.raises(DataError, match="review 'r' stands twice"):
        judged(project)
