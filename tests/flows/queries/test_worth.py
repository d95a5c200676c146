"""What promotions saved: from measured or declared times, and from nothing else."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from math import sqrt

import pytest
from scipy.stats import t

import harness
from harness.errors import RequestError
from harness.flows.queries import worth
from harness.records import ON_BENCHMARK, SYNTHETIC, Review, TaskWorth
from tests.cli.conftest import Type, project, typed
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused

__all__ = ["project", "typed"]
MINUTES = re.compile(r"\bmin\b|\bh\b|minutes? per 100|EUR")
"""What only times could tell."""
DECLARED = """
[tool.harness.worth]
minutes_per_edit = 3
minutes_per_rewrite = 9
cost_per_hour = 60
training_hours = 30
outputs_per_month = 1000
currency = "EUR"
"""
REVIEW = Review(
    "r", "", "openers", "good", "", "To: Ana", "Hi Ana?", "accepted", "Hi Ana?", "Kim",
    edit_rate=0.0, character_rate=0.0,
)  # fmt: skip
EDITED = {"decision": "edited", "final": "Hi, Ana!", "edit_rate": 0.5}
MONDAYS = ("2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26")


def kept(project: TinyProject, times: bool) -> None:
    """`good` for two weeks, then `same`: 60 s and 120 s a review, then 30 s and 42 s."""
    project.promote("same")
    found = []
    for place, (day, seconds) in enumerate(zip(MONDAYS, (60.0, 120.0, 30.0, 42.0), strict=True)):
        for number in range(2):
            of = {"adapter": "good"} if place < 2 else {"adapter": "same"}
            edited = EDITED if number < 2 - place // 2 else {}
            found.append(
                replace(
                    REVIEW, id=f"r{place}-{number}", at=f"{day}T10:0{number}:00.000Z",
                    input=f"To: {place} {number}", seconds=seconds if times else None,
                    **of, **edited,
                )
            )  # fmt: skip
    found.append(  # of the benchmark: no production
        replace(REVIEW, id="b", at=f"{MONDAYS[3]}T11:00:00.000Z", adapter="same",
                source=ON_BENCHMARK, seconds=9999.0)
    )  # fmt: skip
    with closing(project.store()) as store:
        store.reviews.keep(found)


def of(project: TinyProject) -> TaskWorth:
    with closing(project.store()) as store:
        (found,) = worth(project.project, store)
    return found


def test_with_times_the_saving_is_that_of_the_table(project: TinyProject) -> None:
    kept(project, times=True)
    found = of(project)
    assert found.basis == "measured" and found.now is not None
    (change,) = found.promotions
    assert (change.before.adapter, change.after.adapter, change.basis) == (
        "good", "same", "measured",
    )  # fmt: skip
    # tests/alarm/test_editing_time.py works the same figures out by hand
    assert change.before.minutes is not None and change.after.minutes is not None
    assert (change.before.minutes.value, change.after.minutes.value) == (150.0, 60.0)
    assert change.saving is not None and change.saving.value == 90.0
    reach = t.ppf(0.975, 2600**2 / (2500**2 + 100**2)) * sqrt(2600)
    assert (change.saving.low, change.saving.high) == pytest.approx((90 - reach, 90 + reach))
    assert change.before.edit_rate is not None and change.before.edit_rate.value == 0.5
    assert change.after.edit_rate is not None and change.after.edit_rate.value == 0.25


def test_without_times_no_minute_stands_anywhere(project: TinyProject, typed: Type) -> None:
    project.settings(
        "[tool.harness.worth]\ncost_per_hour = 60\ntraining_hours = 30\noutputs_per_month = 1000\n"
    )
    kept(project, times=False)
    found = of(project)
    assert found.basis is None and found.now is not None and found.now.minutes is None
    for one in found.promotions:
        assert (one.basis, one.saving, one.month) == (None, None, None)
        assert one.before.minutes is None and one.after.minutes is None
    assert all(one.saving is None and one.month is None for one in found.prompts)
    shown = typed("worth").out
    assert "50.0 %" in shown and not MINUTES.search(shown)
    (task,) = typed("worth", "--json").json["tasks"]
    assert task["promotions"][0]["saving"] is None and task["now"]["minutes"] is None


def test_declared_minutes_are_named_as_such(project: TinyProject, typed: Type) -> None:
    project.settings(DECLARED)
    kept(project, times=False)
    (change,) = of(project).promotions
    assert change.basis == "declared" and change.saving is not None
    # all 4 edited before, 2 of 4 after: 300 - 150 minutes
    assert change.saving.value == 150.0
    assert change.month is not None and change.month.hours is not None
    assert change.month.hours.value == 25.0
    assert change.month.money is not None and change.month.money.value == 1500.0
    assert change.month.pays_from == 1200
    shown = " ".join(typed("worth").out.split())
    assert "as declared" in shown and "1,500 EUR" in shown
    assert "pays within a month from 1,200 outputs a month on" in shown


def test_made_up_reviews_are_named_where_they_are_counted(
    project: TinyProject, typed: Type
) -> None:
    project.promote("same")
    with closing(project.store()) as store:
        store.reviews.keep(
            [replace(REVIEW, id="s", at=f"{MONDAYS[0]}T10:00:00.000Z", source=SYNTHETIC)]
        )
    assert "same 1 Jan 2026 (synthetic)" in typed("worth").out


def test_an_adapter_that_came_back_has_two_stretches(project: TinyProject) -> None:
    kept(project, times=True)
    project.promote("good")
    found = of(project)
    assert [one.after.adapter for one in found.promotions] == ["good", "same"]
    back, _ = found.promotions
    # promoted in the fakes' January: all reviews of `good` are of its last stretch
    assert back.after.reviews == 4
    assert found.now is not None and found.now.reviews == 4


def test_the_same_bytes_promoted_again_begin_nothing(project: TinyProject) -> None:
    project.promote("good")
    assert of(project).promotions == ()


@pytest.mark.long
def test_a_prompt_that_does_as_well_is_said_to_do(project: TinyProject) -> None:
    toml = (project.folder / "benchmarks/openers/benchmark.toml").read_text()
    example = '\n[[examples]]\ninput = "Kim, Fir"\noutput = "Hi Kim?"\n'
    project.write("benchmarks/openers/benchmark.toml", toml + example)
    project.record("same", quality="same")
    project.promote("same")
    for quality, says in (("same", "a prompt would do"), ("poor", "the adapter needs fewer edits"),
                          ("good", "a prompt would do better")):  # fmt: skip
        project.record("base+prompt", quality=quality)  # type: ignore[arg-type]
        harness.evaluate("same", project=project.folder)
        prompt = next(one for one in of(project).prompts if one.against == "base+prompt")
        assert prompt.says == says
        assert prompt.ratio is not None and prompt.ratio.n == 8


def test_a_base_without_a_run_is_said_to_have_none(project: TinyProject) -> None:
    assert "has no run" in of(project).prompts[0].says


def test_nothing_promoted_says_so(project: TinyProject, typed: Type, tmp_path: object) -> None:
    fresh = TinyProject(project.folder / "fresh")
    with closing(fresh.store()) as store:
        (found,) = worth(fresh.project, store)
    assert found.now is None and found.missing == ("nothing is promoted yet",)


def test_a_task_that_nobody_knows_is_refused(project: TinyProject, typed: Type) -> None:
    with closing(project.store()) as store, refused("opener: no such task", RequestError):
        worth(project.project, store, "opener")
    assert typed("worth", "--task", "opener").code == 4
