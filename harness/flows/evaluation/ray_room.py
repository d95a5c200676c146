"""The room of engine `ray`: the project's own base and adapters, where all machines see them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SettingsError
from harness.flows.evaluation.backends import Side, TransformersRoom, open_device
from harness.flows.project import Project
from harness.records import Cluster
from harness.workspace.base.gguf import model_folder

if TYPE_CHECKING:
    from harness.engines.ray.engine import Ray


class RayRoom(TransformersRoom):
    """Like in process, with the private copies in a folder that the workers see."""

    _spread: Ray | None = None

    def __init__(self, project: Project, cluster: Cluster, copies: Path) -> None:
        super().__init__(project, _shared(cluster.shared) if cluster.shared else copies)
        self._cluster = cluster

    def engine(self, benchmark: str, side: Side) -> Ray:
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
