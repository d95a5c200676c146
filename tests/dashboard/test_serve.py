"""What the server imports ahead of its first reader: all libraries that its pages import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASKED = """
import json, sys
from importlib import import_module
from dashboard import serve

def libraries():
    found = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
    return {name for name in found if not name.startswith("__")}  # the main module by two names

serve.read_ahead()
before = libraries()
for name in sys.argv[1:]:
    import_module(name)
print(json.dumps([sorted(before), sorted(libraries() - before)]))
"""


@pytest.mark.slow
def test_modules_of_the_pages_import_no_library_that_was_not_read_ahead() -> None:
    files = sorted((ROOT / "dashboard").glob("*.py"))
    modules = [f"dashboard.{file.stem}" for file in files if file.stem != "app"]
    asked = [sys.executable, "-c", ASKED, *modules]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    before, missed = json.loads(done.stdout.splitlines()[-1])
    assert {"altair", "sqlalchemy", "scipy"} <= set(before)
    assert missed == []
