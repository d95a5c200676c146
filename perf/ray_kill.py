"""Kill a worker in the middle of a sweep on Ray and compare with the same sweep in one process.

    python perf/ray_kill.py --adapters 8 --actors 2

Each sweep has a separate store. A third of the way through one worker gets SIGKILL. In the end
both stores must hold the same outputs, and all verdicts must be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from trial_project import TrialProject, here

BENCHMARKS = ("outreach", "general")
WORKER = b"ray::Worker"
OTHERS = ("runs", "id")
"""What differs from one process to the next: names with times in them."""


def swept(folder: Path, names: list[str], store: Path, engine: str) -> subprocess.Popen[str]:
    """Start a whole sweep command."""
    words = ["sweep", *names, "--engine", engine, "--store", f"sqlite:///{store}", "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "harness.cli", *words],
        cwd=folder, env=here(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Return the verdicts by adapter and benchmark; raise unless the command succeeded."""
    out, err = process.communicate()
    if process.returncode not in (0, 1, 10):
        sys.exit(f"exit {process.returncode}: {err or out}")
    rows: list[dict[str, Any]] = json.loads(out)["rows"]
    return [plain(row) for row in rows]


def plain(value: Any) -> Any:
    """Return a verdict without the fields that differ from run to run."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key not in OTHERS}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def shorter(folder: Path, tokens: int) -> None:
    """Limit the texts of every benchmark to a number of tokens."""
    for file in (folder / "benchmarks").glob("*/benchmark.toml"):
        text = re.sub(
            r"max_new_tokens = \d+", f"max_new_tokens = {tokens}", file.read_text("utf-8")
        )
        file.write_text(text, encoding="utf-8")


def kept(store: Path) -> dict[str, str]:
    """Return every output and likelihood by its key."""
    if not store.exists():
        return {}
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as opened:
        try:
            texts = opened.execute("select key, text from outputs").fetchall()
            nlls = opened.execute("select key, nll from likelihoods").fetchall()
        except sqlite3.OperationalError:  # its tables are not there yet
            return {}
    return {key: str(value) for key, value in (*texts, *nlls)}


def workers(above: int) -> list[int]:
    """Return the pids of Ray's workers among the descendants of a process."""
    parents, found = {}, []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(place.name)
            parents[pid] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if (place / "cmdline").read_bytes().startswith(WORKER):
                found.append(pid)
        except OSError:
            continue  # it ended meanwhile
    return [pid for pid in found if above in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> set[int]:
    """Return the ancestors of a process, itself left out."""
    found: set[int] = set()
    while (pid := parents.get(pid, 0)) > 1:
        found.add(pid)
    return found


def kill_one(process: subprocess.Popen[str], store: Path, enough: int) -> int:
    """Kill a worker and return how many outputs were stored by then; 0 if no worker was found."""
    while process.poll() is None:
        here, alive = len(kept(store)), workers(process.pid)
        if here >= enough and alive:
            os.kill(alive[0], signal.SIGKILL)
            return here
        time.sleep(0.2)
    return 0


def main() -> None:
    """Print the figure; exit with 1 if anything differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--adapters", type=int, default=8)
    options.add_argument("--actors", type=int, default=2)
    options.add_argument("--tokens", type=int, default=64)
    options.add_argument("--cases", type=int, default=1_000, help="The first of each benchmark.")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        names = TrialProject(folder, asked.cases, asked.adapters, BENCHMARKS).candidates
        shorter(folder, asked.tokens)
        with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[tool.harness.ray]\nactors = {asked.actors}\n")
        alone, spread = folder / "alone.db", folder / "spread.db"
        begun = time.monotonic()
        expected = ended(swept(folder, names, alone, "transformers"))
        between = time.monotonic()
        process = swept(folder, names, spread, "ray")
        seen = kill_one(process, spread, len(kept(alone)) // 3)
        found = ended(process)
        over = time.monotonic()
        outputs = kept(alone)
        same = sum(kept(spread).get(key) == value for key, value in outputs.items())
        equal = sum(one in found for one in expected)
        more = len(kept(spread)) - same
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}:"
        f" {len(names)} adapters on 2 benchmarks, {asked.actors} workers,"
        f" one killed at {seen} of {len(outputs)};"
        f" outputs and likelihoods equal {same} of {len(outputs)}, others {more};"
        f" verdicts equal {equal} of {len(expected)};"
        f" {between - begun:.0f} s in one process, {over - between:.0f} s on Ray"
    )
    sys.exit(0 if seen and same == len(outputs) and not more and equal == len(expected) else 1)


if __name__ == "__main__":
    main()
