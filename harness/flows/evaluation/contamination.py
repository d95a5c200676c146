"""Find the cases of a benchmark that an adapter has seen in training, by its data's fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.findings import CaseText, case_texts, overlap_of
from harness.records import RESERVED, Benchmark, exported_adapter
from harness.workspace.adapters.files import adapter_names, read_training
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.names import check_name, folder_of
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.data_versions import version_with
from harness.workspace.project.training_data import (
    AS_WRITTEN,
    DATASETS,
    scan_training_set,
    training_files,
)

_FINGERPRINTS = "datasets.json"
_MAX_PARENTS = 20


@dataclass(frozen=True, slots=True)
class Contamination:
    """The cases of a benchmark that an adapter's training sets hold."""

    cases: Mapping[str, str]
    """By the id of each seen case, a sentence that names its file and line."""
    unknown: tuple[str, ...]
    """Training sets that could not be searched, and why."""
    looked_at: int = 0
    """The number of training sets searched: the adapter's and its parents'."""


def find_contamination(adapters: Path, name: str, benchmark: Benchmark) -> Contamination:
    """Search the training sets of an adapter and of its parents for a benchmark's cases."""
    asked = tuple(case_texts(benchmark.cases).items())
    cases: dict[str, str] = {}
    unknown: list[str] = []
    looked_at = 0
    for owner, dataset in datasets_of(adapters, name):
        if dataset is None:
            unknown.append(f"{owner} does not say what it was trained on")
            continue
        file = _file_of(adapters / DATASETS, dataset)
        if file is None:
            called = dataset.get("name")
            unknown.append(f"the training set of {owner} ({called}) is not in {DATASETS}/")
            continue
        looked_at += 1
        columns = json.dumps(dataset.get("columns"))
        for case, line in _seen_in(file, _stamp(file), columns, asked).items():
            cases.setdefault(case, f"line {line} of {file.name}, which {owner} was trained on")
    return Contamination(cases, tuple(unknown), looked_at)


def find_taught(adapters: Path, benchmark: Benchmark) -> Contamination:
    """Search every training set in the project, and what every adapter says it was trained on."""
    asked = tuple(case_texts(benchmark.cases).items())
    files = training_files(adapters / DATASETS)
    cases: dict[str, str] = {}
    unknown: list[str] = []
    for file in files:
        try:
            seen = _seen_in(file, _stamp(file), json.dumps(None), asked)
        except HarnessError:
            continue  # no training set; where an adapter was trained on it, its search says so
        for case, line in seen.items():
            cases.setdefault(case, f"line {line} of {file.name}")
    # An adapter's file may have been read by other columns, or be gone.
    for name in adapter_names(adapters):
        found = find_contamination(adapters, name, benchmark)
        cases = {**found.cases, **cases}
        unknown += found.unknown
    return Contamination(cases, tuple(dict.fromkeys(unknown)), len(files))


def datasets_of(adapters: Path, name: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the adapter's training set, then its parents'; None in place of an unknown set."""
    name = exported_adapter(name) or name
    for _ in range(_MAX_PARENTS):  # files of other people may name each other in a circle
        if name in RESERVED:
            return
        training = read_training_of(adapters, name) or {}
        dataset, parent = training.get("dataset"), training.get("parent")
        yield name, dataset if isinstance(dataset, dict) else None
        if not isinstance(parent, dict) or not isinstance(parent.get("name"), str):
            return
        name = parent["name"]


def read_training_of(adapters: Path, name: str) -> dict[str, Any] | None:
    """Return an adapter's `training.json`; None if the adapter is gone or the file is damaged."""
    try:
        check_name(name)
        return read_training(folder_of(adapters, name))
    except HarnessError:
        return None


def _file_of(folder: Path, dataset: dict[str, Any]) -> Path | None:
    """Return the file with the training set's fingerprint, even if it was renamed."""
    wanted, called = dataset.get("fingerprint"), dataset.get("name")
    columns = json.dumps(dataset.get("columns"))
    # the recorded name first: most files keep it, and reading the others is slow
    files = sorted(training_files(folder), key=lambda file: (file.name != called, file.name))
    found = next((file for file in files if _fingerprint(file, columns) == wanted), None)
    return found or version_with(folder, wanted)


def _fingerprint(file: Path, columns: str) -> str | None:
    """Return a training set's fingerprint, cached by the file's size and times."""
    as_told = ExampleColumns.recorded(json.loads(columns))
    stamp = _stamp(file)
    if as_told != AS_WRITTEN:
        stamp = hashlib.sha256(f"{stamp}:{columns}".encode()).hexdigest()
    known = remembered(_FINGERPRINTS).get(stamp)
    if isinstance(known, str):
        return known
    try:
        scan = scan_training_set(file, as_told)
    except HarnessError:
        return None
    if scan.bad:
        return None
    remember(_FINGERPRINTS, stamp, scan.fingerprint)
    return scan.fingerprint


def _stamp(file: Path) -> str:
    """Return a digest of the file's path, size, times and inode: it changes with the content."""
    try:
        status = file.stat()
    except OSError:
        return ""
    parts = f"{file}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
    return hashlib.sha256(parts.encode()).hexdigest()


@lru_cache(maxsize=32)
def _seen_in(
    file: Path, stamp: str, columns: str, asked: tuple[tuple[str, CaseText], ...]
) -> dict[str, int]:
    """Return the first line that holds each seen case; `stamp` lets the cache notice edits."""
    examples = scan_training_set(file, ExampleColumns.recorded(json.loads(columns))).examples
    parts = [part for e in examples if not e.retired for part in e.exchanges()]
    found: dict[str, int] = {}
    for hit in overlap_of(parts, dict(asked)):
        found.setdefault(hit.case, parts[hit.index].line)
    return found
