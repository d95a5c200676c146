"""The main flow: what is compared with what, and what may never be promoted.

Tests `candidate` and `context` as well, which a session is made of.
"""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

import harness
from harness.errors import AdapterRefused, BenchmarkError, RequestError
from harness.flows.evaluation.context import Request
from harness.records import Decision, Verdict
from tests.fakes.engines import EchoEngine
from tests.fakes.project import BENCHMARK, CASES, GUARD_BENCHMARK, GUARD_CASES, TinyProject
from tests.fakes.refusals import refused
from tests.flows.conftest import session

EXAMPLES = '\n[[examples]]\ninput = "Bo, Orca"\noutput = "Hi Bo, how is Orca?"\n'


def judged(project: TinyProject, adapter: str, **more: str) -> dict[str, Verdict]:
    return dict(harness.evaluate(adapter, project=project.folder, **more))


@pytest.fixture
def recorded(project: TinyProject) -> TinyProject:
    project.record("good", quality="good")
    project.record("same", quality="same")
    project.record("bad", quality="bad")
    return project


# --- references ---------------------------------------------------------------------------------


@pytest.mark.medium
def test_the_task_and_every_guard_are_judged(recorded: TinyProject) -> None:
    verdicts = judged(recorded, "good")
    assert {name: verdict.outcome for name, verdict in verdicts.items()} == {
        "openers": "promote",
        "manners": "promote",
    }
    assert verdicts["openers"].guards == (verdicts["manners"],)


@pytest.mark.medium
def test_the_first_adapter_is_judged_against_the_base(recorded: TinyProject) -> None:
    verdict = judged(recorded, "good")["openers"]
    assert (verdict.promoted, verdict.pinned) == (None, None)
    assert set(verdict.runs) == {"candidate", "base"}
    assert [worth.against for worth in verdict.worth] == ["base"] * 2, "the gate and the guard"


@pytest.mark.medium
def test_the_first_adapter_is_compared_with_a_good_prompt_where_there_is_one(
    recorded: TinyProject,
) -> None:
    recorded.benchmark("openers", BENCHMARK + EXAMPLES, CASES)
    recorded.record("base+prompt", quality="same")
    verdict = judged(recorded, "good")["openers"]
    assert set(verdict.runs) == {"candidate", "base", "base+prompt"}
    assert {worth.against for worth in verdict.worth} == {"base", "base+prompt"}


@pytest.mark.long
def test_later_ones_are_judged_against_the_promoted_one(recorded: TinyProject) -> None:
    recorded.promote("good")
    assert judged(recorded, "same")["openers"].promoted == "good"
    verdict = judged(recorded, "bad")["openers"]
    assert (verdict.outcome, verdict.promoted) == ("reject", "good")


@pytest.mark.slow
def test_the_pinned_reference_stops_a_slow_slide(recorded: TinyProject) -> None:
    recorded.promote("good")
    recorded.promote("same")
    verdict = judged(recorded, "bad")["openers"]
    assert (verdict.promoted, verdict.pinned) == ("same", "good")
    assert set(verdict.runs) == {"candidate", "promoted", "pinned", "base"}
    assert {metric.against for metric in verdict.metrics} >= {"promoted", "pinned"}


@pytest.mark.slow
def test_another_reference_is_the_only_one(recorded: TinyProject) -> None:
    recorded.promote("good")
    verdict = judged(recorded, "same", against="bad")["openers"]
    assert (verdict.promoted, verdict.pinned) == ("bad", None)


@pytest.mark.medium
def test_the_promoted_one_against_itself_is_identical(recorded: TinyProject) -> None:
    recorded.promote("good")
    verdict = judged(recorded, "good")["openers"]
    assert verdict.identical
    assert verdict.outcome == "promote"


@pytest.mark.slow
def test_a_rejecting_guard_rejects_also_where_only_the_task_was_asked_for(
    recorded: TinyProject,
) -> None:
    recorded.record("rude", quality="good", guard="bad")
    verdicts = harness.evaluate("rude", project=recorded.folder, benchmarks=["openers"])
    assert set(verdicts) == {"openers"}
    assert verdicts["openers"].outcome == "reject"
    assert any("manners" in reason for reason in verdicts["openers"].reasons)


@pytest.mark.long
def test_each_candidate_of_a_benchmark_version_is_counted_once(recorded: TinyProject) -> None:
    recorded.promote("good")
    counted = [judged(recorded, name)["openers"] for name in ("good", "same", "same", "bad")]
    assert [verdict.candidates_judged for verdict in counted] == [1, 2, 2, 3]


# --- adapters as files --------------------------------------------------------------------------


def promoted_files(project: TinyProject, adapter: str) -> None:
    store = project.store()
    digest = project.adapter(adapter).files().digest
    store.decisions.add(Decision("promote", "openers", adapter, digest, "Ana", "first", "2026"))
    store.close()


@pytest.mark.long
def test_a_promoted_adapter_whose_bytes_changed_is_no_reference(project: TinyProject) -> None:
    promoted_files(project, "v1")
    project.adapter("v2", seed=3).write()
    with session(project, EchoEngine()) as opened:
        assert opened.candidate("v2").evaluate(opened.benchmark("openers")).verdict.promoted == "v1"
    project.adapter("v1", seed=9).write()
    with session(project, EchoEngine()) as opened, pytest.raises(AdapterRefused) as caught:
        opened.candidate("v2").evaluate(opened.benchmark("openers"))
    assert "its bytes are not those that were promoted" in str(caught.value)


@pytest.mark.medium
@pytest.mark.parametrize("base", ["recorded", "4f" * 32])
def test_recorded_outputs_are_compared_with_a_decision_on_recorded_outputs_only(
    recorded: TinyProject, base: str
) -> None:
    decision = Decision("promote", "openers", "good", "3b" * 32, "Ana", "first", "2026", base=base)
    with closing(recorded.store()) as store:
        store.decisions.add(decision)
    judge = partial(judged, recorded, "same")
    if base == "recorded":
        with refused("its recorded outputs are not those that were promoted", AdapterRefused):
            judge()
    else:  # the digest of an adapter's files says nothing of what was recorded
        assert judge()["openers"].promoted == "good"


def test_a_pinned_adapter_whose_bytes_changed_names_its_own_remedy(project: TinyProject) -> None:
    promoted_files(project, "v1")
    project.adapter("v2", seed=2).write()
    promoted_files(project, "v2")
    project.adapter("v1", seed=9).write()
    project.adapter("v3", seed=3).write()
    with session(project, EchoEngine()) as opened, pytest.raises(AdapterRefused) as caught:
        opened.candidate("v3").evaluate(opened.benchmark("openers"))
    assert "its bytes are not those that were pinned" in str(caught.value)
    assert str(caught.value).endswith("or pin another adapter with `lora-harness pin`")


def test_a_refused_reference_costs_no_output(project: TinyProject) -> None:
    promoted_files(project, "v1")
    project.adapter("v1", seed=9).write()
    project.adapter("v2", seed=3).write()
    engine = EchoEngine()
    with session(project, engine) as opened, pytest.raises(AdapterRefused):
        opened.candidate("v2").evaluate(opened.benchmark("openers"))
    assert engine.written == []


def test_an_adapter_is_judged_on_its_own_task(project: TinyProject) -> None:
    other = BENCHMARK.replace("openers", "subjects")
    project.benchmark("subjects", other, CASES)
    project.adapter("theirs", task="subjects").write()
    project.adapter("foreign", task="poems").write()
    with session(project, EchoEngine()) as opened:
        names = {
            adapter: [b.name for b in opened.benchmarks(adapter)]
            for adapter in ("v1", "theirs", "foreign")
        }
    assert names == {
        "v1": ["openers", "manners"],
        "theirs": ["subjects", "manners"],
        "foreign": ["openers", "subjects", "manners"],
    }


@pytest.mark.slow
def test_a_guard_is_kept_against_what_is_promoted_for_the_adapters_task(
    project: TinyProject,
) -> None:
    project.benchmark("subjects", BENCHMARK.replace("openers", "subjects"), CASES)
    promoted_files(project, "v1")
    project.adapter("v2", seed=3, task="openers").write()
    project.adapter("theirs", seed=4, task="subjects").write()
    with session(project, EchoEngine()) as opened:
        guard = opened.benchmark("manners")
        assert opened.candidate("v2").evaluate(guard).verdict.promoted == "v1"
        assert opened.candidate("theirs").evaluate(guard).verdict.promoted is None


# --- was it worth it ----------------------------------------------------------------------------


def with_a_prompt(project: TinyProject) -> TinyProject:
    project.benchmark("openers", BENCHMARK + EXAMPLES, CASES)
    project.record("base+prompt", quality="same")
    project.promote("good")
    return project


@pytest.mark.long
def test_every_adapter_is_compared_with_base_and_prompt(recorded: TinyProject) -> None:
    verdict = judged(with_a_prompt(recorded), "same")["openers"]
    assert verdict.promoted == "good"
    assert set(verdict.runs) == {"candidate", "promoted", "base", "base+prompt"}
    over = {worth.against: worth for worth in reversed(verdict.worth)}
    assert (over["base"].state, over["base"].n) == ("better", 8)
    assert over["base+prompt"].says == "a prompt would do"
    assert [worth.benchmark for worth in verdict.forgetting] == ["manners"]


@pytest.mark.long
def test_baselines_change_no_outcome(recorded: TinyProject) -> None:
    with_a_prompt(recorded)
    for adapter in ("same", "bad"):
        asked = judged(recorded, adapter)["openers"]
        unasked = harness.evaluate(adapter, project=recorded.folder, baselines=False)["openers"]
        assert (unasked.worth, unasked.forgetting) == ((), ())
        assert set(unasked.runs) == {"candidate", "promoted"}
        assert (asked.outcome, asked.reasons) == (unasked.outcome, unasked.reasons)


@pytest.mark.slow
def test_without_baselines_the_first_adapter_still_has_its_base(recorded: TinyProject) -> None:
    recorded.benchmark("openers", BENCHMARK + EXAMPLES, CASES)
    recorded.record("base+prompt", quality="same")
    verdict = harness.evaluate("good", project=recorded.folder, baselines=False)["openers"]
    assert set(verdict.runs) == {"candidate", "base"}


@pytest.mark.long
def test_what_nobody_recorded_of_the_base_is_not_asked_for(recorded: TinyProject) -> None:
    recorded.promote("good")
    (recorded.folder / "recorded/base/openers.jsonl").unlink()
    verdict = judged(recorded, "same")["openers"]
    assert verdict.worth == ()
    assert [worth.benchmark for worth in verdict.forgetting] == ["manners"]


@pytest.mark.slow
def test_a_base_recorded_for_some_of_the_cases_is_not_asked_for(recorded: TinyProject) -> None:
    recorded.promote("good")
    file = recorded.folder / "recorded/base/openers.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
    assert judged(recorded, "same")["openers"].worth == ()


@pytest.mark.slow
def test_the_base_itself_needs_no_baselines(recorded: TinyProject) -> None:
    verdict = judged(with_a_prompt(recorded), "base+prompt")["openers"]
    assert (verdict.worth, verdict.promoted) == ((), "good")


@pytest.mark.long
def test_baselines_are_written_once(project: TinyProject) -> None:
    project.benchmark("openers", BENCHMARK + EXAMPLES, CASES)
    promoted_files(project, "v1")
    project.adapter("v2", seed=3).write()
    engine = EchoEngine()
    for adapter in ("v1", "v2"):
        with session(project, engine) as opened:
            opened.candidate(adapter).evaluate(opened.benchmark("openers"))
    written = [adapter for adapter, _, _ in engine.written]
    assert {name: written.count(name) for name in ("base", "base+prompt")} == {
        "base": 13,  # the task's 8 cases and the guard's 5
        "base+prompt": 8,
    }


@pytest.mark.long
def test_for_some_cases_no_baseline_is_made_but_one_that_is_there_is_used(
    project: TinyProject,
) -> None:
    promoted_files(project, "v1")
    project.adapter("v2", seed=3).write()
    engine, some = EchoEngine(), frozenset({"health-1", "health-2"})
    with session(project, engine) as opened:
        verdict = opened.candidate("v2").evaluate(opened.benchmark("openers"), some).verdict
    assert verdict.worth == ()
    assert "base" not in {adapter for adapter, _, _ in engine.written}
    with session(project, engine) as opened:
        opened.candidate("v1").evaluate(opened.benchmark("openers"))
    with session(project, engine) as opened:
        verdict = opened.candidate("v2").evaluate(opened.benchmark("openers"), some).verdict
    assert {worth.n for worth in verdict.worth} == {2}


# --- several samples ----------------------------------------------------------------------------


@pytest.mark.slow
def test_several_samples_are_kept_and_what_limits_the_verdict_is_said(
    project: TinyProject,
) -> None:
    promoted_files(project, "v1")
    project.adapter("v2", seed=3).write()
    engine = EchoEngine(lambda adapter, prompt: f"{prompt.messages[-1].content} {prompt.sample}")
    with session(project, engine, Request(samples=3)) as opened:
        found = opened.candidate("v2").evaluate(opened.benchmark("openers"))
        kept = opened.store.runs.by_id(found.run.id)
        assert opened.store.runs.changed() == []
    assert found.verdict.samples == 3
    assert kept == found.run
    for result in found.run.results:
        scores = result.sample_scores["edit_similarity"]
        assert len(scores) == 3
        assert result.scores["edit_similarity"] == pytest.approx(sum(scores) / 3)
        assert result.scores["consistency"] is not None
    shown = {metric.name for metric in found.verdict.metrics}
    assert "consistency" in shown


# --- some of the cases --------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 4, 7])
def test_a_run_of_some_cases_can_never_promote(project: TinyProject, count: int) -> None:
    promoted_files(project, "v1")
    some = frozenset(case["id"] for case in CASES[:count])
    with session(project, EchoEngine()) as opened:
        found = opened.candidate("v1").evaluate(opened.benchmark("openers"), some)
        assert found.verdict.outcome == "inconclusive"
        assert (found.verdict.n, found.run.complete) == (count, False)
        assert found.verdict.guards == ()


@pytest.mark.slow
def test_all_cases_by_name_are_a_whole_run(project: TinyProject) -> None:
    promoted_files(project, "v1")
    named = frozenset(case["id"] for case in CASES)
    with session(project, EchoEngine()) as opened:
        assert opened.candidate("v1").evaluate(opened.benchmark("openers"), named).run.complete


@pytest.mark.slow
def test_for_some_cases_the_reference_is_not_made_again(project: TinyProject) -> None:
    promoted_files(project, "v1")
    project.adapter("v2", seed=3).write()
    engine = EchoEngine()
    with session(project, engine) as opened:
        opened.candidate("v1").evaluate(opened.benchmark("openers"))
        before = len(engine.written)
        opened.candidate("v2").evaluate(opened.benchmark("openers"), frozenset({"health-1"}))
    assert engine.written[before:] == [("v2", "health-1", 0)]


# --- requests -----------------------------------------------------------------------------------


def test_an_unknown_benchmark_names_the_nearest(recorded: TinyProject) -> None:
    with pytest.raises(BenchmarkError, match="opner: no such benchmark, did you mean `openers`"):
        harness.evaluate("good", project=recorded.folder, benchmarks=["opner"])


@pytest.mark.parametrize("samples", [0, -1, 65])
def test_samples_have_limits(recorded: TinyProject, samples: int) -> None:
    from harness.flows.evaluation.session import open_session

    request = Request(samples=samples)
    with (
        pytest.raises(RequestError, match="1 to 64"),
        open_session(recorded.project, request, lambda step, done, total: None),
    ):
        pass


@pytest.mark.long
def test_runs_on_unlike_benchmarks_are_made_again_not_compared(recorded: TinyProject) -> None:
    recorded.promote("good")
    first = judged(recorded, "same")["openers"]
    changed = [CASES[0] | {"ideal": "Good day, Ana!"}, *CASES[1:]]
    recorded.benchmark("openers", BENCHMARK, changed)
    second = judged(recorded, "same")["openers"]
    assert first.fingerprint != second.fingerprint
    assert not set(first.runs.values()) & set(second.runs.values())


@pytest.mark.slow
def test_a_guard_alone_needs_no_task(recorded: TinyProject) -> None:
    recorded.benchmark("calm", GUARD_BENCHMARK.replace("manners", "calm"), GUARD_CASES)
    for name in ("base", "good"):
        folder = recorded.folder / "recorded" / name
        (folder / "calm.jsonl").write_text((folder / "manners.jsonl").read_text())
    assert set(judged(recorded, "good")) == {"openers", "manners", "calm"}


# --- from Python --------------------------------------------------------------------------------


def test_everything_public_can_be_imported() -> None:
    for name in harness.__all__:
        assert getattr(harness, name) is not None
    with pytest.raises(AttributeError):
        _ = harness.nothing_like_it  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_working_directory_is_the_project_where_none_is_named(
    recorded: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recorded.folder / "deep" / "inside").mkdir(parents=True)
    monkeypatch.chdir(recorded.folder / "deep" / "inside")
    assert harness.evaluate("good")["openers"].outcome == "promote"


@pytest.mark.slow
def test_a_recorded_line_may_leave_the_likelihood_out(
    recorded: TinyProject, tmp_path: Path
) -> None:
    file = recorded.folder / "recorded" / "good" / "openers.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        del line["ideal_nll"]
    recorded.write_lines("recorded/good/openers.jsonl", lines)
    verdict = judged(recorded, "good")["openers"]
    assert "ideal_likelihood" not in {metric.name for metric in verdict.metrics}
    assert verdict.outcome == "promote"
