"""Measure the cost of every bad input: seconds and memory of a process, against 2 s and 512 MB.

    python perf/bad_inputs.py [--only adapter] [--every 8] [--busy] [--slowest 12]

Each row of `tests/threats` is made in a new project and asked for as a user would. The exit
code is 1 where a row took more, said something else, or printed more than its line. What it
computed stands beside what it took; `--busy` judges by that, on a machine that does other work.

A row that took too long is asked for twice more: its first time counts, the others stand beside it
and tell a machine that paused from a row that is slow.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from perf.trial_project import here
from tests.fakes.project import TinyProject
from tests.threats.row import HERE, Row
from tests.threats.rows import ROWS, copied, sound_project

MOST_SECONDS = 2.0
MOST_MEGABYTES = 512.0
HANGS = 60.0
"""Seconds after which a command is killed, and counts as one that hangs."""
TRIES = 3
"""The times that a late row is asked for."""
CHILD = "import sys; from harness.cli import main; sys.argv[0] = 'lora-harness'; main()"


@dataclass(frozen=True)
class Cost:
    """The cost of one row."""

    name: str
    seconds: float
    computed: float
    """Seconds of processor time, its children's included."""
    megabytes: float
    fault: str
    again: tuple[float, ...] = ()
    """Seconds of further tries of a late row."""

    def kept(self, busy: bool) -> bool:
        took = self.computed if busy else self.seconds
        return not self.fault and took <= MOST_SECONDS and self.megabytes <= MOST_MEGABYTES


def asked(words: tuple[str, ...], folder: Path) -> tuple[int, str, float, float, float]:
    """Return exit code, standard error, seconds, computing seconds and peak megabytes."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, *words],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, encoding="utf-8",
        env=here() | {"LORA_HARNESS_CACHE": str(folder.parent / "cache")},
    )  # fmt: skip
    assert process.stderr is not None
    watch = threading.Timer(HANGS, process.kill)
    watch.start()
    err = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    watch.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begun
    return process.returncode, err, took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def cost(row: Row) -> Cost:
    """Run a row in a fresh project and return its cost."""
    away = tempfile.mkdtemp()
    try:
        place = copied(SOUND, Path(away) / "project")
        made_apart(row, place)
        code, err, *figures = asked(row.words, place.folder)
        wanted = f"lora-harness: {row.line.replace(HERE, str(place.folder))}\n"
    finally:
        # `shutil.rmtree` recurses, and gives up on folders nested more than a thousand times.
        subprocess.run(["rm", "-rf", away], check=True)
    fault = "" if (code, err) == (row.code, wanted) else f"exit {code}: {err.strip()[-200:]}"
    return Cost(row.name, *figures, fault)


def cost_in_some_tries(row: Row) -> Cost:
    """Return a row's cost, with the seconds of further tries where it took too long."""
    first = cost(row)
    if first.fault or first.seconds <= MOST_SECONDS:
        return first
    return replace(first, again=tuple(cost(row).seconds for _ in range(TRIES - 1)))


def made_apart(row: Row, place: TinyProject) -> None:
    """Make a row in a process of its own: a child's peak begins with the memory of its parent."""
    maker = multiprocessing.get_context("fork").Process(target=row.make, args=(place,))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise RuntimeError(f"{row.name}: cannot be made")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows with this in their name")
    parser.add_argument("--slowest", type=int, default=12, help="rows to show")
    parser.add_argument("--every", type=int, default=1, help="one row of so many")
    parser.add_argument("--busy", action="store_true", help="judge by processor time")
    asked_for = parser.parse_args()
    chosen = [row for row in ROWS if asked_for.only in row.name][:: asked_for.every]
    floor = min(asked(("--version",), ROOT)[3] for _ in range(3))
    costs = [cost_in_some_tries(row) for row in chosen]
    show("slowest", sorted(costs, key=lambda c: -c.seconds)[: asked_for.slowest])
    show("largest", sorted(costs, key=lambda c: -c.megabytes)[: asked_for.slowest])
    missed = [one for one in costs if not one.kept(asked_for.busy)]
    if missed:
        show("over the limit or another line", missed)
    print(
        f"\n{len(costs)} bad inputs, each in a new process: {len(missed)} over"
        f" {MOST_SECONDS:g} s or {MOST_MEGABYTES:g} MB or with another line,"
        f" {sum('Traceback' in c.fault or 'a bug' in c.fault for c in costs)} tracebacks,"
        f" {sum(c.seconds >= HANGS for c in costs)} hangs;"
        f" slowest {max(c.seconds for c in costs):.2f} s"
        f" ({max(c.computed for c in costs):.2f} s computing),"
        f" largest {max(c.megabytes for c in costs):.0f} MB;"
        f" `--version` alone computes {floor:.2f} s"
    )
    sys.exit(1 if missed else 0)


def show(title: str, costs: list[Cost]) -> None:
    print(f"\n{title}")
    for one in costs:
        took = f"{one.seconds:6.2f} s  computing {one.computed:5.2f} s  {one.megabytes:5.0f} MB"
        again = "".join(f"; again {seconds:.2f} s" for seconds in one.again)
        print(f"  {took}  {one.name}{again}  {one.fault}".rstrip())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as beside:
        SOUND = sound_project(Path(beside) / "project")
        main()
