"""Measure speed as ratios, side by side in one run; `make bench` prints the table.

    python perf/bench.py [--only idle warm cold roofline finals one sweep equality] [--write]

Absolute seconds are this machine's; the ratios are what to compare. `--write` keeps the table in
BENCHMARKS.md. Small, to try a part out: `--cases 3 --runs 1 --candidates 1 --adapters 2`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from bench_rows import PARTS, WHY_BFLOAT16, Row
from roofline import COUNTED
from trial_project import ROOT, machine

PLACE = ROOT / "BENCHMARKS.md"
HEAD = ("", "A", "B", "A / B", "goal, remarks")
KEPT = "## Measured by other commands"
"""Start of the part that is left unchanged: its commands are run by hand."""
NOTES = {
    "roofline": f"The roofline counts {COUNTED}.",
    "equality": f"Where texts differ in bfloat16: {WHY_BFLOAT16}.",
}


def plain(rows: list[Row]) -> list[str]:
    """Lay a table out for a terminal."""
    widths = [max(len(cells[place]) for cells in _cells(rows)) for place in range(len(HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in _cells(rows)
    ]


def markdown(rows: list[Row]) -> list[str]:
    """Lay a table out for BENCHMARKS.md."""
    head, *body = [f"| {' | '.join(cells)} |" for cells in _cells(rows)]
    return [head, "|---|--:|--:|--:|---|", *body]


def _cells(rows: list[Row]) -> list[tuple[str, ...]]:
    return [HEAD, *(row.cells for row in rows)]


def page(told: list[str], rows: list[Row], notes: list[str]) -> str:
    """Return the whole file: method, machine, and the table."""
    command = f"python perf/bench.py {' '.join(sys.argv[1:])}"
    return "\n".join(
        ["# Benchmarks", "",
         "The last table of `make bench`. Each line was measured side by side in one run; compare"
         " ratios, not seconds.", "", f"    {command}", "",
         *(f"- {line}" for line in told), "", *markdown(rows), "",
         *(f"{note}\n" for note in notes)]
    )  # fmt: skip


def kept() -> str:
    """Return the tables of other commands that the page holds already."""
    text = PLACE.read_text(encoding="utf-8") if PLACE.is_file() else ""
    _, mark, rest = text.partition(KEPT)
    return f"\n{mark}{rest}" if mark else ""


def pages() -> int:
    """Return how long the dashboard's pages wait at 100,000 runs, on SQLite and on PostgreSQL."""
    speed = [sys.executable, str(ROOT / "perf" / "dashboard_speed.py")]
    ways = ([], ["--postgresql"])
    return max(subprocess.run([*speed, *way], cwd=ROOT, check=False).returncode for way in ways)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options.add_argument("--runs", type=int, default=15, help="Pairs of short processes.")
    options.add_argument("--candidates", type=int, default=5, help="Fresh adapters, cold.")
    options.add_argument("--cases", type=int, default=25)
    options.add_argument("--adapters", type=int, default=8, help="In a sweep.")
    options.add_argument("--rounds", type=int, default=1, help="Sweeps.")
    options.add_argument("--write", action="store_true", help="Keep the table in BENCHMARKS.md.")
    options.add_argument("--pages", action="store_true", help="The dashboard's pages as well.")
    asked = options.parse_args()
    told, rows = machine(), []
    for part in asked.only:
        print(f"{part} ...", file=sys.stderr)
        for row in PARTS[part](asked):
            rows.append(row)
            print("  ".join(cell for cell in row.cells if cell), file=sys.stderr, flush=True)
    notes = [note for part, note in NOTES.items() if part in asked.only]
    print("\n".join([*told, "", *plain(rows), "", *notes]), flush=True)
    if asked.write:
        text = page(told, rows, notes) + kept()
        PLACE.write_text(text, encoding="utf-8", newline="\n")
    sys.exit(pages() if asked.pages else 0)


if __name__ == "__main__":
    main()
