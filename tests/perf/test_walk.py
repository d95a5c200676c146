"""The whole way of a stranger works from the built wheel, up to the judged pull request."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboard.screenshots import chromium

ROOT = Path(__file__).resolve().parents[2]
# Builds a wheel and an environment, trains two adapters and runs some thirty processes: minutes.
pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed, a clone needs it")
def test_from_the_wheel_to_a_pull_request_that_is_judged_and_shown(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "perf/walk.py", "--out", tmp_path / "pictures"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    for said in ("pytest --model mine_v1", "promote mine_v1", "ci init github", "judge: 1",
                 "comment: 0"):  # fmt: skip
        assert said in done.stdout, done.stdout
    names = {file.name for file in (tmp_path / "pictures").iterdir()}
    assert "comment.html" in names
    if chromium() is not None:
        assert {"comment.png", "report.png", "now.png", "cases.png", "ledger.png"} <= names
