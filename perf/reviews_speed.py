"""Measure how fast reviews are imported: rows, rows a second, peak memory.

`python perf/reviews_speed.py --rows 1000000` makes a table like a team's (20 to 40
words, 10 % thrown away, 25 % edited by real word edits), imports it into a new store, and again.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.fakes.project import TASK, TinyProject

HEAD = ("id", "reviewed_at", "task", "model", "prompt", "draft", "sent", "status", "editor",
        "comment", "slice:industry")  # fmt: skip
WEEKS = 40


def words() -> list[str]:
    """Return the words of the shipped benchmark and training data, as often as they occur."""
    text = " ".join(
        file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "adapters" / "datasets").glob("outreach_*.jsonl"))
    )
    return [word for word in text.replace('"', " ").replace("\\n", " ").split() if "{" not in word]


def edited(draw: random.Random, text: list[str], pool: list[str]) -> list[str]:
    """Make one to six edits: words replaced, removed or added, and sometimes a phrase moved."""
    new = list(text)
    for _ in range(draw.choice((1, 1, 2, 2, 3, 4, 6))):
        place, what = draw.randrange(len(new)), draw.random()
        if what < 0.5:
            new[place] = draw.choice(pool)
        elif what < 0.7 and len(new) > 5:
            del new[place]
        elif what < 0.92:
            new.insert(place, draw.choice(pool))
        else:
            end = place + draw.randint(1, 5)
            phrase, rest = new[place:end], new[:place] + new[end:]
            target = draw.randint(0, len(rest))
            new = rest[:target] + phrase + rest[target:]
    return new


def rows(count: int, seed: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the reviews of half a year."""
    draw, pool = random.Random(seed), words()
    for number in range(count):
        output = [draw.choice(pool) for _ in range(draw.randint(20, 40))]
        what = draw.random()
        status = "rejected" if what < 0.10 else "edited" if what < 0.35 else "accepted"
        final = {"rejected": [], "edited": edited(draw, output, pool), "accepted": output}[status]
        day = number * WEEKS * 7 // count
        yield (
            f"r{number}",
            f"2026-{1 + day // 28:02}-{1 + day % 28:02}T{draw.randrange(24):02}:00:00Z",
            TASK,
            "base",
            f"{' '.join(draw.choice(pool) for _ in range(8))} #{number}",
            " ".join(output),
            " ".join(final),
            status,
            draw.choice(("Ana", "Ben", "Cleo")),
            "",
            draw.choice(("logistics", "health", "retail")),
        )


def write(file: Path, count: int) -> None:
    """Write the table as CSV."""
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(HEAD)
        table.writerows(rows(count))


def measured(project: Path, file: Path) -> tuple[float, float, float, str]:
    """Return seconds, processor seconds, peak MiB of the largest process, and the output."""
    command = [sys.executable, "-m", "harness.cli", "reviews", "import", str(file), "--json"]
    begun, before = time.perf_counter(), _processor_seconds()
    worker = subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    said, _ = worker.communicate()
    seconds = time.perf_counter() - begun
    if worker.returncode:
        raise SystemExit(f"the import failed: {said[:500]}")
    # The peak is of all children so far; the first import is the largest.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return seconds, _processor_seconds() - before, peak, said[:60]


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--file", type=Path, help="Keep the table here, or take it from here.")
    asked = options.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores,", end=" ")
    print(f"Python {platform.python_version()}, SQLite, one run")
    with tempfile.TemporaryDirectory() as place:
        project = TinyProject(Path(place) / "project")
        file = asked.file or Path(place) / "reviews.csv"
        if not file.exists():
            write(file, asked.rows)
        print(f"{asked.rows:,} rows, {file.stat().st_size / 2**20:.0f} MiB")
        for what in ("new", "again"):
            seconds, processor, memory, said = measured(project.folder, file)
            load = os.getloadavg()[0]
            print(
                f"{what:<6} {seconds:8.1f} s  {asked.rows / seconds:8,.0f} rows/s"
                f"  processor {processor:8.1f} s  peak {memory:6.0f} MiB"
                f"  load {load:4.1f}  {said}",
                flush=True,
            )


if __name__ == "__main__":
    main()
