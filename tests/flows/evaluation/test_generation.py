"""Many cases go through in stretches: each is written and weighed before the next is begun."""

from __future__ import annotations

import pytest

from harness.errors import EngineFailed
from harness.flows.evaluation.prefetch import prefetch
from tests.fakes.engines import EchoEngine, Watched
from tests.fakes.project import BENCHMARK, TinyProject
from tests.flows.conftest import run, session

MANY = [
    {"id": f"case-{n:02}", "input": f"number {n}", "ideal": f"the number {n}"} for n in range(20)
]
ALL = [case["id"] for case in MANY]
STRETCHES = [ALL[:8], ALL[8:16], ALL[16:]]
"""Eight batches of one row each."""


@pytest.fixture
def many(project: TinyProject) -> TinyProject:
    project.benchmark("openers", BENCHMARK + "\n[generation]\nbatch = 1\n", MANY)
    return project


def test_ideals_are_weighed_while_their_prompts_are_still_read(many: TinyProject) -> None:
    engine = Watched()
    found = run(many, engine)
    assert engine.asked == [(what, some) for some in STRETCHES for what in ("write", "weigh")]
    assert [result.case.id for result in found.results] == ALL
    assert all(result.outputs[0].ideal_nlls == (0.5,) for result in found.results)


def test_a_sweep_goes_in_the_same_stretches(many: TinyProject) -> None:
    engine = Watched()
    with session(many, engine) as opened:
        prefetch(opened, [("base", "openers", None)])
    guard = engine.asked[6:]
    assert engine.asked[:6] == [(what, some) for some in STRETCHES for what in ("write", "weigh")]
    assert [what for what, _ in guard] == ["write", "weigh"]


def test_one_that_broke_in_the_middle_goes_on_there(many: TinyProject) -> None:
    first, second = Watched(fail_at=2), Watched()
    with pytest.raises(EngineFailed):
        run(many, first)
    run(many, second)
    both = first.asked + second.asked
    assert both == [(what, some) for some in STRETCHES for what in ("write", "weigh")]


def test_the_samples_of_a_case_stay_together(project: TinyProject) -> None:
    more = "\n[generation]\nbatch = 1\nsamples = 4\ntemperature = 0.7\n"
    project.benchmark("openers", BENCHMARK + more, MANY[:4])
    engine = Watched()
    run(project, engine)
    first, second = ALL[:2], ALL[2:4]
    assert [some for what, some in engine.asked if what == "weigh"] == [first, second]


def test_equal_inputs_in_different_stretches_are_written_once(many: TinyProject) -> None:
    twin = MANY[0] | {"id": "twin"}
    many.benchmark("openers", BENCHMARK + "\n[generation]\nbatch = 1\n", [*MANY, twin])
    engine = Watched()
    found = run(many, engine)
    assert len(engine.written) == len(MANY)
    assert found.results[-1].text == found.results[0].text


def test_progress_counts_outputs_and_ideals_of_the_whole_order(many: TinyProject) -> None:
    on_progress: list[tuple[int, int]] = []
    with session(many, EchoEngine()) as opened:
        opened.producer.on_progress = lambda step, done, total: on_progress.append((done, total))
        opened.producer.run(opened.backend.adapter("v1"), opened.benchmark("openers"))
    assert {total for _, total in on_progress} == {40}
    counts = [done for done, _ in on_progress]
    assert counts == sorted(counts)
    assert counts[-1] == 40
