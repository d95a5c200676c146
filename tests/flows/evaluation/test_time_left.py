"""A sweep says early how long it takes, whatever its tasks, its workers and its store are like."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engines.batches import BatchResult
from harness.engines.protocol import Weighed
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.outstanding import Outstanding
from harness.flows.evaluation.prefetch import NeededRun, in_turn
from harness.records import Benchmark, Generation, Output
from harness.time_left import TimeLeft

TOKENS = {"subject": 12, "opener": 64, "report": 400}
"""Tasks, with the tokens of their outputs at most."""
WRITE = {"subject": 0.03, "opener": 0.11, "report": 0.9}
"""Seconds of an output: not in proportion to the limit, as texts end before it."""
WEIGH = {"subject": 0.01, "opener": 0.02, "report": 0.15}
LOAD, MOUNT = 30.0, 0.5
CASES, PART = 30, 8
NEAR = 0.2


@dataclass
class Sweep:
    """A simulated stream: what a real one counts, by a clock that only counts."""

    workers: int
    stored: float
    """The share of runs that lack only some of their outputs."""
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    now: float = 0.0
    said: list[tuple[float, float | None]] = field(default_factory=list)
    """Times, and what was said to be left."""
    seen_all: float = 0.0
    """When every task had come back once: on many workers a batch may take more than a tenth."""

    def run(self, needs: list[NeededRun]) -> None:
        producer: Any = SimpleNamespace(time_left=None, on_progress=lambda *_: None)
        outstanding = Outstanding(producer)
        outstanding._time_left = producer.time_left = TimeLeft(lambda: self.now)
        works = {need.pair: self._work(need) for need in needs}
        for need in needs:
            outstanding.expect(works[need.pair])
        outstanding.begin(self.workers, 0.0)
        runs = [works[need.pair] for of_adapter in in_turn(needs) for need in of_adapter]
        left, free = iter(runs), [(0.0, worker, True) for worker in range(self.workers)]
        tasks = set(TOKENS)
        under_way: list[tuple[float, int, Any, list[BatchResult], int]] = []
        while True:
            while free and (work := next(left, None)) is not None:
                begins, worker, fresh = heapq.heappop(free)
                self.now = max(self.now, begins)
                prompts = tuple(work.unwritten())
                number = outstanding.give(
                    work.spec, SimpleNamespace(prompts=prompts, ideals=prompts)
                )  # type: ignore[arg-type]
                results = list(self._results(work, MOUNT + (LOAD if fresh else 0.0)))
                heapq.heappush(under_way, self._next(self.now, number, work, results, worker))
            if not under_way:
                return
            ends, number, work, results, worker = heapq.heappop(under_way)
            self.now = ends
            back = results[:1] if self.workers == 1 else results  # a worker sends a batch in one go
            for result in back:
                outstanding.count(number, work.spec, result)
            self.said.append((self.now, producer.time_left.seconds()))
            tasks.discard(work.spec.benchmark.name)
            if not tasks and not self.seen_all:
                self.seen_all = self.now
            if rest := results[len(back) :]:
                heapq.heappush(under_way, self._next(self.now, number, work, rest, worker))
            else:
                heapq.heappush(free, (self.now, worker, False))

    def _next(
        self, now: float, number: int, work: Any, results: list[BatchResult], worker: int
    ) -> tuple[float, int, Any, list[BatchResult], int]:
        coming = results[:1] if self.workers == 1 else results
        return now + sum(result.seconds for result in coming), number, work, results, worker

    def _work(self, need: NeededRun) -> Any:
        missing = CASES // 3 if self.dice.random() < self.stored else CASES
        spec = SimpleNamespace(adapter=need.adapter, benchmark=need.benchmark, title="a run")
        prompts = [SimpleNamespace(ideals=("one",))] * missing
        return SimpleNamespace(
            spec=spec, unwritten=lambda: prompts, unweighed=lambda: (prompts, {})
        )

    def _results(self, work: Any, more: float) -> Iterator[BatchResult]:
        name, units = work.spec.benchmark.name, len(work.unwritten())
        pace = self.dice.uniform(0.8, 1.2)  # adapters differ in how much they write
        yield BatchResult(shift=1.0, seconds=more)
        for start in range(0, units, PART):
            some = min(PART, units - start)
            outputs = tuple(Output(str(n), "text", 0, 1) for n in range(some))
            yield BatchResult(outputs=outputs, seconds=some * pace * WRITE[name])
        weighed = tuple(Weighed(str(n), 0, 1.0) for n in range(units))
        yield BatchResult(weighed=weighed, seconds=units * WEIGH[name])


def benchmark(task: str) -> Benchmark:
    return Benchmark(task, task, (), "", generation=Generation(max_new_tokens=TOKENS[task]))


def needs(adapters: int, every_task: bool) -> list[NeededRun]:
    """Each adapter on every task, or ten adapters of one task after ten of another."""
    tasks, found = [benchmark(task) for task in TOKENS], []
    for number in range(adapters):
        mine = tasks if every_task else [tasks[number * len(tasks) // adapters]]
        adapter = AdapterRef(f"a{number}", str(number))
        found += [NeededRun(adapter, one, None, False) for one in mine]
    return found


@pytest.mark.parametrize("stored", [0.0, 0.5], ids=["new", "half stored"])
@pytest.mark.parametrize(
    ("every_task", "workers"),
    # Ten long batches on four workers take three rounds, not two and a half: not for an average.
    [(True, 1), (True, 4), (False, 1), (False, 2)],
)
def test_thirty_adapters_and_three_tasks_say_their_time_within_a_fifth_after_a_tenth(
    every_task: bool, workers: int, stored: float
) -> None:
    sweep = Sweep(workers, stored)
    sweep.run(needs(30, every_task))
    begun, ends = LOAD, sweep.now
    since = max(begun + 0.1 * (ends - begun), sweep.seen_all)
    middle = [(at, left) for at, left in sweep.said if since <= at <= begun + 0.9 * (ends - begun)]
    assert len(middle) > 15
    for at, left in middle:
        assert left == pytest.approx(ends - at, rel=NEAR, abs=3.0)


def test_a_run_that_fails_is_expected_no_longer() -> None:
    producer: Any = SimpleNamespace(time_left=None, on_progress=lambda *_: None)
    outstanding, clock = Outstanding(producer), [0.0]
    outstanding._time_left = left = TimeLeft(lambda: clock[0])
    sweep = Sweep(1, 0.0)
    first, second = (sweep._work(need) for need in needs(2, every_task=False))
    outstanding.expect(first)
    outstanding.expect(second)
    for number in range(10):
        clock[0] += 1.0
        outputs = (Output(str(number), "text", 0, 1),)
        outstanding.count(number, first.spec, BatchResult(outputs=outputs, seconds=1.0))
    before = left.seconds()
    outstanding.forgo(("a1", "report" if second.spec.benchmark.name == "report" else "opener"))
    after = left.seconds()
    assert before is not None and after is not None
    assert after < before and after == pytest.approx(20 + 30 * 0.1, rel=0.1)


def test_adapters_of_different_tasks_take_turns_and_an_adapters_runs_stay_together() -> None:
    found = list(in_turn(needs(9, every_task=False)))
    assert [runs[0].benchmark.name for runs in found] == list(TOKENS) * 3
    together = list(in_turn(needs(2, every_task=True)))
    assert [[run.pair for run in runs] for runs in together] == [
        [(name, task) for task in TOKENS] for name in ("a0", "a1")
    ]
