"""One target under atheris; `run.py` starts this, one process per target.

python tests/fuzz/one.py json CORPUS -max_total_time=20
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["harness"], enable_loader_override=False):
    import harness.engines.recorded
    import harness.engines.replies
    import harness.engines.templates
    import harness.flows.benchmarks.rows
    import harness.flows.history
    import harness.flows.reviews.rows
    import harness.measure
    import harness.workspace.adapter_config
    import harness.workspace.benchmarks
    import harness.workspace.model_card
    import harness.workspace.recipes
    import harness.workspace.safetensors_header
    import harness.workspace.scores
    import harness.workspace.settings
    import harness.workspace.signing
    import harness.workspace.spreadsheets
    import harness.workspace.training_data  # noqa: F401 - imported here so that branches are counted

from tests.fuzz.targets import TARGETS, ask


def main() -> None:
    target = TARGETS[sys.argv[1]]
    folder = Path(tempfile.mkdtemp(prefix="lora-harness-fuzz-"))

    def once(data: bytes) -> None:
        ask(target, data, folder)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], once)
    try:
        atheris.Fuzz()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
