"""Measure how long each dashboard page waits for its data, with a long history behind it.

Cold: a new process, from its start to the page's data, imports and opening of the store included;
the operating system may have the file in memory. Its CPU: what that process computed in the time,
which is less where others use the machine. Warm: the same page again in that process, with nothing
written in between. After: again, when another process has filed one more review. What a whole page
takes in the dashboard's server, `perf/dashboard_screen.py` measures.

    python perf/dashboard_speed.py [--postgresql] [--runs 100000] [--reviews 200000]

Ten clients and a year of one team each, 100,000 reviews in all:

    python perf/dashboard_speed.py --tasks 10 --days 365 --runs 1200 --reviews 100000 --decisions 80
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sized
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from perf.trial_project import here

COLD_LIMIT, WARM_LIMIT = 2.0, 0.3
"""Seconds that are promised at 100,000 runs."""
WARM_TIMES = 5


def pages(project: Any, store: Any) -> dict[str, Callable[[], Sized]]:
    """Return every page's first query by name, and its number of rows."""
    from datetime import date

    from harness.flows import queries

    benchmark = next(iter(project.benchmarks.values()))
    guard = next(b for b in project.benchmarks.values() if b.guard).name
    some = benchmark.cases[0].id
    return {
        "now": lambda: queries.now(project, store, date(2026, 11, 20)).tasks,
        "over time": lambda: queries.over_time(project, store).points,
        "over time, guard": lambda: queries.over_time(project, store, guard).points,
        "over time, all adapters": lambda: _everyone(project, store),
        "compare": lambda: queries.compare(project, store).cases,
        "grid": lambda: queries.case_grid(project, store).rows,
        "cases": lambda: queries.cases(project, store).cases,
        "cases, one case": lambda: (
            queries.case_history(project, store, benchmark.name, some).moments
        ),
        "review": lambda: queries.review_queue(project, store).waiting,
        "ledger": lambda: queries.ledger(project, store).entries,
    }


def _everyone(project: Any, store: Any) -> Sized:
    from harness.flows import queries

    benchmark = next(iter(project.benchmarks))
    metric = store.trends.metrics(benchmark)[0]
    names = [one.adapter for one in store.trends.adapters(benchmark, metric)]
    return queries.over_time(project, store, adapters=names).points


def one(page: str, folder: Path, url: str, begun: float) -> None:
    """Measure one page in this process: cold, then warm."""
    from harness.flows.project import Project
    from harness.flows.store import open_store
    from perf.dashboard_screen import file_review

    project = Project.here(folder)
    with closing(open_store(project, url)) as store:
        ask = pages(project, store)[page]
        rows = len(ask())
        cold, busy = time.monotonic() - begun, time.process_time()
        warm = []
        for _ in range(WARM_TIMES):
            start = time.perf_counter()
            ask()
            warm.append(time.perf_counter() - start)
        file_review(folder, url)
        start = time.perf_counter()
        ask()
        after = time.perf_counter() - start
    figures = {"cold": cold, "busy": busy, "warm": statistics.median(warm), "after": after}
    figures["rows"] = rows
    print(json.dumps(figures))


def measured(page: str, folder: Path, url: str) -> dict[str, float]:
    """Measure a page in a new process and return its figures."""
    words = [sys.executable, __file__, "--page", page, "--folder", str(folder), "--store", url]
    begun = time.monotonic()
    done = subprocess.run(
        [*words, "--begun", repr(begun)], env=here(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(what: str, folder: Path, url: str, times: int) -> bool:
    """Print one row a page, medians of several processes; return whether all kept the promise."""
    kept = True
    print(f"{what:<28} {'cold':>8} {'its CPU':>8} {'warm':>8} {'after':>8}   rows")
    for page in NAMES:
        found = [measured(page, folder, url) for _ in range(times)]
        cold, busy, warm = (
            statistics.median(one[key] for one in found) for key in ("cold", "busy", "warm")
        )
        after = statistics.median(one["after"] for one in found)
        late = cold > COLD_LIMIT or max(warm, after) > WARM_LIMIT
        kept = kept and not late
        mark = "   above the limit" if late else ""
        rows = found[0]["rows"]
        times_of = f"{cold:6.2f} s {busy:6.2f} s {warm:6.3f} s {after:6.3f} s"
        print(f"  {page:<26} {times_of} {rows:6}{mark}", flush=True)
    return kept


NAMES = (
    "now",
    "over time",
    "over time, guard",
    "over time, all adapters",
    "compare",
    "grid",
    "cases",
    "cases, one case",
    "review",
    "ledger",
)


def made(folder: Path, url: str, asked: argparse.Namespace) -> None:
    """Write a store with a long history, unless it is there already."""
    from harness.store import Store
    from perf.history_generator import Size, fill, write_project

    size = Size(
        *(asked.runs, asked.cases, asked.tasks, asked.reviews),
        *(asked.decisions, asked.days),
    )
    project = write_project(folder, size)
    with closing(Store(url, folder)) as store:
        if store.is_empty:
            fill(store, project, size, lambda line: print(line, file=sys.stderr))
        runs, reviews, decisions = store.trends.counts()
    scores = size.scores // size.runs * runs
    print(f"{runs:,} runs, {scores:,} case scores, {reviews:,} reviews, {decisions:,} decisions")
    print(
        f"{asked.tasks} tasks; {os.cpu_count()} cores, medians of {asked.times} processes", end=""
    )
    print(
        f", load {os.getloadavg()[0]:.1f}; promised: {COLD_LIMIT:g} s cold, {WARM_LIMIT:g} s warm"
    )


def show(asked: argparse.Namespace, folder: Path) -> bool:
    """Measure all pages on SQLite or on a temporary PostgreSQL server."""
    if asked.store or not asked.postgresql:
        url = asked.store or "sqlite:///reports/harness.db"
        made(folder, url, asked)
        return table("SQLite" if "sqlite" in url else "PostgreSQL", folder, url, asked.times)
    from tests.fakes.postgresql import running_server

    with running_server() as server:
        url = server.fresh()
        made(folder, url, asked)
        return table("PostgreSQL", folder, url, asked.times)


def main() -> None:
    """Print the table; fail where the promise is broken."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--folder", type=Path, help="Kept there, and used again.")
    options.add_argument("--times", type=int, default=3)
    sizes = {"runs": 100_000, "tasks": 20, "reviews": 200_000, "cases": 10}
    for name, default in (sizes | {"decisions": 1_000, "days": 1_260}).items():
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--store", help="Measured there instead.")
    for name in ("--page", "--begun"):
        options.add_argument(name, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.page:
        one(asked.page, asked.folder, asked.store, float(asked.begun))
        return
    with tempfile.TemporaryDirectory() as place:
        kept = show(asked, asked.folder or Path(place))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
