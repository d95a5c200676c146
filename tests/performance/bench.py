"""Speed as ratios, measured side by side in one run: what being installed costs, what a gate costs.

`make bench` prints the table. Absolute seconds are this machine's; the ratios are what to compare.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def seconds(words: list[str], folder: Path) -> float:
    """Wall time of one whole process."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**os.environ, "PYTEST_ADDOPTS": "-p no:cacheprovider"},
    )
    return time.perf_counter() - begun


Pairs = list[tuple[float, float]]


def in_turn(a: Callable[[], float], b: Callable[[], float], runs: int) -> Pairs:
    """Two things done in turn, after one of each that is not counted."""
    a(), b()
    return [(a(), b()) for _ in range(runs)]


def row(what: str, pairs: Pairs, names: str) -> str:
    """Medians; difference and ratio are medians over the pairs, since machines drift."""
    a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
    more = statistics.median(x - y for x, y in pairs)
    ratio = statistics.median(x / y for x, y in pairs)
    return f"{what:<36} {a:8.3f} s {b:8.3f} s   {more:+8.3f} s   {ratio:6.3f}   {names}"


def idle(runs: int) -> str:
    """A stranger's pytest run with the plugin installed, against the same with it switched off."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "test_stranger.py").write_text("def test_nothing():\n    pass\n")
        words = ["pytest", "--collect-only", "-q"]
        found = in_turn(
            lambda: seconds(words, folder),
            lambda: seconds([*words, "-p", "no:harness"], folder),
            runs,
        )
    return row("collecting a stranger's tests", found, "installed / switched off")


def warm(runs: int, adapter: str) -> str:
    """A gate whose outputs are all in the store, against pytest collecting nothing of ours."""
    gate = ["pytest", "--model", adapter, "-q"]
    print(f"making what {adapter} lacks in the store ...", file=sys.stderr)
    cold = seconds(gate, ROOT)
    print(f"done in {cold:.1f} s", file=sys.stderr)
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "test_stranger.py").write_text("def test_nothing():\n    pass\n")
        found = in_turn(
            lambda: seconds(gate, ROOT), lambda: seconds(["pytest", "-q"], Path(place)), runs
        )
    return row(f"gate of {adapter}, all stored", found, "gate / an empty pytest run")


def pages() -> int:
    """What the dashboard's pages wait for at 100,000 runs, on SQLite and on PostgreSQL."""
    speed = [sys.executable, str(ROOT / "tests" / "performance" / "dashboard_speed.py")]
    ways = ([], ["--postgresql"])
    return max(subprocess.run([*speed, *way], cwd=ROOT, check=False).returncode for way in ways)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=15)
    options.add_argument("--adapter", default="adapter_v3")
    options.add_argument("--no-pages", action="store_true", help="Leave out the long histories.")
    asked = options.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python", end=" ")
    print(f"{platform.python_version()}, {asked.runs} runs each, medians")
    print(f"{'':<36} {'A':>10} {'B':>10}   {'A - B':>10}   {'A / B':>6}")
    print(idle(asked.runs))
    print(warm(asked.runs, asked.adapter), flush=True)
    sys.exit(0 if asked.no_pages else pages())


if __name__ == "__main__":
    main()
