"""Rooms, where an engine meets its adapters: what their bytes are, and mounting them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.device import Device, machine_key, probe
from harness.engines.protocol import Engine, Mounted
from harness.errors import AdapterRefused, DataError, SettingsError, WeightsError
from harness.flows.project import Project
from harness.records import RESERVED, Benchmark, Cluster, Endpoint
from harness.registered import Registered
from harness.workspace.adapters.files import AdapterFiles, file_digest, read_adapter, snapshot
from harness.workspace.adapters.inspection import BaseShape, base_shape, inspect
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name, inside
from harness.workspace.formats.reading import read_jsonl, regular_file

if TYPE_CHECKING:
    from harness.engines.openai.engine import OpenAI
    from harness.engines.ray.engine import Ray
    from harness.engines.recorded import Recorded


NO_ADAPTER = hashlib.sha256(b"").hexdigest()
"""The digest of the base's missing adapter: no bytes at all."""
UNKNOWN = "unknown"
"""The digest of a base that only a server has."""


def open_device() -> Device:
    """What an earlier process found out about this machine, else what torch says now."""
    key = machine_key()
    known = remembered("device.json").get(key)
    if isinstance(known, dict) and set(known) == {field.name for field in fields(Device)}:
        return Device(**known)
    found = probe()
    remember("device.json", key, asdict(found))
    return found


@dataclass(frozen=True, slots=True)
class AdapterRef:
    """An adapter as a flow handles it: name, digest of its bytes, the files if there are any."""

    name: str
    digest: str
    files: AdapterFiles | None = None


class _FilesBackend:
    """Adapters as folders of the project, judged as private copies."""

    def __init__(self, project: Project, copies: Path) -> None:
        self._project = project
        self._copies = copies

    def side(self, name: str) -> AdapterRef:
        """The adapter's bytes as they are now."""
        if name in RESERVED:
            return AdapterRef(name, NO_ADAPTER)
        files = read_adapter(self._project.settings.adapters, name)
        return AdapterRef(name, files.digest, files)

    def mount(self, side: AdapterRef) -> Mounted:
        """A private copy of the judged bytes; what happens to the folder now changes nothing."""
        if side.files is None:
            return Mounted(side.name, side.digest, None)
        folder = self._copies / side.digest
        if not folder.is_dir():
            snapshot(side.files, folder)
            self.refuse_unsound(replace(side, files=replace(side.files, folder=folder)))
        return Mounted(side.name, side.digest, folder)

    def refuse_unsound(self, side: AdapterRef) -> None:
        """The doctor's file checks; the first that fails is the line that the user reads."""
        if side.files is None:
            return
        for found in inspect(side.files, self._shape()):
            if not found.ok:
                raise AdapterRefused(found.message)

    def _shape(self) -> BaseShape | None:
        base = self._project.base
        return base_shape(model_folder(base), base.digest)


class TransformersBackend(_FilesBackend):
    """The in-process engine with its adapters: one base, private copies of the judged files."""

    _engine: Engine | None = None

    @property
    def base_digest(self) -> str:
        """Of the base's weights and tokenizer."""
        return self._project.base.digest

    def engine(self, benchmark: str, side: AdapterRef) -> Engine:
        """The same engine for every benchmark and adapter."""
        if self._engine is None:
            from harness.engines.local.engine import Transformers

            self._engine = Transformers(lambda: model_folder(self._project.base), open_device())
        return self._engine

    def close(self) -> None:
        """Memory goes with the process."""


class ThirdPartyBackend(TransformersBackend):
    """The same with an engine of another package: it finds the base, the adapters are ours."""

    def __init__(self, project: Project, offered: Registered, place: str, copies: Path) -> None:
        super().__init__(project, copies)
        self._offered = offered
        self._place = place

    def engine(self, benchmark: str, side: AdapterRef) -> Engine:
        """Made once, by the package that offers it."""
        if self._engine is None:
            from harness.engines.third_party import Plugged

            self._engine = Plugged(self._offered, self._place, self._base_folder)
        return self._engine

    def _base_folder(self) -> Path:
        return model_folder(self._project.base)

    def close(self) -> None:
        """What the engine holds is given back."""
        if self._engine is not None:
            self._engine.close()  # type: ignore[attr-defined]  # it is a Plugged


class OpenAIBackend(_FilesBackend):
    """A server with its adapters: the bytes are the project's, the base is the server's word."""

    _engine: OpenAI | None = None

    def __init__(self, project: Project, endpoint: Endpoint, copies: Path) -> None:
        super().__init__(project, copies)
        self._endpoint = endpoint

    @cached_property
    def _base(self) -> Weights | None:
        """The base's files where they are here too; a large one is never fetched for this."""
        try:
            return find_weights(self._project.settings.base, self._project.settings.root, False)
        except WeightsError:
            return None

    @property
    def base_digest(self) -> str:
        """Of the base that the adapters are for; what the server loaded nobody can know."""
        return self._base.digest if self._base else UNKNOWN

    def engine(self, benchmark: str, side: AdapterRef) -> Engine:
        """The same engine for every benchmark and adapter."""
        if self._engine is None:
            from harness.engines.openai.engine import OpenAI

            base = self._base
            if base is None and self._endpoint.likelihoods == "always":
                raise SettingsError(
                    f"{self._project.settings.base}: is not on this machine, and without its"
                    ' tokenizer no ideal is weighed; `likelihoods = "auto"` does without'
                )
            folder = None if base is None else lambda: model_folder(base)
            self._engine = OpenAI(self._endpoint, folder)
        return self._engine

    def _shape(self) -> BaseShape | None:
        base = self._base
        return base_shape(model_folder(base), base.digest) if base else None

    def close(self) -> None:
        """What was loaded into the server for this is taken out again."""
        if self._engine is not None:
            self._engine.close()


def recorded_names(folder: Path) -> list[str]:
    """Every adapter whose outputs were recorded there, clients' with their `/`."""
    found = [*folder.glob("*/*.jsonl"), *folder.glob("*/*/*.jsonl")]
    return sorted({file.parent.relative_to(folder).as_posix() for file in found})


class RecordedBackend:
    """Outputs that ran elsewhere: `<folder>/<adapter>/<benchmark>.jsonl`."""

    base_digest = "recorded"

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def side(self, name: str) -> AdapterRef:
        """The digest is that of all its recorded files."""
        if name not in RESERVED:
            check_name(name, DataError)
        place = self._folder / name
        inside(self._folder, place, DataError)
        files = sorted(place.glob("*.jsonl"))
        if not files:
            near = suggestion(name, recorded_names(self._folder))
            raise DataError(f"{place}: no recorded outputs, one <benchmark>.jsonl is needed{near}")
        whole = hashlib.sha256()
        for file in files:
            inside(self._folder, file, DataError)
            regular_file(file, DataError)
            whole.update(f"{file.name}\0{file_digest(file)}\0".encode())
        return AdapterRef(name, whole.hexdigest())

    def engine(self, benchmark: str, side: AdapterRef) -> Engine:
        """One reader per file."""
        return self._recorded(benchmark, side)

    def _recorded(self, benchmark: str, side: AdapterRef) -> Recorded:
        from harness.engines.recorded import Recorded

        file = self._folder / side.name / f"{benchmark}.jsonl"
        return Recorded(list(read_jsonl(file, DataError)), file)

    def holds(self, name: str, benchmark: Benchmark) -> bool:
        """Whether somebody recorded this adapter on all of this benchmark."""
        if not (self._folder / name / f"{benchmark.name}.jsonl").is_file():
            return False
        found = self._recorded(benchmark.name, self.side(name)).found
        samples = range(benchmark.generation.samples)
        return all((case.id, k) in found for case in benchmark.cases for k in samples)

    def refuse_unsound(self, side: AdapterRef) -> None:
        """There is no adapter to look at."""

    def mount(self, side: AdapterRef) -> Mounted:
        """Nothing to load."""
        return Mounted(side.name, side.digest, None)

    def close(self) -> None:
        """Nothing is held."""


Backend = TransformersBackend | OpenAIBackend | RecordedBackend


class RayBackend(TransformersBackend):
    """Like in process, with the private copies in a folder that the workers see."""

    _spread: Ray | None = None

    def __init__(self, project: Project, cluster: Cluster, copies: Path) -> None:
        super().__init__(project, _shared(cluster.shared) if cluster.shared else copies)
        self._cluster = cluster

    def engine(self, benchmark: str, side: AdapterRef) -> Ray:
        """The same engine for every benchmark and adapter; Ray is not started for this."""
        if self._spread is None:
            from functools import partial

            from harness.engines.local.engine import Transformers
            from harness.engines.ray.engine import Ray
            from harness.engines.ray.worker import transformers_on

            device = open_device()
            here = Transformers(lambda: model_folder(self._project.base), device)
            self._spread = Ray(
                here,
                lambda: partial(transformers_on, model_folder(self._project.base)),
                self._cluster,
                gpus=device.kind == "cuda",
            )
        return self._spread

    def close(self) -> None:
        """Workers end, and copies that lie where others see them go."""
        if self._spread is not None:
            self._spread.close()
        if self._cluster.shared:
            shutil.rmtree(self._copies, ignore_errors=True)


def _shared(folder: str) -> Path:
    """A folder of this process's own, which nobody else may write to."""
    try:
        return Path(tempfile.mkdtemp(prefix="lora-harness-", dir=folder))
    except OSError as problem:
        raise SettingsError(
            f"{folder}: no folder can be made there ({problem.strerror}), see `shared` in"
            " [tool.harness.ray]"
        ) from None
