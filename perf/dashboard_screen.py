"""Measure how long a reader waits for a page of the dashboard's server, from click to last element.

    python perf/dashboard_screen.py --folder FOLDER

FOLDER is a project as `python perf/dashboard_speed.py --folder FOLDER ...` leaves it. Server: from
the command to its answering. First: the first page that a fresh server is asked for, connection
included. Again: the same page for another reader. After: the same once a review was filed.
What the browser needs to draw what it got comes on top.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from perf.trial_project import here

PAGES = ("now", "over_time", "compare", "grid", "cases", "review", "reviewers", "worth", "ledger")
TIMES = 3


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, float]]:
    """Start the server as a user does; yield its place, and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    words = ["dashboard", "--no-browser", "--port", place.rpartition(":")[2]]
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", *words],
        cwd=folder,
        env=here(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(place):
            if server.poll() is not None or time.perf_counter() - begun > 60:
                raise SystemExit("the server does not start")
            time.sleep(0.02)
        yield place, time.perf_counter() - begun
    finally:
        server.terminate()
        server.wait()


def _answers(place: str) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://{place}/_stcore/health").status == 200)
    except (urllib.error.URLError, OSError):
        return False


def look(place: str, page: str) -> float:
    """Ask for a page as a reader's browser does; return the seconds until its last element."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    asked = BackMsg()
    asked.rerun_script.page_name = "" if page == "now" else page
    begun = time.perf_counter()
    url = f"ws://{place}/_stcore/stream"
    with connect(url, origin=f"http://{place}", subprotocols=["streamlit"], max_size=None) as line:
        line.send(asked.SerializeToString())
        failed = ""
        while True:
            said = ForwardMsg.FromString(line.recv(timeout=60))
            if "this page failed" in str(said.delta):
                failed = page
            if said.WhichOneof("type") == "script_finished":
                if failed:
                    raise SystemExit(f"the page {page} failed")
                return time.perf_counter() - begun


def file_review(folder: Path, url: str | None = None) -> None:
    """File one more review from here: a page learns of it from the store alone."""
    from harness.flows.project import Project
    from harness.flows.store import open_store

    project = Project.here(folder)
    with closing(open_store(project, url)) as store:
        last = next(store.reviews.each(since_seq=store.reviews.last_seq() - 1))
        again = replace(last, id=f"look-{time.time_ns()}", at=f"{datetime.now(UTC):%Y-%m-%d}")
        store.reviews.keep([again])


def main() -> None:
    """Print a row for each page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True)
    asked = options.parse_args()
    print(f"{'page':<12} {'server':>8} {'first':>8} {'again':>8} {'after a review':>15}")
    for page in PAGES:
        with running(asked.folder) as (place, started):
            first = look(place, page)
            again = statistics.median(look(place, page) for _ in range(TIMES))
            file_review(asked.folder)
            after = look(place, page)
        print(
            f"{page:<12} {started:6.2f} s {first:6.2f} s {again:6.3f} s {after:13.3f} s", flush=True
        )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
