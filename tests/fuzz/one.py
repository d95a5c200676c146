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
    pass

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
