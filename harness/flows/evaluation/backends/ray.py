"""Write with the base on the machines of a Ray cluster.

Tested in tests/flows/evaluation/test_backends.py.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path

from harness.engines.protocol import BackendEngine
from harness.errors import SettingsError
from harness.flows.evaluation.backends.local import LocalBackend, open_device
from harness.flows.project import Project
from harness.records import Cluster
from harness.workspace.base.exported import Exported


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
