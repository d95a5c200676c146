"""The doctor: is this adapter safe, complete, for this base, and really applied?"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.opening import TransformersRoom
from harness.flows.project import Project
from harness.flows.writing import applied_shift
from harness.records import DoctorCheck
from harness.workspace.gguf import model_folder
from harness.workspace.inspection import base_shape, inspect


def doctor(project: Project, name: str) -> list[DoctorCheck]:
    """Every line that could be looked at; a name that is no adapter raises."""
    copies = Path(tempfile.mkdtemp(prefix="lora-harness-"))
    try:
        room = TransformersRoom(project, copies)
        side = room.side(name)
        if side.files is None:
            return [DoctorCheck("name", True, f"{name} is the base model itself")]
        found = [DoctorCheck("name", True, f"{side.files.folder}, digest {side.digest[:12]}")]
        shape = base_shape(model_folder(project.base), project.base.digest)
        found += inspect(side.files, shape)
        if all(check.ok for check in found):
            benchmark = next(iter(project.benchmarks.values()))
            try:
                shift = applied_shift(room, room.engine(benchmark.name, side), side, benchmark)
                message = f"moves the base's logits by up to {shift:.3g}"
                found.append(DoctorCheck("applied", True, message))
            except HarnessError as problem:
                found.append(DoctorCheck("applied", False, str(problem)))
        return found
    finally:
        shutil.rmtree(copies, ignore_errors=True)
