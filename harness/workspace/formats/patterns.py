"""Match the patterns of an adapter's config as PEFT will, but with a limit on time.

PEFT uses `re`, which cannot be interrupted. So the same `re` runs first in a child process that has
half a second of computing time.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence

from harness.errors import HarnessError

MAX_PATTERN = 4096
"""Characters; trainers write patterns of some hundreds for multimodal bases."""
_PLAIN = re.compile(r"[\w.\\-]*", re.ASCII)
"""A pattern without choice and repetition, which cannot run for ever."""
_NESTED = re.compile(r"[*+}]\)?\s*[*+{]|\([^()]*[*+][^()]*\)[*+{]")
_WALL = 20
"""Seconds until the child is killed where its own limits cannot be set."""
_CHILD = """
import json, re, sys
try:
    import resource, signal
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.5)  # its signal kills, also in the middle of `re`
except (ImportError, AttributeError, ValueError, OSError):
    pass
patterns, names = json.load(sys.stdin)
print(json.dumps([[name for name in names if re.fullmatch(p, name)] for p in patterns]))
"""


def pattern_fault(pattern: str) -> str | None:
    """Return the fault that can be seen in a pattern before it runs, or None."""
    if len(pattern) > MAX_PATTERN or _NESTED.search(pattern):
        return "is a pattern that could run for ever, list the modules instead"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        return f"is not a pattern ({problem})"
    return None


def matching(
    patterns: Sequence[str], names: Sequence[str], error: HarnessError
) -> dict[str, frozenset[str]]:
    """Return the names that each pattern matches whole; raise `error` when it takes too long."""
    found = {
        pattern: frozenset(filter(re.compile(pattern).fullmatch, names))
        for pattern in patterns
        if _PLAIN.fullmatch(pattern)
    }
    # All risky patterns go to a single child: starting it takes longer than matching.
    risky = [p for p in patterns if p not in found]
    if risky:
        command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", _CHILD]
        try:
            said = subprocess.run(
                command, input=json.dumps([risky, names]), capture_output=True, encoding="utf-8",
                timeout=_WALL, check=True,
            )  # fmt: skip
        except (subprocess.SubprocessError, OSError) as problem:
            raise error from problem
        rows = json.loads(said.stdout)
        found |= {p: frozenset(row) for p, row in zip(risky, rows, strict=True)}
    return found
