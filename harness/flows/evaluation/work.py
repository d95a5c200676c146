"""The work of a run: prompts and ideals, each with the key under which the store knows it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.records import BASE_PROMPT, Benchmark, Case, Message, Prompt
from harness.store.keys import likelihood_key, output_key


def messages_for(benchmark: Benchmark, text: str, *, examples: bool = False) -> tuple[Message, ...]:
    """Return the turns for an input; the template is filled by replacement, never formatted."""
    turns = [Message("system", benchmark.system)] if benchmark.system.strip() else []
    for example in benchmark.examples if examples else ():
        turns.append(Message("user", benchmark.template.replace("{input}", example.input)))
        turns.append(Message("assistant", example.output))
    turns.append(Message("user", benchmark.template.replace("{input}", text)))
    return tuple(turns)


def prompts_for(benchmark: Benchmark, case: Case, adapter: str) -> tuple[Prompt, ...]:
    """Return a prompt per sample; only `base+prompt` sees the examples."""
    turns = messages_for(benchmark, case.input, examples=adapter == BASE_PROMPT)
    return tuple(
        Prompt(case.id, turns, case.ideals, sample, benchmark.chat)
        for sample in range(benchmark.generation.samples)
    )


Place = tuple[str, int]
"""A case with a sample, or with an ideal."""


class RunSpec:
    """An adapter on some cases of a benchmark: prompts, and the keys of their results."""

    def __init__(
        self, adapter: AdapterRef, benchmark: Benchmark, cases: Sequence[Case], backend: Backend
    ) -> None:
        self.adapter, self.benchmark, self.cases = adapter, benchmark, tuple(cases)
        self.backend = backend
        engine = backend.engine(benchmark.name, adapter)
        self.engine_name, self.weighs = engine.name, engine.likelihoods
        self.origin = dict(engine.origin(benchmark.generation))
        self.prompts = [p for case in cases for p in prompts_for(benchmark, case, adapter.name)]
        base = backend.base_digest
        self.outputs: dict[Place, str] = {
            (p.case, p.sample): output_key(adapter.digest, base, self._origin(p), p)
            for p in self.prompts
        }
        self.likelihoods: dict[Place, str] = {
            (p.case, index): likelihood_key(adapter.digest, base, self._origin(p), p, ideal)
            for p in self.prompts
            if p.sample == 0  # they do not depend on the output
            for index, ideal in enumerate(p.ideals)
        }

    def _origin(self, prompt: Prompt) -> dict[str, object]:
        """Return what an output follows from: a recorded output also belongs to its case."""
        return self.origin | {"case": prompt.case} if self.backend.recorded else self.origin

    def of(self, cases: Sequence[Case]) -> RunSpec:
        """Return the spec for some of the cases."""
        if len(cases) == len(self.cases):
            return self
        return RunSpec(self.adapter, self.benchmark, cases, self.backend)

    @property
    def title(self) -> str:
        """The words that progress shows."""
        return f"{self.adapter.name} on {self.benchmark.name}"

    @property
    def complete(self) -> bool:
        """Whether it covers the whole benchmark."""
        return len(self.cases) == len(self.benchmark.cases)
