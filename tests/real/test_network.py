"""The gate on the real base asks nobody on any network."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fakes.sealed.sitecustomize import CODE
from tests.real.conftest import ROOT, Shell
from tests.test_network import OPEN_ANYWAY, SEAL

pytestmark = pytest.mark.real


def test_a_gate_on_the_real_base_runs_with_sockets_forbidden(fresh: Shell) -> None:
    environment = {
        name: told for name, told in fresh.environment.items() if name not in OPEN_ANYWAY
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--model", "adapter_v3", "--harness-against", "base",
         "--harness-no-baselines", "-k", "opener-retail-01"],
        cwd=fresh.folder,
        env=environment | {"PYTHONPATH": os.pathsep.join(map(str, (SEAL, ROOT)))},
        capture_output=True,
        text=True,
        timeout=600,
    )  # fmt: skip
    assert done.returncode != CODE and "sealed" not in done.stderr
    assert done.returncode in (0, 1, 10), done.stdout[-2000:]
    assert "adapter gate" in done.stdout
