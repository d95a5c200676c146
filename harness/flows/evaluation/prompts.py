"""Cases become prompts: the benchmark's instruction, its examples where asked, its template."""

from __future__ import annotations

from harness.records import BASE_PROMPT, Benchmark, Case, Message, Prompt


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
