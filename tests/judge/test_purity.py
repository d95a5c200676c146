import subprocess
import sys

import pytest

HEAVY = ("scipy.stats", "scipy.optimize", "pandas", "torch", "transformers", "sqlalchemy")


@pytest.mark.slow
def test_judging_loads_nothing_heavy():
    code = "import sys, harness.judge; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {name for name in loaded if name.startswith(HEAVY)}
