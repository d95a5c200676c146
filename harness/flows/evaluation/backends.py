"""The backends: this process, an engine of another package, a server, Ray, recorded files."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.device import Device, machine_key, probe
from harness.engines.local.skeleton import Skeleton
from harness.engines.protocol import BackendEngine, Mounted
from harness.errors import AdapterRefused, DataError, SettingsError, WeightsError
from harness.flows.evaluation.backend import NO_ADAPTER, AdapterRef, Backend
from harness.flows.project import Project
from harness.records import RESERVED, Benchmark, Cluster, DoctorCheck, Endpoint
from harness.registered import ENGINES as THIRD_PARTY
from harness.registered import Registered, names, registered
from harness.workspace.adapters.base_shape import BaseShape, base_shape
from harness.workspace.adapters.files import AdapterFiles, file_digest, read_adapter, snapshot
from harness.workspace.adapters.inspection import Loading, inspect
from harness.workspace.base.exported import Exported, find_export
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name, inside
from harness.workspace.formats.reading import read_jsonl, regular_file
from harness.workspace.project.settings import EXAMPLE, at_url

if TYPE_CHECKING:
    from harness.engines.recorded import Recorded

ENGINES = ("transformers", "recorded", "openai", "ray")
FINALS = ".finals.jsonl"
"""How the names of files with the NLLs of finals end."""
UNKNOWN = "unknown"
"""The digest of a base that only a server has."""


def open_backend(project: Project, engine: str | None, copies: Callable[[], Path]) -> Backend:
    """Open the backend of an engine's name, by default the settings' one.

    Names are `transformers`, `ray`, `recorded` (its folder), `recorded:FOLDER`, `openai`,
    `openai:URL` and those that installed packages offer. `copies` makes the folder for private
    copies of adapters, where the backend needs one.
    """
    asked = engine or project.settings.engine
    kind, _, place = asked.partition(":")
    if kind == "transformers" and not place:
        return LocalBackend(project, copies())
    if kind == "ray" and not place:
        return RayBackend(project, project.settings.ray, copies())
    if kind == "recorded":
        return RecordedBackend(project, project.settings.root / (place or "recorded"))
    if kind == "openai":
        endpoint = project.settings.openai
        if place:
            endpoint = at_url(endpoint, place, "the address after `openai:`")
        if not endpoint.url:
            raise SettingsError(
                f"openai: no server is named, say openai:{EXAMPLE} or"
                f' [tool.harness.openai] url = "{EXAMPLE}"'
            )
        return OpenAIBackend(project, endpoint, copies())
    offered = registered(THIRD_PARTY, kind, SettingsError) if kind not in ENGINES else None
    if offered is not None:
        return ThirdPartyBackend(project, offered, place, copies())
    shown = asked.partition("://")[0]  # an address may hold a password
    raise SettingsError(
        f"{shown}: no such engine, known are {', '.join((*ENGINES, *names(THIRD_PARTY)))}"
    )


def open_device() -> Device:
    """Return the device of this machine, as an earlier process remembered it or torch says now."""
    key = machine_key()
    known = remembered("device.json").get(key)
    if isinstance(known, dict) and set(known) == {field.name for field in fields(Device)}:
        return Device(**known)
    found = probe()
    remember("device.json", key, asdict(found))
    return found


class _FilesBackend(Backend):
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
        return inspect(files, self._base_shape(), self._loading())

    def engine(self, benchmark: str, adapter: AdapterRef) -> BackendEngine:
        """Return the engine, which serves every benchmark and adapter; an export has its own."""
        if adapter.exported is None:
            if self._engine is None:
                self._engine = self._open_engine()
            return self._engine
        if adapter.digest not in self._of_exports:
            self._of_exports[adapter.digest] = self._open_engine(adapter.exported)
        return self._of_exports[adapter.digest]

    def close(self) -> None:
        """Release the memory and processes of the engines that were opened."""
        for engine in (self._engine, *self._of_exports.values()):
            if engine is not None:
                engine.close()

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        raise NotImplementedError

    def _base_shape(self) -> BaseShape | None:
        base = self._project.base
        return base_shape(model_folder(base), base.content, base.quantized)

    def _loading(self) -> Loading | None:
        """Return PEFT's own loading on this base, for what the headers of its files do not tell."""
        return Skeleton(lambda: model_folder(self._project.base))


class LocalBackend(_FilesBackend):
    """The engine in this process: a single base, loaded when the first text is asked for."""

    def __init__(self, project: Project, copies: Path) -> None:
        super().__init__(project, copies)
        self._exports: dict[str, AdapterRef] = {}

    def adapter(self, name: str) -> AdapterRef:
        """Return an adapter with the digest of its files as they are now, or a known export."""
        return self._exports.get(name) or super().adapter(name)

    def exported(self, of: str, place: Path) -> AdapterRef:
        """Return the export of an adapter in a folder; from now on `adapter` knows its name too."""
        files = read_adapter(self._project.settings.adapters, of)
        found = find_export(files, place)
        self._exports[found.name] = AdapterRef(found.name, found.weights.digest, exported=found)
        return self._exports[found.name]

    @property
    def base_digest(self) -> str:
        """The digest of the base's weights and tokenizer."""
        return self._project.base.digest

    def tokenizer_folder(self) -> Path | None:
        """Return the base's folder."""
        return self._base_folder()

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        from harness.engines.local.engine import Transformers

        base, folder = self._weights(exported)
        return Transformers(folder, open_device(), quantize=base.quantize, quantized=base.quantized)

    def _weights(self, exported: Exported | None) -> tuple[Weights, Callable[[], Path]]:
        """Return what an engine loads: the base or an export, and a function for its folder."""
        if exported is not None:
            return exported.weights, exported.folder
        return self._project.base, self._base_folder

    def _base_folder(self) -> Path:
        return model_folder(self._project.base)


class ThirdPartyBackend(LocalBackend):
    """An engine of another package, which is given the base's folder and our adapters."""

    def __init__(self, project: Project, offered: Registered, place: str, copies: Path) -> None:
        super().__init__(project, copies)
        self._offered = offered
        self._place = place

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        from harness.engines.third_party import Plugged

        base, folder = self._weights(exported)
        if base.quantize:  # its engine would load the plain weights all the same
            raise SettingsError(
                f'{self._offered.name}: `quantize = "{base.quantize}"` is for the'
                " engines transformers and ray; name a base whose files are quantised"
            )
        return Plugged(self._offered, self._place, folder)


class RayBackend(LocalBackend):
    """The local engine on the machines of a Ray cluster, private copies where all see them."""

    def __init__(self, project: Project, cluster: Cluster, copies: Path) -> None:
        if cluster.shared:
            try:
                copies = Path(tempfile.mkdtemp(prefix="lora-harness-", dir=cluster.shared))
            except OSError as problem:
                raise SettingsError(
                    f"{cluster.shared}: no folder can be made there ({problem.strerror}), see"
                    " `shared` in [tool.harness.ray]"
                ) from problem
        super().__init__(project, copies)
        self._cluster = cluster

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        """Describe the engine; Ray itself is started with the first batch."""
        from harness.engines.local.engine import Transformers
        from harness.engines.ray.engine import Ray
        from harness.engines.ray.worker import transformers_on

        device, (base, folder) = open_device(), self._weights(exported)
        quantize, form = base.quantize, base.quantized
        return Ray(
            Transformers(folder, device, quantize=quantize, quantized=form),
            lambda: partial(transformers_on, folder(), quantize=quantize, quantized=form),
            self._cluster,
            gpus=device.kind == "cuda",
        )

    def close(self) -> None:
        """End the workers, and remove copies that lie in a shared folder."""
        super().close()
        if self._cluster.shared:
            shutil.rmtree(self._copies, ignore_errors=True)


class OpenAIBackend(_FilesBackend):
    """A server with its adapters: the adapters' bytes are ours, which base it has is its word."""

    def __init__(self, project: Project, endpoint: Endpoint, copies: Path) -> None:
        super().__init__(project, copies)
        self._endpoint = endpoint

    @cached_property
    def _base(self) -> Weights | None:
        """The base's files where they are on this machine too; they are never fetched for this."""
        try:
            return find_weights(self._project.settings.base, self._project.settings.root, False)
        except WeightsError:
            return None

    @property
    def base_digest(self) -> str:
        """The digest of the base that the adapters are for; the server's own is not known."""
        return self._base.digest if self._base else UNKNOWN

    def tokenizer_folder(self) -> Path | None:
        """Return the base's folder where it is on this machine too."""
        return model_folder(self._base) if self._base else None

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        from harness.engines.openai.engine import OpenAI

        base = self._base
        if base is None and self._endpoint.likelihoods == "always":
            raise SettingsError(
                f"{self._project.settings.base}: is not on this machine, and without its"
                ' tokenizer no ideal is weighed; `likelihoods = "auto"` does without'
            )
        return OpenAI(self._endpoint, None if base is None else lambda: model_folder(base))

    def _base_shape(self) -> BaseShape | None:
        base = self._base
        return base_shape(model_folder(base), base.content, base.quantized) if base else None

    def _loading(self) -> Loading | None:
        base = self._base
        return Skeleton(lambda: model_folder(base)) if base else None


def recorded_names(folder: Path) -> list[str]:
    """Return every adapter with recorded outputs in a folder, clients' with their `/`."""
    found = [*folder.glob("*/*.jsonl"), *folder.glob("*/*/*.jsonl")]
    return sorted({file.parent.relative_to(folder).as_posix() for file in found})


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
