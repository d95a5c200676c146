"""Measure how long a team's own tool waits for `harness.record_output` and `record_review`.

    python perf/recording_speed.py [--calls 500] [--postgresql]

Asked for is less than 5 ms a call where the store is near. Half of it is the disk's: every call is
a commit that survives a power cut (SQLite `synchronous=FULL`, PostgreSQL `fsync=on`), so a commit
of one row alone is measured beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from harness.store import Store

LIMIT = 0.005
"""Seconds a call that are asked for."""
SQLITE = "sqlite:///reports/harness.db"


def kept_in(url: str, folder: Path) -> Path:
    """Make a project whose store is at the URL, with a promoted adapter; return its folder."""
    from tests.fakes.project import TinyProject

    made = TinyProject(folder)
    made.settings(f"store = {url!r}\n")
    made.record("good", quality="good")
    made.promote("good")
    return folder


def calls(do: Callable[[int], object], times: int) -> list[float]:
    """Return how long each call took, but for the first, which opens the store."""
    found = []
    for number in range(times + 1):
        begun = time.perf_counter()
        do(number)
        found.append(time.perf_counter() - begun)
    return found[1:]


def table(what: str, url: str, folder: Path, times: int) -> bool:
    """Print a row for both calls and for a bare commit; return whether both medians are in time."""
    import harness
    from harness.store import Store

    place = kept_in(url, folder)

    def output(number: int) -> None:
        given, text = "To: Ana, Delta Freight, 80 trucks", "Hi Ana, how many are empty?"
        name = f"mail-{number}"
        harness.record_output("openers", id=name, input=given, output=text, project=place)

    def review(number: int) -> None:
        final = "Hi Ana, how many of the 80 are empty?"
        harness.record_review(f"mail-{number}", final=final, reviewer="Kim", project=place)

    found = {"record_output": calls(output, times), "record_review": calls(review, times)}
    with closing(Store(url, place)) as store:
        found["a commit alone"] = calls(lambda number: _commit(store, number), times)
    kept = True
    for name, seconds in found.items():
        middle, slow = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        late = middle > LIMIT and name.startswith("record")
        kept = kept and not late
        mark = "   above the limit" if late else ""
        print(
            f"{what:<11} {name:<15} {middle * 1e3:6.2f} ms {slow * 1e3:6.2f} ms{mark}", flush=True
        )
    return kept


def _commit(store: Store, number: int) -> None:
    from sqlalchemy import text

    with store.database.write() as connection:
        row = "INSERT INTO likelihoods (key, nll) VALUES (:key, 0)"
        connection.execute(text(row), {"key": f"{number:064}"})


def main() -> None:
    """Print the table; fail where a call takes longer than is asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--calls", type=int, default=500)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        print(f"{asked.calls} calls, {load}; asked: {LIMIT * 1e3:g} ms")
        print(f"{'':27} {'median':>9} {'95 %':>9}")
        kept = table("SQLite", SQLITE, Path(place) / "sqlite", asked.calls)
        if asked.postgresql:
            from tests.fakes.postgresql import running_server

            with running_server(durable=True) as server:
                folder = Path(place) / "postgresql"
                kept = table("PostgreSQL", server.fresh(), folder, asked.calls) and kept
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
