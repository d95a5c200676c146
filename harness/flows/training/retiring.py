"""Choose the training lines that speak the old voice, by a pattern, a slice or a date."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.measure.phrases import PATTERN_SECONDS, compiled
from harness.records.training_example import TrainingExample
from harness.text.safe import ci_log
from harness.workspace.importers.example_formats import TREATMENT
from harness.workspace.project.data_versions import log_of, read_log
from harness.workspace.project.training_data import example_object

_BEFORE = re.compile(r"before\s+(\S+)", re.IGNORECASE)
_SLICE = re.compile(r"([^=]+)=(.+)")

Rule = Callable[[TrainingExample], bool]


def retired_by(asked: Sequence[str], examples: Sequence[TrainingExample], file: Path) -> set[int]:
    """Return the lines of the taught examples that any rule retires; refuse a rule without any.

    A rule is `before 2026-06-01`, a slice such as `kind=opener`, or a pattern in the output.
    """
    taught = [example for example in examples if not example.retired]
    found: set[int] = set()
    for one in asked:
        rule = _rule(one, examples, file)
        lines = {example.line for example in taught if rule(example)}
        if not lines and not any(rule(example) for example in examples):
            raise RequestError(f"--retire {_shown(one)}: no example of {file.name} is meant by it")
        found |= lines
    return found


def _rule(asked: str, examples: Sequence[TrainingExample], file: Path) -> Rule:
    if dated := _BEFORE.fullmatch(asked.strip()):
        return _before(dated[1], file)
    named = _SLICE.fullmatch(asked.strip())
    if named and any(named[1].strip() in example.slices for example in examples):
        key, value = named[1].strip(), named[2].strip()
        return lambda example: example.slices.get(key) == value
    try:
        pattern: Any = compiled(asked)
    except ValueError as problem:
        raise RequestError(f"--retire {_shown(asked)}: {problem}") from problem
    return lambda example: _found(pattern, example.output, asked)


def _found(pattern: Any, output: str, asked: str) -> bool:
    try:
        return pattern.search(output, timeout=PATTERN_SECONDS) is not None
    except TimeoutError as problem:
        raise RequestError(
            f"--retire {_shown(asked)}: took longer than {PATTERN_SECONDS} s on an output, write it"
            " without nested repeats"
        ) from problem


def _before(said: str, file: Path) -> Rule:
    """Return the rule for examples that came into the set before a day, by its versions."""
    try:
        day = date.fromisoformat(said).isoformat()
    except ValueError as problem:
        raise RequestError(
            f"--retire before {_shown(said)}: is no day, write it as 2026-06-01"
        ) from problem
    logged = read_log(log_of(file))
    if not logged:
        raise RequestError(
            f"--retire before {day}: {file.stem} has no versions, which say when an example came"
            f" in; `lora-harness data version {file.stem}` begins them, name lines by a pattern or"
            " a slice until then"
        )
    came: dict[str, str] = {}
    for one in logged:
        for _, line in one.came:
            came.setdefault(_texts(line), one.version.at[:10])
    return lambda example: came.get(_texts(example_object(example)), "9999") < day


def _texts(line: Mapping[str, Any]) -> str:
    """Return the texts of a line, however it is taught: a repeated line came when it was new."""
    kept = {key: value for key, value in line.items() if key not in ("slices", *TREATMENT)}
    return json.dumps(kept, sort_keys=True)


def _shown(asked: str) -> str:
    return ci_log(asked, limit=60)
