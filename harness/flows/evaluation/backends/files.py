"""Hold what all backends share whose adapters are folders of the project.

Tested in tests/flows/evaluation/test_backends.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from harness.engines.local.skeleton import Skeleton
from harness.engines.protocol import BackendEngine, Mounted, ReleasingEngine
from harness.errors import AdapterRefused
from harness.flows.evaluation.backend import NO_ADAPTER, AdapterRef, Backend
from harness.flows.project import Project
from harness.records import RESERVED, DoctorCheck
from harness.workspace.adapters.base_shape import BaseShape, base_shape
from harness.workspace.adapters.files import AdapterFiles, read_adapter, snapshot
from harness.workspace.adapters.inspection import Loading, inspect
from harness.workspace.base.exported import Exported
from harness.workspace.base.gguf import model_folder


class FilesBackend(Backend):
    """A backend whose adapters are folders of the project, judged as private copies."""

    _engine: BackendEngine | None = None

    def __init__(self, project: Project, copies: Path) -> None:
        self._project = project
        self._copies = copies
        self._of_exports: dict[str, BackendEngine] = {}
        """The engines of exports, by the digest of the weights that each loads."""

    def adapter(self, name: str) -> AdapterRef:
        """Return an adapter with the digest of its files as they are now."""
        if name in RESERVED:
            return AdapterRef(name, NO_ADAPTER)
        files = read_adapter(self._project.settings.adapters, name)
        return AdapterRef(name, files.digest, files)

    def mount(self, adapter: AdapterRef) -> Mounted:
        """Copy the judged bytes into a private folder, so that later changes have no effect."""
        if adapter.files is None:
            return Mounted(adapter.name, adapter.digest, None)
        folder = self._copies / adapter.digest
        if not folder.is_dir():
            snapshot(adapter.files, folder)
            self.check(replace(adapter, files=replace(adapter.files, folder=folder)))
        return Mounted(adapter.name, adapter.digest, folder)

    def check(self, adapter: AdapterRef) -> None:
        """Refuse an adapter with the first of the doctor's file checks that fails."""
        if adapter.files is None:
            return
        for found in self.inspected(adapter.files):
            if not found.ok:
                raise AdapterRefused(found.message)

    def inspected(self, files: AdapterFiles) -> Iterator[DoctorCheck]:
        """Yield the file checks of an adapter, up to the first that fails."""
        return inspect(files, self._shape, self._loading())

    def engine(self, benchmark: str, adapter: AdapterRef) -> BackendEngine:
        """Return the engine, which serves every benchmark and adapter; an export has its own."""
        if adapter.exported is None:
            if self._engine is None:
                self._engine = self._open_engine()
            return self._engine
        if adapter.digest not in self._of_exports:
            self._of_exports[adapter.digest] = self._open_engine(adapter.exported)
        return self._of_exports[adapter.digest]

    def release(self) -> None:
        """Give back the memory of the models that this process holds."""
        for engine in (self._engine, *self._of_exports.values()):
            if isinstance(engine, ReleasingEngine):
                engine.release()

    def close(self) -> None:
        """Release the memory and processes of the engines that were opened."""
        for engine in (self._engine, *self._of_exports.values()):
            if engine is not None:
                engine.close()

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        raise NotImplementedError

    @cached_property
    def _shape(self) -> BaseShape | None:
        """The shapes of the base, read once for all adapters."""
        return self._base_shape()

    def _base_shape(self) -> BaseShape | None:
        base = self._project.base
        return base_shape(model_folder(base), base.content, base.quantized)

    def _loading(self) -> Loading | None:
        """Return PEFT's own loading on this base, for what the headers of its files do not tell."""
        return Skeleton(lambda: model_folder(self._project.base))
