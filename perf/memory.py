"""Gate random bases of real shapes under a memory limit, and print what each took at its peak.

    python perf/memory.py [--only WORDS] [--before CHECKOUT] [--cases 4] [--tokens 8]

Every base has random weights in bfloat16 and the shape of a base that people use; nothing is
downloaded. The candidate is a LoRA of rank 8 on all matrices of the layers. Each gate is one
`lora-harness evaluate` in a separate process under RLIMIT_DATA (as `prlimit --data` sets it), which
counts every private page that can be written to, mapped files included, and needs no rights: a
cgroup would count the pages that the file cache can give back, and let the kernel drop them.
With `--before` a second checkout runs the same gates, in turn with this one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from random_bases import SHAPES, write_settings, written
from trial_project import ROOT, commit, here, machine
from watched import Watched, gib, watched

LIMITS = {"SmolLM2-360M": 2.0, "Qwen2.5-0.5B": 2.5, "Llama-3.2-1B": 4.5}
"""GiB under which a shape is gated."""
SHARE = 1.3
"""The goal: the peak at most this share of the weights, and one GiB."""
BENCHMARK = """\
name = "memory"
task = "memory"
system = "You write first lines."

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""


def write_benchmark(folder: Path, cases: int, tokens: int) -> None:
    """Write settings and a benchmark beside base and adapter."""
    write_settings(folder, tokens)
    place = folder / "benchmarks" / "memory"
    place.mkdir(parents=True)
    (place / "benchmark.toml").write_text(BENCHMARK, encoding="utf-8")
    lines = [
        {"id": f"case-{n}", "input": "Write to Ana. " * (n + 1), "ideal": "How many miles? " * 9}
        for n in range(cases)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "cases.jsonl").write_text(text, encoding="utf-8")


def gated(folder: Path, limit: float, checkout: Path) -> Watched:
    """Run one gate under a limit and watch its memory."""
    with tempfile.TemporaryDirectory() as store:
        words = ("evaluate", "lora", "--json", "--store", f"sqlite:///{store}/store.db")
        return watched([sys.executable, "-m", "harness.cli", *words], folder, here(checkout), limit)


def outcome(out: str, code: int) -> str:
    """Return the verdict, or the line with which the gate ended."""
    try:
        found = json.loads(out)
    except ValueError:
        return f"exit {code}"
    return str(found.get("outcome") or f"exit {code}: {found.get('error')}"[:150])


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="Shapes whose names hold this word.")
    options.add_argument("--before", type=Path, help="A second checkout, gated in turn.")
    options.add_argument("--limit", type=float, help="Another limit for all of them, in GiB.")
    options.add_argument("--cases", type=int, default=4)
    options.add_argument("--tokens", type=int, default=8)
    asked = options.parse_args()
    sides = [("before", asked.before.resolve())] if asked.before else []
    sides.append(("now", ROOT))
    print("\n".join(f"- {line}" for line in machine()))
    if asked.before:
        print(f"- before: commit {commit(asked.before)}")
    print()
    print("| base | weights | limit | | peak resident | anonymous | goal | seconds | ended |")
    print("|---|--:|--:|---|--:|--:|--:|--:|---|")
    for shape in SHAPES:
        if shape.name not in LIMITS or asked.only.lower() not in shape.name.lower():
            continue
        limit = asked.limit or LIMITS[shape.name]
        with tempfile.TemporaryDirectory(prefix="lora-harness-memory-") as place:
            weights = written(shape, Path(place), ["lora"])
            write_benchmark(Path(place), asked.cases, asked.tokens)
            for name, checkout in sides:
                peak = gated(Path(place), limit, checkout)
                print(
                    f"| {shape.name} | {gib(weights)} | {limit:.2f} GiB | {name}"
                    f" | {gib(peak.resident)} | {gib(peak.anonymous)}"
                    f" | {gib(SHARE * weights + 2**30)} | {peak.seconds:.0f}"
                    f" | {outcome(peak.out, peak.code)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
