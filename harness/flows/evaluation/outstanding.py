"""What a stream of batches still has to bring: for its progress, and for the time left.

Tested in tests/flows/evaluation/test_time_left.py.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

from harness.engines.batches import Batch, BatchResult
from harness.flows.evaluation.generation import GenerationWork
from harness.flows.evaluation.runs import Producer
from harness.flows.evaluation.work import RunSpec
from harness.time_left import TimeLeft

WRITING, WEIGHING = "writing", "weighing ideals"


@dataclass
class Outstanding:
    """Outputs to write and ideals to weigh, by run."""

    producer: Producer
    total: int = 0
    done: int = 0
    _left: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    """By adapter and benchmark, what is left of each kind."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count()
        self._time_left = self.producer.time_left = TimeLeft()

    def expect(self, work: GenerationWork) -> None:
        """Count what a run lacks; as long as none was done, more tokens are taken to cost more."""
        tokens = work.spec.benchmark.generation.max_new_tokens
        ideals = sum(len(prompt.ideals) for prompt in work.unweighed()[0])
        writing, weighing = _kind(work.spec, WRITING), _kind(work.spec, WEIGHING)
        units = self._left[_pair(work.spec)] = Counter(
            {writing: len(work.unwritten()), weighing: ideals}
        )
        self._time_left.expect(writing, units[writing], tokens)
        self._time_left.expect(weighing, units[weighing], tokens / 10)
        self.total += units.total()

    def begin(self, processes: int, afterwards: float) -> None:
        """Note how many processes there are, and how many seconds follow the stream.

        Each process loads a model with its first batch.
        """
        self._time_left.processes = processes
        self._time_left.afterwards = afterwards

    def give(self, spec: RunSpec, batch: Batch) -> int:
        """Count a batch that is handed out; return its number, from 0."""
        number = next(self._numbers)
        ideals = sum(len(prompt.ideals) for prompt in batch.ideals)
        units = {_kind(spec, WRITING): len(batch.prompts), _kind(spec, WEIGHING): ideals}
        self._time_left.begin(number, Counter(units), loading=number < self._time_left.processes)
        return number

    def count(self, number: int, spec: RunSpec, result: BatchResult) -> None:
        """Count a part of the batch with this number, and show the progress."""
        word = WEIGHING if result.weighed else WRITING
        kind, units = _kind(spec, word), len(result.outputs) + len(result.weighed)
        if (left := self._left.get(_pair(spec))) is not None:
            left[kind] -= units
            self._time_left.did(kind, units, result.seconds, number)
        self.done += units
        self.producer.on_progress(f"{spec.title}: {word}", self.done, self.total)

    def end(self, number: int) -> None:
        """Expect nothing more of a batch that failed."""
        self._time_left.end(number)

    def forgo(self, pair: tuple[str, str]) -> None:
        """Expect nothing more of a run that failed."""
        for kind, units in self._left.pop(pair, {}).items():
            self._time_left.drop(kind, units)


def _pair(spec: RunSpec) -> tuple[str, str]:
    return spec.adapter.name, spec.benchmark.name


def _kind(spec: RunSpec, word: str) -> str:
    """Name work that costs about the same for every adapter."""
    return f"{spec.benchmark.name}: {word}"
