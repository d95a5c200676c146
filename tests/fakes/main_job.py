"""Run a team's whole month with the software, in one process, on fakes.

    python -m tests.fakes.main_job FOLDER

Prints a line for each step that ended as it should; stops at the first that did not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

COMMANDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("status", "--json")),
    (0, ("log",)),
    (0, ("path",)),
    (0, ("verify",)),
    (0, ("fetch", "again", "adapters/v1")),
    (0, ("reviews", "import", "sent.csv")),
    (0, ("reviews", "rates")),
    (0, ("reviews", "export", "out.jsonl", "--raw")),
    (0, ("monitor", "--no-inputs")),
    (1, ("data", "check", "train.jsonl")),
    (0, ("benchmark", "check")),
    (0, ("history", "export", "history.jsonl")),
    (0, ("history", "import", "history.jsonl")),
)
"""In the served project, with the codes that they end with."""
RECORDED: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("evaluate", "same")),
    (0, ("compare", "good", "same")),
    (1, ("sweep", "same", "bad")),
)
"""In a project of recorded outputs."""


def main(folder: Path) -> None:
    """Run both projects, one after the other."""
    os.environ["LORA_HARNESS_CACHE"] = str(folder / "cache")
    _recorded(folder / "recorded")
    _served(folder / "served")


def _recorded(folder: Path) -> None:
    import pytest

    from tests.fakes.project import TinyProject

    project = TinyProject(folder)
    for quality in ("good", "same", "bad"):
        project.record(quality, quality=quality)
    project.promote("good")
    os.chdir(folder)
    _typed(RECORDED)
    code = pytest.main(["--model", "bad", "-q", "-p", "no:cacheprovider"])
    _ended("pytest --model bad", int(code), 1)


def _served(folder: Path) -> None:
    from tests.fakes.served import ServedProject

    project = ServedProject(folder)
    project.line("v1", "v2")
    project.judge("v3", "bad")
    project.write(
        "sent.csv",
        "id,at,task,adapter,input,output,final\n"
        + "".join(f"r{n},2026-03-0{n},openers,v2,in {n},out {n},out {n}\n" for n in range(1, 9)),
    )
    project.write_lines("train.jsonl", [{"input": "a", "output": "Write to ana@example.com"}])
    os.chdir(folder)
    _typed(COMMANDS)
    _fake_engine(project)
    _pages(project)


def _fake_engine(project: object) -> None:
    """Run the same flow with an engine that is asked batch by batch."""
    from harness.flows.evaluation.context import Request
    from harness.flows.evaluation.runs import Producer
    from harness.flows.evaluation.session import Session
    from tests.fakes.engines import EchoEngine
    from tests.fakes.served import ServedBackend, ServedProject

    assert isinstance(project, ServedProject)
    asked = EchoEngine()

    class EchoServedBackend(ServedBackend):
        recorded = False

        def engine(self, benchmark: str, adapter: object) -> EchoEngine:  # type: ignore[override]
            return asked

        def has_recorded(self, name: str, benchmark: object) -> bool:
            return True

    opened = project.project
    with project.opened() as store:
        backend = EchoServedBackend(opened, project.folder / "recorded")
        session = Session(opened, Request(), store, backend, Producer(opened, store, backend))
        session.candidate("v1").evaluate(session.benchmark("openers"))
    _ended("a fake engine", int(not asked.written), 0)


def _pages(project: object) -> None:
    from harness.flows import queries
    from tests.fakes.served import ServedProject

    assert isinstance(project, ServedProject)
    opened = project.project
    with closing(project.store()) as store:
        made = [
            queries.now(opened, store, date(2026, 6, 1)),
            *(page(opened, store) for page in (queries.compare, queries.cases, queries.ledger)),
            *(page(opened, store) for page in (queries.over_time, queries.review_queue)),
            queries.case_history(opened, store, "openers", "logistics-1"),
        ]
    _ended(f"{len(made)} pages", 0, 0)


def _typed(commands: tuple[tuple[int, tuple[str, ...]], ...]) -> None:
    from harness.cli import main as command

    for wanted, words in commands:
        sys.argv = ["lora-harness", *words]
        _ended(" ".join(words), _code(command), wanted)


def _code(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _ended(what: str, code: int, wanted: int) -> None:
    sys.stdout.flush()
    if code != wanted:
        sys.exit(f"{what}: ended with {code}, not {wanted}")
    print(f"\ndone: {what}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
