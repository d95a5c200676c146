"""Examples that stand in a set more than once: equal, nearly equal, or at odds with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.findings.finding import Finding
from harness.findings.near import near_duplicates
from harness.findings.words import normal
from harness.records.benchmark import TrainingExample


def repeats(examples: Sequence[TrainingExample]) -> Iterator[Finding]:
    """Duplicates, contradictions and near duplicates; a line is reported once, the later one."""
    taken: set[int] = set()
    for finding in _same_input(examples):
        assert finding.line is not None
        taken.add(finding.line)
        yield finding
    rest = [example for example in examples if example.line not in taken]
    for near in near_duplicates([f"{one.input}\n{one.output}" for one in rest]):
        how = f"{near.changed} of {near.length} words differ" if near.changed else "no word differs"
        yield Finding(
            "near_duplicate", rest[near.index].line, f"nearly line {rest[near.of].line}: {how}"
        )


def _same_input(examples: Sequence[TrainingExample]) -> Iterator[Finding]:
    """The first line with an input is the one that later lines repeat or contradict."""
    first: dict[str, tuple[TrainingExample, str]] = {}
    for example in examples:
        output = normal(example.output)
        earlier = first.setdefault(normal(example.input), (example, output))
        if earlier[0] is example:
            continue
        line = earlier[0].line
        if earlier[1] == output:
            yield Finding("duplicate", example.line, f"says the same as line {line}")
        else:
            message = f"has the input of line {line} with another output"
            yield Finding("contradiction", example.line, message)
