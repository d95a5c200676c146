"""Wait for what a process is about to do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any


def wait_for(true: Callable[[], bool], process: subprocess.Popen[Any], seconds: float) -> None:
    """Return when something is true; fail when the process has ended or the time is over."""
    until = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, f"the process ended before: {process.communicate()}"
        assert time.monotonic() < until, f"it was not so in {seconds:g} s"
        time.sleep(0.01)
