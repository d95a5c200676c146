"""Kill a gate on the real base in the middle: it goes on where it was.

A file of its own, so that it runs beside the gate of `test_gate.py`.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time

import pytest

from .conftest import Shell

pytestmark = pytest.mark.real


def test_a_killed_gate_goes_on_where_it_was(fresh):
    words = ("harness.cli", "evaluate", "adapter_v1", "--benchmark", "general", "--against", "base")
    process = fresh.start(*words)
    wait_for_outputs(fresh, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = made(fresh)
    done = fresh(*words)
    assert done.returncode in (0, 1, 10), done.stderr
    after = made(fresh)
    assert before
    assert before.items() <= after.items()


def made(shell: Shell) -> dict[str, str]:
    """When each output was made, by key."""
    with sqlite3.connect(shell.store) as store:
        return dict(store.execute("SELECT key, made FROM outputs").fetchall())


def wait_for_outputs(shell: Shell, process: subprocess.Popen[bytes]) -> None:
    """Until the first batch is in the store."""
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        try:
            if made(shell):
                return
        except sqlite3.OperationalError:
            pass  # the store or its tables are not there yet
        time.sleep(0.05)
    pytest.fail("no output was stored before the process ended")
