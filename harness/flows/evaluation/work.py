"""The work of a run: prompts and ideals, each with the key under which the store knows it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.records import BASE_PROMPT, Benchmark, Case, Message, Prompt
from harness.store.keys import likelihood_key, output_key

_PLACEHOLDER = re.compile(r"\{(input|context)\}")


def messages_for(
    benchmark: Benchmark,
    text: str,
    *,
    turns: Sequence[Message] = (),
    system: str | None = None,
    context: Sequence[str] = (),
    examples: bool = False,
) -> tuple[Message, ...]:
    """Return the turns of a prompt; the template is filled with its last user turn only.

    `system` None is that of the benchmark; `examples`: whether the benchmark's come first.
    """
    system = benchmark.system if system is None else system
    found = [Message("system", system)] if system.strip() else []
    for one in benchmark.examples if examples else ():
        asked = filled(benchmark.template, one.input, one.context)
        found += [*one.turns, Message("user", asked), Message("assistant", one.output)]
    last = Message("user", filled(benchmark.template, text, context))
    return (*found, *turns, last)


def filled(template: str, text: str, context: Sequence[str]) -> str:
    """Return the template with its input and context; several contexts are paragraphs."""
    values = {"input": text, "context": "\n\n".join(context)}
    # In one pass, so that an input with `{context}` in it stays as it is; and by replacement,
    # since a format would follow attributes.
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def prompts_for(benchmark: Benchmark, case: Case, adapter: str) -> tuple[Prompt, ...]:
    """Return a prompt per sample; only `base+prompt` sees the examples."""
    turns = messages_for(
        benchmark,
        case.input,
        turns=case.turns,
        system=case.system,
        context=case.context,
        examples=adapter == BASE_PROMPT,
    )
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
        base = backend.base_of(adapter)
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
        from_files = self.backend.from_files(self.adapter)
        return self.origin | {"case": prompt.case} if from_files else self.origin

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
