"""The backend of models that are only names, beside the backend of the project's engine.

Tested in tests/flows/evaluation/test_named.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.protocol import BackendEngine, Mounted
from harness.errors import SettingsError, WeightsError
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.project import Project
from harness.records import NOT_BYTES, Benchmark
from harness.workspace.adapters.served import ServedModel, is_served, read_served
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights, find_weights

if TYPE_CHECKING:
    from harness.engines.openai.named import NamedModel


def base_here(project: Project) -> Weights | None:
    """Return the base's files where they are on this machine; they are never fetched for this."""
    try:
        return find_weights(project.settings.base, project.settings.root, False)
    except WeightsError:
        return None


def open_named(project: Project, served: ServedModel) -> NamedModel:
    """Return the engine that asks a model by its name; its server is not asked yet."""
    from harness.engines.openai.named import NamedModel

    base = base_here(project)
    if base is None and served.endpoint.likelihoods == "always":
        raise SettingsError(
            f"{project.settings.base}: is not on this machine, and without its tokenizer no ideal"
            ' is weighed; `likelihoods = "auto"` does without'
        )
    return NamedModel(served.endpoint, None if base is None else lambda: model_folder(base))


class WithNames(Backend):
    """Answers for names by their own servers, for everything else by the project's engine."""

    def __init__(self, inner: Backend, project: Project) -> None:
        self.recorded = inner.recorded
        self._inner = inner
        self._project = project
        self._engines: dict[str, NamedModel] = {}
        """By digest of the name."""

    @property
    def base_digest(self) -> str:
        """The digest of the base of the project's engine."""
        return self._inner.base_digest

    def base_of(self, adapter: AdapterRef) -> str:
        """Return what stands for the base of an adapter; a name has none."""
        return NOT_BYTES if adapter.served else self._inner.base_of(adapter)

    def from_files(self, adapter: AdapterRef) -> bool:
        """Return whether an adapter's outputs are read from files by their case."""
        return adapter.served is None and self._inner.from_files(adapter)

    def tokenizer_folder(self) -> Path | None:
        """Return the folder of the base's tokenizer."""
        return self._inner.tokenizer_folder()

    def adapter(self, name: str) -> AdapterRef:
        """Return an adapter, or the name of a model on a server."""
        adapters = self._project.settings.adapters
        if not is_served(adapters, name):
            return self._inner.adapter(name)
        found = read_served(adapters, name)
        return AdapterRef(name, found.digest, served=found)

    def check(self, adapter: AdapterRef) -> None:
        """Refuse an adapter that cannot be judged; of a name, its file was read already."""
        if adapter.served is None:
            self._inner.check(adapter)

    def mount(self, adapter: AdapterRef) -> Mounted:
        """Return what the engine loads; for a name that is nothing."""
        if adapter.served is None:
            return self._inner.mount(adapter)
        return Mounted(adapter.name, adapter.digest, None)

    def engine(self, benchmark: str, adapter: AdapterRef) -> BackendEngine:
        """Return the engine that answers for an adapter."""
        if adapter.served is None:
            return self._inner.engine(benchmark, adapter)
        if adapter.digest not in self._engines:
            self._engines[adapter.digest] = open_named(self._project, adapter.served)
        return self._engines[adapter.digest]

    def recorded_finals(self, benchmark: str, adapter: AdapterRef) -> Mapping[str, float]:
        """Return the recorded NLLs of reviewed finals, by the id of their review."""
        return {} if adapter.served else self._inner.recorded_finals(benchmark, adapter)

    def has_recorded(self, name: str, benchmark: Benchmark) -> bool:
        """Return whether every output of an adapter is there or can be written."""
        is_name = is_served(self._project.settings.adapters, name)
        return is_name or self._inner.has_recorded(name, benchmark)

    def release(self) -> None:
        """Give back the memory of the project's engine; those of names hold none."""
        self._inner.release()

    def close(self) -> None:
        """Release the engine of the project, and those of the names."""
        for engine in self._engines.values():
            engine.close()
        self._inner.close()
