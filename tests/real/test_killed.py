"""Kill a gate on the real base in the middle: it goes on where it was.

A file of its own, so that it runs beside the gate of `test_gate.py`.
"""

from __future__ import annotations

import signal
import sqlite3

import pytest

from tests.fakes.waiting import wait_for

from .conftest import Shell

pytestmark = pytest.mark.real


def test_a_killed_gate_goes_on_where_it_was(fresh):
    words = ("harness.cli", "evaluate", "adapter_v1", "--benchmark", "general", "--against", "base")
    process = fresh.start(*words)
    wait_for(lambda: bool(made(fresh)), process, 300)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = made(fresh)
    done = fresh(*words)
    assert done.returncode in (0, 1, 10), done.stderr
    after = made(fresh)
    assert before
    assert before.items() <= after.items()


def made(shell: Shell) -> dict[str, str]:
    """When each output was made, by key; none before the store and its tables are there."""
    try:
        with sqlite3.connect(shell.store) as store:
            return dict(store.execute("SELECT key, made FROM outputs").fetchall())
    except sqlite3.OperationalError:
        return {}
