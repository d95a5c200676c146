"""Measure how long `verify` takes on a long history: the promise is 100,000 runs in 60 seconds.

`python perf/verify_speed.py` makes a sealed and judged store first, which takes minutes; with
`--folder DIR` it stays there and is used again. `--store URL` measures another database.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from harness.flows.decisions.verify import verify
from harness.flows.worker_pool import worker_count
from harness.progress import ProgressLine
from harness.store import Store
from perf.history_generator import Size, fill, write_project

PROMISED = 60.0
ROWS = ("ledger", "runs", "verdicts", "reviews", "results", "kept", "grounds", "judged again")
"""Checks of the store; a generated history has no adapters to hash."""


def measured(folder: Path, url: str, size: Size) -> bool:
    """Print the figures of one `verify`; return whether it found nothing and kept the promise."""
    project = write_project(folder, size)
    with closing(Store(url, folder)) as store:
        if store.is_empty:
            fill(store, project, size, lambda line: print(line, file=sys.stderr))
        runs, reviews, decisions = store.trends.counts()
        verdicts = len(store.verdicts.heads())
    line = ProgressLine("verify")
    began = time.perf_counter()
    checks = verify(project, url, on_progress=lambda step, done, total: line.show(done, total))
    seconds = time.perf_counter() - began
    line.close()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    wrong = [check for check in checks if check.name in ROWS and not check.ok]
    print(f"{runs:,} runs, {verdicts:,} verdicts, {reviews:,} reviews, {decisions:,} decisions")
    print(
        f"verify: {seconds:.1f} s, {seconds / runs * 100_000:.1f} s for 100,000 runs"
        f" (promised {PROMISED:g} s); {sum(one.ru_utime + one.ru_stime for one in used):.1f} s of"
        f" processor time on {worker_count()} of {os.cpu_count()} cores,"
        f" load {os.getloadavg()[0]:.1f}"
    )
    for check in wrong:
        print(f"{check.name}: {check.message}")
    return not wrong and seconds / runs * 100_000 <= PROMISED


def main() -> None:
    """Measure; fail where the promise is broken."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, help="Kept there, and used again.")
    options.add_argument("--store", default="sqlite:///reports/harness.db")
    for name, default in (("runs", 100_000), ("tasks", 20), ("reviews", 200_000), ("cases", 10)):
        options.add_argument(f"--{name}", type=int, default=default)
    asked = options.parse_args()
    size = Size(asked.runs, asked.cases, asked.tasks, asked.reviews)
    if asked.folder is not None:
        sys.exit(0 if measured(asked.folder, asked.store, size) else 1)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if measured(Path(folder), asked.store, size) else 1)


if __name__ == "__main__":
    main()
