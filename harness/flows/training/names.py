"""Names of people in a training set, where a local model is there to find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.engines.person_names import PersonNames
from harness.errors import WeightsError
from harness.findings.finding import Finding
from harness.records.training import TrainingExample
from harness.text.quoting import IN_INPUT, IN_OUTPUT
from harness.workspace.base.weights import find_weights

_PART = 64
"""Examples between two words on progress."""


def named_people(
    examples: Sequence[TrainingExample],
    model: str,
    root: Path,
    heard: Callable[[str, int, int], None],
) -> Iterator[Finding]:
    """Every example that names somebody; the model has to lie on this machine already."""
    weights = find_weights(model, root)
    if not weights.path.is_dir():
        raise WeightsError(f"{model}: a folder of a token classification model is needed")
    finder = PersonNames(weights.path)
    for start in range(0, len(examples), _PART):
        heard("names", start, len(examples))
        part = examples[start : start + _PART]
        for side, texts in (
            (IN_INPUT, [example.input for example in part]),
            (IN_OUTPUT, [example.output for example in part]),
        ):
            for example, names in zip(part, finder.find(texts), strict=True):
                if names:
                    said = ", ".join(f"{name[:1]}…" for name in dict.fromkeys(names))
                    message = "a person's name" + side.say(said)
                    yield Finding("personal_data", example.line, message)
