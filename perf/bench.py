"""Measure speed as ratios, in turn in one run; `make bench` prints the table.

    python perf/bench.py [--only idle warm cold roofline finals one sweep equality] [--before PATH]

Absolute seconds are this machine's; the ratios are what to compare, and where the machine was too
noisy a row says so in place of figures (perf/pairs.py has the rule). perf/benchmarks_page.py keeps
the table in BENCHMARKS.md. Small, to try a part out:
`--cases 3 --runs 1 --candidates 1 --rounds 1 --adapters 2`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from bench_rows import PARTS, WHY_BFLOAT16, Row
from pairs import RULE
from roofline import COUNTED
from trial_project import ROOT, commit, machine

HEAD = ("", "A", "B", "A / B", "goal, remarks")
NOTES = {
    "roofline": f"The roofline counts {COUNTED}.",
    "equality": f"Where texts differ in bfloat16: {WHY_BFLOAT16}.",
}


def markdown(rows: list[Row]) -> list[str]:
    """Lay a table out, for people and for BENCHMARKS.md."""
    head, *body = [f"| {' | '.join(cells)} |" for cells in (HEAD, *(row.cells for row in rows))]
    return [head, "|---|--:|--:|--:|---|", *body]


def pages() -> int:
    """Return how long the dashboard's pages wait at 100,000 runs, on SQLite and on PostgreSQL."""
    speed = [sys.executable, str(ROOT / "perf" / "dashboard_speed.py")]
    ways = ([], ["--postgresql"])
    return max(subprocess.run([*speed, *way], cwd=ROOT, check=False).returncode for way in ways)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options.add_argument("--runs", type=int, default=15, help="Rounds of short processes.")
    options.add_argument("--candidates", type=int, default=6, help="Rounds of cold gates.")
    options.add_argument("--cases", type=int, default=25)
    options.add_argument("--adapters", type=int, default=8, help="In a sweep.")
    options.add_argument("--rounds", type=int, default=3, help="Of sweeps.")
    options.add_argument("--before", type=Path, help="A second checkout, which takes turns.")
    options.add_argument("--pages", action="store_true", help="The dashboard's pages as well.")
    asked = options.parse_args()
    told, rows = machine(), []
    if asked.before:
        told.append(f"before: commit {commit(asked.before)}")
    for part in asked.only:
        print(f"{part} ...", file=sys.stderr)
        for row in PARTS[part](asked):
            rows.append(row)
            print("  ".join(cell for cell in row.cells if cell), file=sys.stderr, flush=True)
    notes = [f"{RULE}.", *(note for part, note in NOTES.items() if part in asked.only)]
    lines = [f"- {line}" for line in told]
    print("\n".join([*lines, "", *markdown(rows), "", "\n\n".join(notes)]), flush=True)
    sys.exit(pages() if asked.pages else 0)


if __name__ == "__main__":
    main()
