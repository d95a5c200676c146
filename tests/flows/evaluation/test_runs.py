"""Outputs are made once: whatever was finished is never made again, and nothing stale is taken."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed, StoreFailed
from harness.flows.evaluation import runs
from harness.flows.evaluation.context import Request
from harness.records import Generation, Output, Prompt
from tests.fakes.engines import EchoEngine
from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.flows.conftest import run, session

ALL = [case["id"] for case in CASES]


def written(*engines: EchoEngine) -> list[str]:
    """Cases in the order in which texts were written for them."""
    return [case for engine in engines for _, case, _ in engine.written]


def weighed(*engines: EchoEngine) -> list[tuple[str, int]]:
    return [(case, ideal) for engine in engines for _, case, ideal in engine.weighed]


# --- what is finished stays ---------------------------------------------------------------------


@pytest.mark.parametrize("batches", range(4))
def test_a_run_that_broke_is_carried_on(project: TinyProject, batches: int) -> None:
    first, second = EchoEngine(fail_after=batches), EchoEngine()
    with pytest.raises(EngineFailed):
        run(project, first)
    found = run(project, second)
    assert written(first, second) == ALL
    assert len(written(first)) == 2 * batches
    assert [result.text for result in found.results] == [
        f"Write: {case['input']}"[::-1] for case in CASES
    ]


def test_ideals_that_were_weighed_before_it_broke_are_not_weighed_again(
    project: TinyProject,
) -> None:
    class Breaking(EchoEngine):
        def likelihood(
            self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
        ) -> Iterator[tuple[Weighed, ...]]:
            for number, batch in enumerate(super().likelihood(adapter, prompts, generation)):
                if number == 3:
                    raise EngineFailed("the machine broke")
                yield batch

    first, second = Breaking(), EchoEngine()
    with pytest.raises(EngineFailed):
        run(project, first)
    run(project, second)
    kept = weighed(first)[:3]
    assert kept + weighed(second) == [(case, 0) for case in ALL]
    assert written(second) == []


@pytest.mark.slow
def test_a_killed_process_leaves_every_finished_batch(project: TinyProject) -> None:
    def die(adapter: Mounted, prompt: Prompt) -> str:
        if prompt.case == ALL[5]:
            os._exit(9)  # as kill -9 does: nothing is tidied up
        return prompt.case

    child = os.fork()
    if not child:
        run(project, EchoEngine(die))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    second = EchoEngine(lambda adapter, prompt: prompt.case)
    found = run(project, second)
    assert written(second) == ALL[4:]
    assert [result.text for result in found.results] == ALL


def test_an_interruption_is_no_different(project: TinyProject) -> None:
    def stop(adapter: Mounted, prompt: Prompt) -> str:
        if prompt.case == ALL[3]:
            raise KeyboardInterrupt
        return prompt.case

    with pytest.raises(KeyboardInterrupt):
        run(project, EchoEngine(stop))
    second = EchoEngine()
    run(project, second)
    assert written(second) == ALL[2:]


def test_a_complete_run_is_one_run_however_often_it_is_asked_for(
    project: TinyProject, engine: EchoEngine
) -> None:
    first = run(project, engine)
    again = run(project, engine)
    by_name = run(project, engine, cases=frozenset(ALL))
    assert first == again
    assert by_name.id == first.id
    assert first.complete
    assert written(engine) == ALL


def test_an_unchanged_adapter_under_another_name_is_not_written_again(
    project: TinyProject, engine: EchoEngine
) -> None:
    first = run(project, engine)
    folder = project.folder / "adapters"
    shutil.copytree(folder / "v1", folder / "acme" / "v9")
    other = run(project, engine, "acme/v9")
    assert written(engine) == ALL
    assert len(weighed(engine)) == len(ALL)
    assert other.id != first.id
    assert (other.adapter, other.results) == ("acme/v9", first.results)


@pytest.mark.parametrize("file", ["README.md", "training.json"])
def test_a_model_card_may_be_written_later(
    project: TinyProject, engine: EchoEngine, file: str
) -> None:
    run(project, engine)
    (project.folder / "adapters" / "v1" / file).write_text("{}")
    run(project, engine)
    assert written(engine) == ALL


# --- what changed is made again -----------------------------------------------------------------


def test_an_adapter_with_other_bytes_is_written_again(
    project: TinyProject, engine: EchoEngine
) -> None:
    run(project, engine)
    project.adapter("v1", seed=5).write()
    run(project, engine)
    assert Counter(written(engine)) == dict.fromkeys(ALL, 2)


def test_one_changed_case_writes_that_case_only(project: TinyProject, engine: EchoEngine) -> None:
    first = run(project, engine)
    cases = [*CASES[:2], CASES[2] | {"input": "somebody else"}, *CASES[3:]]
    project.benchmark("openers", BENCHMARK, cases)
    second = run(project, engine)
    assert written(engine) == [*ALL, ALL[2]]
    assert weighed(engine)[8:] == [(ALL[2], 0)]
    assert second.fingerprint != first.fingerprint


def test_one_added_case_writes_that_case_only(project: TinyProject, engine: EchoEngine) -> None:
    run(project, engine)
    project.benchmark("openers", BENCHMARK, [*CASES, CASES[0] | {"id": "new", "input": "new"}])
    run(project, engine)
    assert written(engine) == [*ALL, "new"]


def test_a_changed_ideal_weighs_that_ideal_only_and_writes_nothing(
    project: TinyProject, engine: EchoEngine
) -> None:
    two = CASES[0] | {"ideal": [CASES[0]["ideal"], "Hello Ana!"]}
    project.benchmark("openers", BENCHMARK, [two, *CASES[1:]])
    run(project, engine)
    before = len(engine.weighed)
    asked: list[Prompt] = []
    likelihood = engine.likelihood

    def listening(adapter: Mounted, prompts: Sequence[Prompt], generation: Generation) -> Any:
        asked.extend(prompts)
        return likelihood(adapter, prompts, generation)

    engine.likelihood = listening  # type: ignore[method-assign]
    three = CASES[0] | {"ideal": ["Hello Ana!", "Good day, Ana!", CASES[0]["ideal"]]}
    project.benchmark("openers", BENCHMARK, [three, *CASES[1:]])
    found = run(project, engine)
    assert [prompt.ideals for prompt in asked] == [("Good day, Ana!",)]
    assert len(engine.weighed) == before + 1
    assert written(engine) == ALL
    assert found.results[0].outputs[0].ideal_nlls == (0.5, 0.5, 0.5)


def test_a_changed_instruction_writes_everything_again(
    project: TinyProject, engine: EchoEngine
) -> None:
    run(project, engine)
    project.benchmark("openers", BENCHMARK.replace("first lines", "first words"), CASES)
    run(project, engine)
    assert written(engine) == ALL + ALL


def test_a_changed_margin_is_another_benchmark_but_writes_nothing(
    project: TinyProject, engine: EchoEngine
) -> None:
    first = run(project, engine)
    project.benchmark("openers", BENCHMARK.replace("0.08", "0.07"), CASES)
    second = run(project, engine)
    assert second.id != first.id
    assert second.fingerprint != first.fingerprint
    assert written(engine) == ALL


# --- refresh ------------------------------------------------------------------------------------


@pytest.mark.medium
def test_refresh_makes_a_new_run_and_the_next_one_is_that_one(project: TinyProject) -> None:
    first = run(project, EchoEngine(lambda adapter, prompt: "once"))
    fresh = run(project, EchoEngine(lambda adapter, prompt: "twice"), refresh=True)
    after = run(project, EchoEngine(lambda adapter, prompt: "never"))
    assert first.results[0].text == "once"
    assert fresh.results[0].text == "twice"
    assert fresh.id != first.id
    assert after == fresh


@pytest.mark.medium
def test_refresh_can_be_repeated(project: TinyProject, engine: EchoEngine) -> None:
    ids = {run(project, engine, refresh=number > 0).id for number in range(3)}
    assert len(ids) == 3
    assert written(engine) == ALL * 3


# --- some of the cases --------------------------------------------------------------------------


@pytest.mark.medium
def test_a_case_alone_has_the_same_output_and_is_not_written_again(
    project: TinyProject, engine: EchoEngine
) -> None:
    alone = run(project, engine, cases=frozenset({ALL[4]}))
    whole = run(project, engine)
    assert not alone.complete
    assert alone.results[0].outputs == whole.results[4].outputs
    assert Counter(written(engine)) == dict.fromkeys(ALL, 1)


# --- cases that look alike ----------------------------------------------------------------------


def test_two_cases_with_one_input_are_written_once_and_scored_each(
    project: TinyProject, engine: EchoEngine
) -> None:
    twin = CASES[0] | {"id": "twin", "ideal": "Good day"}
    project.benchmark("openers", BENCHMARK, [*CASES, twin])
    found = run(project, engine)
    assert written(engine) == ALL
    first, last = found.results[0], found.results[-1]
    assert first.text == last.text
    assert (last.outputs[0].case, last.case.id) == ("twin", "twin")
    assert first.scores["edit_similarity"] != last.scores["edit_similarity"]


def test_recorded_cases_with_one_input_keep_their_own_outputs(project: TinyProject) -> None:
    twin = CASES[0] | {"id": "twin"}
    project.benchmark("openers", BENCHMARK, [*CASES, twin])
    project.record("v2")
    file = project.folder / "recorded" / "v2" / "openers.jsonl"
    with file.open("a") as lines:
        lines.write('{"case": "twin", "output": "another text", "ideal_nll": 0.7}\n')
    from harness.flows.evaluation.backends import RecordedBackend

    opened, store = project.project, project.store()
    backend = RecordedBackend(opened, project.folder / "recorded")
    maker = runs.Producer(opened, store, backend)
    found = maker.run(backend.adapter("v2"), opened.benchmarks["openers"])
    store.close()
    assert (found.results[0].text, found.results[-1].text) == (CASES[0]["ideal"], "another text")
    assert found.results[-1].outputs[0].ideal_nlls == (0.7,)
    assert found.results[0].outputs[0].ideal_nlls == (0.2,)


def test_an_ideal_that_stands_twice_is_weighed_once(
    project: TinyProject, engine: EchoEngine
) -> None:
    twice = CASES[0] | {"ideal": ["Hi Ana!", "Hi Ana!"]}
    project.benchmark("openers", BENCHMARK, [twice, *CASES[1:]])
    found = run(project, engine)
    assert weighed(engine).count((ALL[0], 0)) == 1
    assert found.results[0].outputs[0].ideal_nlls == (0.5, 0.5)


# --- several samples ----------------------------------------------------------------------------


def test_samples_are_written_each_and_weighed_once(project: TinyProject) -> None:
    engine = EchoEngine(lambda adapter, prompt: f"{prompt.case} {prompt.sample}")
    found = run(project, engine, request=Request(samples=3))
    assert [output.text for output in found.results[0].outputs] == [
        f"{ALL[0]} {sample}" for sample in range(3)
    ]
    assert len(engine.written) == 3 * len(ALL)
    assert weighed(engine) == [(case, 0) for case in ALL]
    assert 0 < (found.results[0].scores["consistency"] or 0) < 1


def test_more_samples_later_keep_the_ones_that_are_there(
    project: TinyProject, engine: EchoEngine
) -> None:
    run(project, engine, request=Request(samples=2))
    run(project, engine, request=Request(samples=3))
    assert len(set(engine.written)) == len(engine.written) == 3 * len(ALL)


# --- engines that fail --------------------------------------------------------------------------


def test_what_breaks_inside_an_engine_is_told_in_one_line(project: TinyProject) -> None:
    def oom(adapter: Mounted, prompt: Prompt) -> str:
        raise RuntimeError("out of memory\nTried to allocate 2 GiB")

    with pytest.raises(EngineFailed, match=r"v1: the engine echo failed .*out of memory") as caught:
        run(project, EchoEngine(oom))
    assert caught.value.exit_code == 11
    assert "\n" not in str(caught.value)


def test_an_engine_that_forgets_a_case_is_not_believed(project: TinyProject) -> None:
    class Forgetting(EchoEngine):
        def generate(
            self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
        ) -> Iterator[tuple[Output, ...]]:
            yield from super().generate(adapter, prompts[:-1], generation)

    with pytest.raises(EngineFailed, match=f"gave nothing for 1 cases, such as {ALL[-1]}"):
        run(project, Forgetting())


def test_an_engine_without_likelihoods_leaves_them_missing_not_zero(project: TinyProject) -> None:
    engine = EchoEngine()
    engine.likelihoods = False
    found = run(project, engine)
    assert weighed(engine) == []
    assert found.results[0].outputs[0].ideal_nlls == ()
    assert found.results[0].scores["ideal_likelihood"] is None


def test_reports_that_cannot_be_written_are_told(project: TinyProject, engine: EchoEngine) -> None:
    project.settings('reports = "taken"\nstore = "sqlite:///elsewhere.db"\n')
    project.write("taken", "a file")
    with pytest.raises(StoreFailed, match=r"taken.*cannot be written"):
        run(project, engine)


# --- what is recorded ---------------------------------------------------------------------------


def test_a_run_says_where_its_numbers_come_from(project: TinyProject, engine: EchoEngine) -> None:
    found = run(project, engine)
    assert set(found.digests) == {"adapter", "base", "embedder"}
    assert found.digests["base"] == "echo"
    assert found.origin["engine"] == "echo"
    assert set(found.origin["measures"]) == {"rapidfuzz", "sacrebleu"}
    assert "python" in found.origin["machine"]
    assert set(found.seconds) == {"generate", "likelihood", "measure"}
    assert found.started.endswith("Z")
    assert (found.adapter, found.benchmark, found.task) == ("v1", "openers", "openers")


def test_progress_counts_up_to_all(project: TinyProject, engine: EchoEngine) -> None:
    on_progress: list[tuple[str, int, int]] = []
    with session(project, engine) as opened:
        opened.producer.on_progress = lambda step, done, total: on_progress.append(
            (step, done, total)
        )
        opened.producer.run(opened.backend.adapter("v1"), opened.benchmark("openers"))
    writing = [(done, total) for step, done, total in on_progress if step.endswith("writing")]
    assert writing == [(0, 16), (2, 16), (4, 16), (6, 16), (8, 16)], "ideals are work as well"
    assert on_progress[-1] == ("v1 on openers: weighing ideals", 16, 16)


# --- where memory holds base or embedder, not both -----------------------------------------------


class Releasing(EchoEngine):
    """An engine that counts how often it was asked to make room."""

    released = 0

    def release(self) -> None:
        self.released += 1


class Unit:
    """An embedding model that counts how often it was loaded."""

    loads = 0

    def __init__(self, *_: object) -> None:
        Unit.loads += 1

    def encode(self, texts: list[str], **_: object) -> list[Any]:
        return [np.ones(2, dtype=np.float32) for _ in texts]


@pytest.mark.parametrize(("free", "turns"), [(10**6, 2), (10**12, 0)], ids=["short", "enough"])
def test_base_and_embedder_take_turns_where_both_do_not_fit(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch, free: int, turns: int
) -> None:
    folder = project.write("embedder/config.json", "{}").parent
    save_file({"w": np.zeros(4, dtype=np.float32)}, folder / "model.safetensors")
    text = (project.folder / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace('embedder = "none"', 'embedder = "embedder"'))
    monkeypatch.setattr("harness.engines.embedder.free_memory", lambda: free)
    monkeypatch.setattr("harness.engines.embedder._mean_of_tokens", lambda _: (8, True))
    monkeypatch.setattr("harness.engines.embedder._MeanOfTokens", Unit)
    monkeypatch.setattr(Unit, "loads", 0)
    engine = Releasing()
    with session(project, engine) as opened:
        benchmark, adapter = opened.benchmark("openers"), opened.backend.adapter("v1")
        for cases in (frozenset(ALL[:1]), None):
            opened.producer.run(adapter, benchmark, cases)
    assert engine.released == turns
    assert Unit.loads == max(1, turns)


def test_a_run_that_serves_many_candidates_is_read_once_and_large_runs_do_not_pile_up(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session(project, EchoEngine()) as opened:
        producer, benchmark = opened.producer, opened.benchmark("openers")
        base = opened.backend.adapter("base")
        first = producer.run(base, benchmark)
        producer.run(base, benchmark)
        reads = []
        by_key = opened.store.runs.by_key
        monkeypatch.setattr(
            opened.store.runs, "by_key", lambda key: reads.append(key) or by_key(key)
        )
        assert producer.run(base, benchmark) == first
        assert len(reads) == 1, "whether it was made again is asked each time"
        monkeypatch.setattr("harness.flows.evaluation.known_runs._HELD", len(CASES) - 1)
        producer.run(base, benchmark)
        assert not producer._known._held
