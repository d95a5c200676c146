"""`make forge`, the part of histories and pull requests: each forgery is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.slow
def test_every_forgery_is_noticed_by_every_command_that_has_to() -> None:
    done = subprocess.run(
        [sys.executable, "perf/forge_pull_request.py"],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "MISSED" not in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("24 forgeries tried, 24 noticed")
