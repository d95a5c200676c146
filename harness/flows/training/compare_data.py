"""Compare two training sets: examples added, removed, or with new outputs for the same input."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.flows.training.check_data import Fingerprint, clean_scan
from harness.records import Example
from harness.records.holds import TEXT
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.training_data import AS_WRITTEN, Scan


@dataclass(frozen=True, slots=True)
class ChangedExample:
    """An input that is in both sets, with other outputs."""

    input: str = field(metadata=TEXT)
    """Of a conversation all that stands before the last answer, turn by turn."""
    before: tuple[str, ...] = field(metadata=TEXT)
    after: tuple[str, ...] = field(metadata=TEXT)


@dataclass(frozen=True, slots=True)
class DataDiff:
    """The difference of two training sets; the order of lines does not count, repeats do."""

    before: Fingerprint
    after: Fingerprint
    added: tuple[Example, ...]
    removed: tuple[Example, ...]
    changed: tuple[ChangedExample, ...]
    same: int
    """Examples that are in both."""

    @property
    def equal(self) -> bool:
        """Whether both hold the same examples."""
        return self.before.fingerprint == self.after.fingerprint


def diff_data(before: Path, after: Path, columns: ExampleColumns = AS_WRITTEN) -> DataDiff:
    """Compare two files of examples, which may be of different formats."""
    either = replace(columns, needed=False)
    old, new = clean_scan(before, either), clean_scan(after, either)
    left, right = _counted(old), _counted(new)
    removed, added = left - right, right - left
    # An input on both sides of the difference was answered anew, so it is no addition or removal.
    old_outputs, new_outputs = _by_input(removed), _by_input(added)
    changed = {
        text: ChangedExample(text, tuple(outputs), tuple(new_outputs[text]))
        for text, outputs in old_outputs.items()
        if text in new_outputs
    }
    return DataDiff(
        before=Fingerprint(str(before), len(old.examples), old.fingerprint, old.format),
        after=Fingerprint(str(after), len(new.examples), new.fingerprint, new.format),
        added=tuple(e for e in added.elements() if e.input not in changed),
        removed=tuple(e for e in removed.elements() if e.input not in changed),
        changed=tuple(changed.values()),
        same=(left & right).total(),
    )


def _counted(scan: Scan) -> Counter[Example]:
    return Counter(Example(example.given, example.as_taught) for example in scan.examples)


def _by_input(counted: Counter[Example]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for example in counted.elements():
        found.setdefault(example.input, []).append(example.output)
    return found
