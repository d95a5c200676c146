"""Ask a real sweep over 3 tasks and 30 adapters how long it takes, at every tenth of its time.

    python perf/time_left.py --adapters 30 --cases 10

The shipped base and adapters of one matrix; the tasks have the shipped cases, and texts of up to 2,
8 and 24 tokens. The goal: from the first tenth on what is said is within 20 %.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fleet_driver import project
from trial_project import BENCHMARK, machine

TOKENS = {"short": 2, BENCHMARK: 8, "long": 24}
NEAR = 0.2


def tasks(folder: Path) -> None:
    """Write the shipped benchmark once for each length of texts."""
    source = folder / "benchmarks" / BENCHMARK
    text = (source / "benchmark.toml").read_text(encoding="utf-8")
    for name, tokens in TOKENS.items():
        place = source.with_name(name)
        place.mkdir(exist_ok=True)
        if name != BENCHMARK:
            shutil.copy(source / "cases.jsonl", place)
        made = re.sub(r"max_new_tokens = \d+", f"max_new_tokens = {tokens}", text)
        made = re.sub(r'^(name|task) = ".*"', rf'\1 = "{name}"', made, flags=re.MULTILINE)
        (place / "benchmark.toml").write_text(made, encoding="utf-8")


def swept(folder: Path, names: list[str]) -> tuple[float, list[tuple[float, float | None]]]:
    """Run the sweep; return how long it took, and when it said how much was left."""
    from harness.flows.evaluation.context import Request
    from harness.flows.evaluation.session import open_session
    from harness.flows.evaluation.sweep import sweep
    from harness.flows.project import Project

    said: list[tuple[float, float | None]] = []

    def on_step(step: str, done: int, total: int) -> None:
        left = session.producer.time_left
        said.append((time.perf_counter() - begun, left.seconds() if left else None))

    begun = time.perf_counter()
    with open_session(Project.here(folder), Request(), on_step) as session:
        failed = [row.error for row in sweep(session, names) if row.error]
    if failed:
        sys.exit(f"{len(failed)} verdicts were not made: {failed[0]}")
    return time.perf_counter() - begun, said


def main() -> None:
    """Print the table; exit with 1 where the goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--adapters", type=int, default=30)
    options.add_argument("--cases", type=int, default=10)
    asked = options.parse_args()
    print("\n".join(machine()))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        names = project(folder, asked.adapters, asked.cases, "none")
        tasks(folder)
        whole, said = swept(folder, names)
    print(f"{len(TOKENS)} tasks, {asked.adapters} adapters, {asked.cases} cases: {whole:.0f} s")
    print(f"{'at':>8}{'said left':>12}{'was left':>12}{'off':>8}")
    worst = 0.0
    for tenth in range(1, 10):
        at, left = next((one for one in said if one[0] >= whole * tenth / 10), said[-1])
        off = None if left is None else left / (whole - at) - 1
        worst = max(worst, 1.0 if off is None else abs(off))
        words = ("nothing", "") if left is None or off is None else (f"{left:.0f} s", f"{off:+.0%}")
        print(f"{at:>6.0f} s{words[0]:>12}{whole - at:>10.0f} s{words[1]:>8}")
    print(f"at most {worst:.0%} off, the goal is {NEAR:.0%}")
    sys.exit(worst > NEAR)


if __name__ == "__main__":
    main()
