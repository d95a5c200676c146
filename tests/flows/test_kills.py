"""kill -9 at the steps of a promotion that matter: the old state or the new one, as `status` says.

At every other step, and of every other command, in tests/faults.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import harness
from harness.cli.ledger import status
from harness.flows.decisions.verify import verify
from harness.store.decisions import broken_links
from tests.fakes.refusals import refused
from tests.fakes.served import ServedProject

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9"),
]

OLD, NEW = "v1", "v2"


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def project(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> ServedProject:
    """`v1` is in production, `v2` was judged fit to follow."""
    url = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    made = ServedProject(tmp_path / "project", url)
    made.line(OLD)
    made.judge(NEW)
    return made


def in_a_process(work: Callable[..., None], *arguments: object) -> int | None:
    """How a process that does nothing else ends; negative is the signal that ended it."""
    worker = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    worker.start()
    worker.join()
    return worker.exitcode


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def says(project: ServedProject, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `lora-harness status` names as promoted, which must be what everything else says."""
    monkeypatch.chdir(project.folder)
    said = CliRunner().invoke(status, ["--json"], catch_exceptions=False)
    (task,) = json.loads(said.output)["tasks"]
    with project.opened() as store:
        ledger = store.decisions.all()
    assert list(broken_links(ledger)) == []
    assert [f"{d.kind} {d.adapter}" for d in ledger] == (
        ["promote v1", "promote v2"] if task["promoted"] == NEW else ["promote v1"]
    )
    assert (task["since"], task["verdict"]) == (ledger[-1].at, ledger[-1].verdict)
    assert harness.promoted("openers", project.folder).name == task["promoted"]
    assert all(check.ok for check in verify(project.project))
    return str(task["promoted"])


def served(project: ServedProject) -> str:
    """What serving code is given before anybody asks for `status`."""
    return harness.promoted("openers", project.folder).name


def before(place: Any, name: str, *, call: int = 1) -> None:
    """Die when a function is called for the n-th time, before it does anything."""
    real, calls = getattr(place, name), []

    def counted(*args: Any, **more: Any) -> Any:
        calls.append(name)
        return die() if len(calls) == call else real(*args, **more)

    setattr(place, name, counted)


def after(place: Any, name: str) -> None:
    """Die when a function has done its work."""
    real = getattr(place, name)

    def done(*args: Any, **more: Any) -> None:
        real(*args, **more)
        die()

    setattr(place, name, done)


# --- where it dies ----------------------------------------------------------------------------


def before_the_ledger_is_written() -> None:
    from harness.store.decisions import Decisions

    before(Decisions, "add")


def inside_the_transaction() -> None:
    from harness.store import decisions

    after(decisions, "_refuse_moved")


def after_the_row_and_before_the_commit() -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def seen(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("INSERT INTO decisions"):
            die()

    event.listen(Engine, "after_cursor_execute", seen)


def after_the_commit() -> None:
    from harness.store.decisions import Decisions

    after(Decisions, "add")


def before_the_pointer_is_written() -> None:
    from harness.flows.decisions import promoted_file

    before(promoted_file, "write_atomically")


def in_the_middle_of_the_pointer() -> None:
    from harness.flows.decisions import promoted_file

    def half(path: Path, text: str) -> None:
        with path.with_name(f".{path.name}.half").open("w") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            die()

    promoted_file.write_atomically = half  # type: ignore[assignment]


def before_the_pointer_is_renamed() -> None:
    from harness.flows.decisions import promoted_file

    real = promoted_file.write_atomically

    def unsynced(path: Path, text: str) -> None:
        os.fsync = die  # type: ignore[assignment]
        real(path, text)

    promoted_file.write_atomically = unsynced


def after_the_pointer_is_written() -> None:
    from harness.flows.decisions import promoted_file

    after(promoted_file, "write_atomically")


def before_the_card_is_written() -> None:
    from harness.workspace.adapters import model_card

    before(model_card, "write_atomically")


def after_the_card_is_written() -> None:
    from harness.workspace.adapters import model_card

    after(model_card, "write_atomically")


STEPS = {
    before_the_ledger_is_written: (OLD, OLD),
    inside_the_transaction: (OLD, OLD),
    after_the_row_and_before_the_commit: (OLD, OLD),
    after_the_commit: (OLD, NEW),
    before_the_pointer_is_written: (OLD, NEW),
    in_the_middle_of_the_pointer: (OLD, NEW),
    before_the_pointer_is_renamed: (OLD, NEW),
    after_the_pointer_is_written: (NEW, NEW),
    before_the_card_is_written: (NEW, NEW),
    after_the_card_is_written: (NEW, NEW),
}
"""What is served after the kill, and what `status` says then."""


def promote_and_die(project: ServedProject, step: Callable[[], None]) -> None:
    step()
    project.put(NEW)


ON_POSTGRESQL = (inside_the_transaction, after_the_row_and_before_the_commit, after_the_commit)
"""What comes after the commit has nothing to do with the store."""
KILLS = [("sqlite", step) for step in STEPS] + [("postgresql", step) for step in ON_POSTGRESQL]


@pytest.mark.parametrize(("kind", "step"), KILLS, ids=lambda one: getattr(one, "__name__", one))
def test_a_promotion_that_was_killed_is_made_or_not(
    project: ServedProject, step: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_a_process(promote_and_die, project, step) == -signal.SIGKILL
    serves, stands = STEPS[step]
    assert served(project) == serves
    assert says(project, monkeypatch) == stands
    # The same command once more leaves the new state, whole.
    if stands == OLD:
        project.put(NEW)
    else:
        with refused("v2: is promoted already"):
            project.put(NEW)
    assert says(project, monkeypatch) == NEW
    assert "model-index" in (project.folder / "adapters/v2/README.md").read_text()
