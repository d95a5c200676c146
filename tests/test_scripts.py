"""Every script that somebody may start by hand starts: they are run too seldom to be noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("perf", "tests/installing", "tests/fuzz", "tests/docs", "tests/dashboard")
SCRIPTS = sorted(
    file
    for folder in FOLDERS
    for file in (ROOT / folder).glob("*.py")
    if "ArgumentParser(" in file.read_text("utf-8")
)


def test_there_are_scripts_to_start() -> None:
    assert {"bench", "faults", "many_cases", "peers", "ray_kill"} <= {s.stem for s in SCRIPTS}


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_says_how_it_is_used(script: Path) -> None:
    told = subprocess.run(
        [sys.executable, str(script), "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("usage:")
