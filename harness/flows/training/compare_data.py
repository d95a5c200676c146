"""What changed between two training sets: added, removed, or the same input answered anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.flows.training.check_data import Fingerprint, clean_scan
from harness.records import Example
from harness.records.holds import TEXT
from harness.workspace.project.training_data import Scan


@dataclass(frozen=True, slots=True)
class ChangedExample:
    """An input that is in both sets, with other outputs."""

    input: str = field(metadata=TEXT)
    before: tuple[str, ...] = field(metadata=TEXT)
    after: tuple[str, ...] = field(metadata=TEXT)


@dataclass(frozen=True, slots=True)
class DataDiff:
    """Two training sets beside each other; the order of lines does not count, repeats do."""

    before: Fingerprint
    after: Fingerprint
    added: tuple[Example, ...]
    removed: tuple[Example, ...]
    changed: tuple[ChangedExample, ...]
    same: int
    """Examples that are in both."""

    @property
    def equal(self) -> bool:
        """Whether both say the same."""
        return self.before.fingerprint == self.after.fingerprint


def diff_data(before: Path, after: Path) -> DataDiff:
    """Compare two files."""
    old, new = clean_scan(before), clean_scan(after)
    left, right = _counted(old), _counted(new)
    gone, come = left - right, right - left
    changed = _changed(gone, come)
    inputs = {one.input for one in changed}
    return DataDiff(
        before=Fingerprint(str(before), len(old.examples), old.fingerprint),
        after=Fingerprint(str(after), len(new.examples), new.fingerprint),
        added=_rest(come, inputs),
        removed=_rest(gone, inputs),
        changed=tuple(changed),
        same=(left & right).total(),
    )


def _counted(scan: Scan) -> Counter[Example]:
    return Counter(Example(one.input, one.output) for one in scan.examples)


def _changed(gone: Counter[Example], come: Counter[Example]) -> list[ChangedExample]:
    before, after = _by_input(gone), _by_input(come)
    return [
        ChangedExample(asked, tuple(outputs), tuple(after[asked]))
        for asked, outputs in before.items()
        if asked in after
    ]


def _by_input(counted: Counter[Example]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for example in counted.elements():
        found.setdefault(example.input, []).append(example.output)
    return found


def _rest(counted: Counter[Example], without: set[str]) -> tuple[Example, ...]:
    rest: Sequence[Example] = list(counted.elements())
    return tuple(one for one in rest if one.input not in without)
