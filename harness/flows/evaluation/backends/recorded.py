"""Read outputs that were written elsewhere.

Tested in tests/flows/evaluation/test_session.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.protocol import Mounted
from harness.errors import DataError
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.project import Project
from harness.records import RESERVED, Benchmark, Decision
from harness.workspace.adapters.files import file_digest
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name, inside
from harness.workspace.formats.reading import read_jsonl, regular_file
from harness.workspace.project.recordings import recorded_names

if TYPE_CHECKING:
    from harness.engines.recorded import Recorded

FINALS = ".finals.jsonl"
"""How the names of files with the NLLs of finals end."""


def is_about_recorded(decision: Decision) -> bool:
    """Return whether the digest of a decision may be that of recorded outputs.

    Decisions on an adapter's files name their base. What is recorded of such an adapter cannot be
    held against their digest.
    """
    return decision.base in (None, RecordedBackend.base_digest)


class RecordedBackend(Backend):
    """Outputs that ran elsewhere: `<folder>/<adapter>/<benchmark>.jsonl`."""

    base_digest = "recorded"
    recorded = True

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder
        self._readers: dict[tuple[str, str, str], Recorded] = {}

    def adapter(self, name: str) -> AdapterRef:
        """Return an adapter with the digest of its recorded outputs; finals come in later."""
        if name not in RESERVED:
            check_name(name, DataError)
        place = self._folder / name
        inside(self._folder, place, DataError)
        files = sorted(f for f in place.glob("*.jsonl") if not f.name.endswith(FINALS))
        if not files:
            near = suggestion(name, recorded_names(self._folder))
            raise DataError(f"{place}: no recorded outputs, one <benchmark>.jsonl is needed{near}")
        whole = hashlib.sha256()
        for file in files:
            inside(self._folder, file, DataError)
            regular_file(file, DataError)
            whole.update(f"{file.name}\0{file_digest(file)}\0".encode())
        return AdapterRef(name, whole.hexdigest())

    def mount(self, adapter: AdapterRef) -> Mounted:
        """Return the adapter without a folder: there are no weights to load."""
        return Mounted(adapter.name, adapter.digest, None)

    def engine(self, benchmark: str, adapter: AdapterRef) -> Recorded:
        """Return the reader of an adapter's file for a benchmark, read once for each digest."""
        from harness.engines.recorded import Recorded

        place = (benchmark, adapter.name, adapter.digest)
        if place not in self._readers:
            file = self._folder / adapter.name / f"{benchmark}.jsonl"
            self._readers[place] = Recorded(list(read_jsonl(file, DataError)), file)
        return self._readers[place]

    def recorded_finals(self, benchmark: str, adapter: AdapterRef) -> Mapping[str, float]:
        """Return what `<benchmark>.finals.jsonl` holds of an adapter: NLLs by review."""
        from harness.engines.recorded import finals_of

        file = self._folder / adapter.name / f"{benchmark}{FINALS}"
        return finals_of(list(read_jsonl(file, DataError))) if file.is_file() else {}

    def has_recorded(self, name: str, benchmark: Benchmark) -> bool:
        """Return whether outputs of an adapter were recorded for every case of a benchmark."""
        if not (self._folder / name / f"{benchmark.name}.jsonl").is_file():
            return False
        found = self.engine(benchmark.name, self.adapter(name)).found
        samples = range(benchmark.generation.samples)
        return all((case.id, k) in found for case in benchmark.cases for k in samples)
