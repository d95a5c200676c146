"""Examples that repeat an earlier example: equal, nearly equal, or contradicting it.

Tests: tests/findings/test_dataset.py.

Tested in tests/findings/test_dataset.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.findings.finding import Finding
from harness.findings.near import near_duplicates
from harness.findings.words import normal
from harness.records.training_example import TrainingExample


def repeats(examples: Sequence[TrainingExample]) -> Iterator[Finding]:
    """Yield duplicates, contradictions and near duplicates; of two lines the later is reported."""
    first: dict[tuple[str, ...], tuple[TrainingExample, str]] = {}
    taken: set[int] = set()
    for example in examples:
        output = normal(example.output)
        given = (example.system or "", *example.context, example.conversation)
        asked = tuple(map(normal, given))
        earlier, its_output = first.setdefault(asked, (example, output))
        if earlier is example:
            continue
        taken.add(example.line)
        if its_output == output:
            yield Finding("duplicate", example.line, f"says the same as line {earlier.line}")
        else:
            message = f"has the input of line {earlier.line} with another output"
            yield Finding("contradiction", example.line, message)
    rest = [example for example in examples if example.line not in taken]
    for near in near_duplicates([_whole(one) for one in rest]):
        how = f"{near.changed} of {near.length} words differ" if near.changed else "no word differs"
        yield Finding(
            "near_duplicate", rest[near.index].line, f"nearly line {rest[near.of].line}: {how}"
        )


def _whole(example: TrainingExample) -> str:
    return "\n".join((*example.context, example.conversation, example.output))
