"""Which cases of a benchmark an adapter has seen in training: found by its data's fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.findings import overlap
from harness.flows.project import Project
from harness.records import RESERVED, Benchmark
from harness.workspace.adapters.files import read_training
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.names import check_name, folder_of
from harness.workspace.project.training_data import DATASETS, scan_training_set

_FINGERPRINTS = "datasets.json"
_MAX_PARENTS = 20


@dataclass(frozen=True, slots=True)
class Contamination:
    """What is known of an adapter's training, as far as one benchmark goes."""

    cases: Mapping[str, str]
    """Where each case that it has seen stands, in words, by the case's id."""
    unknown: tuple[str, ...]
    """Training sets that nobody can look into, and why."""
    looked_at: int = 0
    """Training sets that were looked into: its own, and those of its parents."""


def find_contamination(adapters: Path, name: str, benchmark: Benchmark) -> Contamination:
    """Look through the training sets of an adapter and of those that it was made from."""
    cases: dict[str, str] = {}
    unknown: list[str] = []
    looked_at = 0
    for owner, dataset in _datasets(adapters, name):
        if dataset is None:
            unknown.append(f"{owner} does not say what it was trained on")
            continue
        file = _file_of(adapters / DATASETS, dataset)
        if file is None:
            called = dataset.get("name")
            unknown.append(f"the training set of {owner} ({called}) is not in {DATASETS}/")
            continue
        looked_at += 1
        for case, line in _seen_in(file, _stamp(file), _asked(benchmark)).items():
            cases.setdefault(case, f"line {line} of {file.name}, which {owner} was trained on")
    return Contamination(cases, tuple(unknown), looked_at)


def _asked(benchmark: Benchmark) -> tuple[tuple[str, str], ...]:
    return tuple((case.id, case.input) for case in benchmark.cases)


def _datasets(adapters: Path, name: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The adapter's training set and its parents', the youngest first; None where unknown."""
    for _ in range(_MAX_PARENTS):
        if name in RESERVED:
            return
        training = _training_of(adapters, name)
        dataset = (training or {}).get("dataset")
        yield name, dataset if isinstance(dataset, dict) else None
        parent = (training or {}).get("parent")
        if not isinstance(parent, dict) or not isinstance(parent.get("name"), str):
            return
        name = parent["name"]


def read_training_of(project: Project, name: str) -> dict[str, Any] | None:
    """An adapter's training.json where it can be read."""
    return _training_of(project.settings.adapters, name)


def _training_of(adapters: Path, name: str) -> dict[str, Any] | None:
    """What training.json says; nothing where the adapter is gone or its file is damaged."""
    try:
        check_name(name)
        return read_training(folder_of(adapters, name))
    except HarnessError:
        return None


def _file_of(folder: Path, dataset: dict[str, Any]) -> Path | None:
    """The file that says what was trained on, whatever it is called now."""
    wanted, called = dataset.get("fingerprint"), dataset.get("name")
    files = sorted(folder.glob("*.jsonl"), key=lambda file: (file.name != called, file.name))
    return next((file for file in files if _fingerprint(file) == wanted), None)


def _fingerprint(file: Path) -> str | None:
    """Remembered by size and time: large sets rarely change."""
    stamp = _stamp(file)
    known = remembered(_FINGERPRINTS).get(stamp)
    if isinstance(known, str):
        return known
    try:
        scan = scan_training_set(file)
    except HarnessError:
        return None
    if scan.bad:
        return None
    remember(_FINGERPRINTS, stamp, scan.fingerprint)
    return scan.fingerprint


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return ""
    said = f"{file}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
    return hashlib.sha256(said.encode()).hexdigest()


@lru_cache(maxsize=32)
def _seen_in(file: Path, stamp: str, asked: tuple[tuple[str, str], ...]) -> dict[str, int]:
    """The first line that gives each case away; asked again in one process, known already."""
    examples = scan_training_set(file).examples
    found: dict[str, int] = {}
    for one in overlap([example.input for example in examples], dict(asked)):
        found.setdefault(one.case, examples[one.index].line)
    return found
