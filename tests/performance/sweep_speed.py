"""What a sweep costs beside its generation: many adapters in one process, against the sum of parts.

    python tests/performance/sweep_speed.py --adapters 8 --rounds 3

Each round, side by side: one sweep of N adapters in a process of its own; the base loaded and one
adapter's outputs and likelihoods made in a process of its own, each part timed; and the same N
adapters evaluated in N processes. The goal is sweep <= 1.1 x (load + N x generation).

On a machine that does other work the parts drift apart between processes; `beside` is taken inside
the sweep itself: its wall time over what its own runs say they spent loading and generating.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from harness.flows.opening import open_store
from harness.flows.project import Project

ROOT = Path(__file__).resolve().parents[2]

PARTS = """
import json, sys, time
begun = time.perf_counter()
from harness.flows.evaluate import Request, open_bench
from harness.flows.order import Order
from harness.flows.project import Project
name, = sys.argv[1:]
with open_bench(Project.here(), Request(), lambda *_: None) as bench:
    side = bench.room.side(name)
    engine = bench.room.engine("", side)
    engine._load(next(iter(bench.project.benchmarks.values())).generation)
    loaded = time.perf_counter()
    mounted = bench.room.mount(side)
    for wanted in bench.benchmarks(name):
        order = Order(side, wanted, wanted.cases, engine, bench.room.base_digest)
        list(engine.generate(mounted, order.prompts, wanted.generation))
        list(engine.likelihood(mounted, order.prompts, wanted.generation))
    made = time.perf_counter()
print(json.dumps([loaded - begun, made - loaded]))
"""


def copies(folder: Path, number: int) -> list[str]:
    """Adapters with other bytes and the same size: a shipped one, scaled a little."""
    from safetensors.torch import load_file, save_file

    source = ROOT / "adapters" / "adapter_v3"
    tensors = load_file(source / "adapter_model.safetensors")
    names = [f"copy_{n}" for n in range(number)]
    for place, name in enumerate(names):
        shutil.copytree(source, folder / "adapters" / name)
        scaled = {
            key: values * (1 - 0.02 * (place + 1)) if "lora_B" in key else values
            for key, values in tensors.items()
        }
        save_file(scaled, folder / "adapters" / name / "adapter_model.safetensors")
    return names


def project(folder: Path, number: int) -> list[str]:
    """The shipped project with copies beside its adapters."""
    for what in ("benchmarks", "adapters"):
        shutil.copytree(ROOT / what, folder / what)
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "reports").mkdir()
    shutil.copy(ROOT / "reports" / "history.jsonl", folder / "reports")
    return copies(folder, number)


def renew(source: Path, target: Path) -> None:
    """The whole store, also what still lies in its log."""
    for file in target.parent.glob(f"{target.name}*"):
        file.unlink()
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def timed(folder: Path, *words: str) -> float:
    """Wall time of one whole command."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1, 10):
        sys.exit(done.stderr or done.stdout)
    return time.perf_counter() - begun


def parts(folder: Path, name: str) -> tuple[float, float]:
    """Seconds to load the base, and to make what one adapter needs."""
    done = subprocess.run(
        [sys.executable, "-c", PARTS, name],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    load, made = json.loads(done.stdout)
    return load, made


def spent(folder: Path, names: list[str]) -> float:
    """Seconds that the runs of these adapters say they were loading and generating."""
    with closing(open_store(Project.here(folder))) as store:
        runs = [store.runs.by_id(identity) for identity in store.runs.ids()]
    mine = [run for run in runs if run is not None and run.adapter in names]
    return sum(run.seconds["generate"] + run.seconds["likelihood"] for run in mine)


def one_round(folder: Path, names: list[str], warm: Path) -> tuple[float, ...]:
    """Sweep, load, generation, adapters one by one, sweep over its own generation."""
    store = folder / "reports" / "harness.db"
    renew(warm, store)
    swept = timed(folder, "sweep", *names, "--json")
    beside = swept / spent(folder, names)
    load, made = parts(folder, names[0])
    renew(warm, store)
    alone = sum(timed(folder, "evaluate", name, "--json") for name in names)
    return swept, load, made, alone, beside


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--adapters", type=int, default=8)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = project(folder, asked.adapters)
        # What they are compared with is made before the clock starts.
        timed(folder, "evaluate", "adapter_v2", "--json")
        warm = folder / "warm.db"
        renew(folder / "reports" / "harness.db", warm)
        rows = [one_round(folder, names, warm) for _ in range(asked.rounds)]
    number = asked.adapters
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", end=", ")
    print(f"{number} adapters on every benchmark, {asked.rounds} rounds")
    print("   sweep    load  generation  one by one   sweep/(load+N*gen)  beside  one by one/sweep")
    for swept, load, made, alone, beside in rows:
        print(
            f"{swept:7.1f}s {load:6.1f}s {made:10.1f}s {alone:10.1f}s"
            f" {swept / (load + number * made):20.2f} {beside:7.2f} {alone / swept:17.2f}"
        )
    ratio = statistics.median(s / (load + number * made) for s, load, made, *_ in rows)
    print(f"median {ratio:.2f}, the goal is at most 1.10")


if __name__ == "__main__":
    main()
