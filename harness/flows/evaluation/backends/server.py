"""Ask a server that speaks the OpenAI API.

Tested in tests/flows/evaluation/test_backends.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.skeleton import Skeleton
from harness.engines.protocol import BackendEngine
from harness.errors import SettingsError
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.backends.files import FilesBackend
from harness.flows.evaluation.backends.local import LocalBackend
from harness.flows.evaluation.named import base_here
from harness.flows.evaluation.server_check import ServerCheck
from harness.flows.project import Project
from harness.records import Endpoint
from harness.workspace.adapters.base_shape import BaseShape, base_shape
from harness.workspace.adapters.inspection import Loading
from harness.workspace.base.exported import Exported
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.memory import fits
from harness.workspace.base.weights import Weights

if TYPE_CHECKING:
    from harness.engines.openai.engine import OpenAI

UNKNOWN = "unknown"
"""The digest of a base that only a server has."""


class OpenAIBackend(FilesBackend):
    """A server with its adapters: the adapters' bytes are ours, which base it has is its word."""

    def __init__(self, project: Project, endpoint: Endpoint, copies: Path) -> None:
        super().__init__(project, copies)
        self._endpoint = endpoint
        self.url = endpoint.url

    @cached_property
    def server_check(self) -> ServerCheck | None:
        """The comparison with this process, where the base's files are here and fit into memory."""
        if self._base is None or not self._endpoint.check or not fits(self._base.path):
            return None
        return ServerCheck(self, lambda: self._here)

    @cached_property
    def _here(self) -> LocalBackend:
        # As plain as `_base`: how a server quantises follows from its own settings.
        settings = replace(self._project.settings, quantize="")
        return LocalBackend(replace(self._project, settings=settings), self._copies)

    def leave_unweighed(self, adapter: AdapterRef) -> None:
        """Ask the server for no likelihood of an adapter."""
        self._opened.unweighable.add(adapter.digest)

    def expect(self, adapters: Iterable[AdapterRef]) -> None:
        """Note the adapters that the server must have."""
        self._opened.modules.expect((a.name, a.digest) for a in adapters if a.files is not None)

    @cached_property
    def _base(self) -> Weights | None:
        """The base's files where they are on this machine too."""
        return base_here(self._project)

    @property
    def base_digest(self) -> str:
        """The digest of the base that the adapters are for; the server's own is not known."""
        return self._base.digest if self._base else UNKNOWN

    def tokenizer_folder(self) -> Path | None:
        """Return the base's folder where it is on this machine too."""
        return model_folder(self._base) if self._base else None

    def _open_engine(self, exported: Exported | None = None) -> BackendEngine:
        return self._opened

    @cached_property
    def _opened(self) -> OpenAI:
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
