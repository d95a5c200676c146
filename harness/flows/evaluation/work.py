"""What is to be run: one adapter, one benchmark, some of its cases, each part with its address."""

from __future__ import annotations

from collections.abc import Sequence

from harness.engines.protocol import Engine
from harness.engines.recorded import Recorded
from harness.flows.store import AdapterRef
from harness.records import BASE_PROMPT, Benchmark, Case, Message, Prompt
from harness.store.keys import likelihood_key, output_key


def messages_for(benchmark: Benchmark, text: str, *, examples: bool = False) -> tuple[Message, ...]:
    """The turns for one input; the template is filled by plain replacement, never formatted."""
    turns = [Message("system", benchmark.system)] if benchmark.system.strip() else []
    if examples:
        for example in benchmark.examples:
            turns.append(Message("user", _filled(benchmark, example.input)))
            turns.append(Message("assistant", example.output))
    turns.append(Message("user", _filled(benchmark, text)))
    return tuple(turns)


def _filled(benchmark: Benchmark, text: str) -> str:
    return benchmark.template.replace("{input}", text)


def prompts_for(benchmark: Benchmark, case: Case, adapter: str) -> tuple[Prompt, ...]:
    """One prompt per sample; only `base+prompt` sees the examples."""
    turns = messages_for(benchmark, case.input, examples=adapter == BASE_PROMPT)
    return tuple(
        Prompt(case.id, turns, case.ideals, sample)
        for sample in range(benchmark.generation.samples)
    )


Place = tuple[str, int]
"""A case with a sample, or with an ideal."""


class RunSpec:
    """Prompts with the keys under which the store knows their outputs and likelihoods."""

    def __init__(
        self,
        side: AdapterRef,
        benchmark: Benchmark,
        cases: Sequence[Case],
        engine: Engine,
        base: str,
    ) -> None:
        self.side, self.benchmark, self.cases = side, benchmark, tuple(cases)
        self.engine, self.base = engine, base
        self.origin = dict(engine.origin(benchmark.generation))
        self.recorded = isinstance(engine, Recorded)
        self.prompts = [p for case in cases for p in prompts_for(benchmark, case, side.name)]
        self.outputs: dict[Place, str] = {
            (p.case, p.sample): output_key(side.digest, base, self._origin(p), p)
            for p in self.prompts
        }
        self.likelihoods: dict[Place, str] = {
            (p.case, index): likelihood_key(side.digest, base, self._origin(p), p, ideal)
            for p in self.prompts
            if p.sample == 0  # they do not depend on the output
            for index, ideal in enumerate(p.ideals)
        }

    def _origin(self, prompt: Prompt) -> dict[str, object]:
        """A recorded output belongs to its case; any other follows from its prompt alone."""
        return self.origin | {"case": prompt.case} if self.recorded else self.origin

    def of(self, cases: Sequence[Case]) -> RunSpec:
        """The same for some of its cases."""
        if len(cases) == len(self.cases):
            return self
        return RunSpec(self.side, self.benchmark, cases, self.engine, self.base)

    @property
    def title(self) -> str:
        """For progress."""
        return f"{self.side.name} on {self.benchmark.name}"

    @property
    def complete(self) -> bool:
        """Whether it is the whole benchmark."""
        return len(self.cases) == len(self.benchmark.cases)
