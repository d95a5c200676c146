"""Write with the base on this machine: in this process, or by an engine of another package.

Tested in tests/flows/evaluation/test_quantized_base.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

from harness.engines.local.device import Device, machine_key, probe
from harness.engines.protocol import BackendEngine
from harness.errors import SettingsError
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.backends.files import FilesBackend
from harness.flows.project import Project
from harness.registered import Registered
from harness.workspace.adapters.files import read_adapter
from harness.workspace.base.exported import Exported, find_export
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights
from harness.workspace.formats.cache import remember, remembered


def open_device() -> Device:
    """Return the device of this machine, as an earlier process remembered it or torch says now."""
    key = machine_key()
    known = remembered("device.json").get(key)
    if isinstance(known, dict) and set(known) == {field.name for field in fields(Device)}:
        return Device(**known)
    found = probe()
    remember("device.json", key, asdict(found))
    return found


class LocalBackend(FilesBackend):
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
