"""History moves between stores whole: the same bytes there and back, and never by halves."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import harness
from harness.errors import DataError, RequestError
from harness.flows.decisions.promote import accept, promote
from harness.flows.history import HistoryImport, export_history, import_history
from harness.flows.store import open_store
from harness.store import Store
from tests.fakes.project import TinyProject


@pytest.fixture
def lived(project: TinyProject) -> TinyProject:
    """A project with runs, verdicts and decisions."""
    project.record("good", quality="good")
    project.record(
        "broken", quality="good", texts={"health-1": "Dear Sir"}, nlls={"health-1": 0.43}
    )
    harness.evaluate("good", project=project.folder)
    promote(project.project, "good", task=None, by="Ana", why="the first \x1b[31m")
    verdict = harness.evaluate("broken", project=project.folder)["openers"]
    accept(project.project, "health-1", verdict.runs["candidate"], by="Bo", why="fine")
    harness.evaluate("broken", project=project.folder)
    return project


def exported(store: Store) -> str:
    return "".join(f"{line}\n" for line in export_history(store))


def empty(folder: Path) -> Store:
    return Store("sqlite:///new.db", folder)


@pytest.mark.long
def test_there_and_back_gives_the_same_bytes(lived: TinyProject, tmp_path: Path) -> None:
    old, new = lived.store(), empty(tmp_path)
    first = exported(old)
    file = tmp_path / "history.jsonl"
    file.write_text(first)
    assert import_history(new, file) == HistoryImport(runs=6, verdicts=5, decisions=2)
    assert exported(new) == first
    assert new.decisions.promoted("openers") == old.decisions.promoted("openers")
    old.close()
    new.close()


@pytest.mark.long
def test_importing_twice_changes_nothing(lived: TinyProject, tmp_path: Path) -> None:
    old, new = lived.store(), empty(tmp_path)
    file = tmp_path / "history.jsonl"
    file.write_text(exported(old))
    import_history(new, file)
    once = exported(new)
    assert import_history(new, file) == HistoryImport(0, 0, 0)
    assert exported(new) == once
    assert import_history(old, file) == HistoryImport(0, 0, 0)
    old.close()
    new.close()


@pytest.mark.long
def test_a_longer_history_brings_what_is_new(lived: TinyProject, tmp_path: Path) -> None:
    old, new = lived.store(), empty(tmp_path)
    file = tmp_path / "history.jsonl"
    file.write_text(exported(old))
    import_history(new, file)
    old.close()
    lived.record("same", quality="same")
    harness.evaluate("same", project=lived.folder)
    old = lived.store()
    file.write_text(exported(old))
    assert import_history(new, file) == HistoryImport(runs=2, verdicts=2, decisions=0)
    old.close()
    new.close()


@pytest.mark.long
def test_two_machines_that_made_the_same_run_keep_both(lived: TinyProject, tmp_path: Path) -> None:
    old, new = lived.store(), empty(tmp_path)
    mine = old.runs.by_id(old.runs.ids()[0])
    assert mine is not None
    new.runs.keep(replace(mine, id="of-another-machine"), str(old.runs.key(mine.id)))
    file = tmp_path / "history.jsonl"
    file.write_text(exported(old))
    assert import_history(new, file) == HistoryImport(runs=6, verdicts=5, decisions=2)
    assert import_history(new, file) == HistoryImport(0, 0, 0)
    assert new.runs.by_id(mine.id) == mine
    old.close()
    new.close()


@pytest.mark.long
def test_a_run_that_the_store_has_otherwise_is_refused(lived: TinyProject, tmp_path: Path) -> None:
    old, new = lived.store(), empty(tmp_path)
    mine = old.runs.by_id(old.runs.ids()[0])
    assert mine is not None
    new.runs.keep(replace(mine, started="2020-01-01T00:00:00Z"), str(old.runs.key(mine.id)))
    file = tmp_path / "history.jsonl"
    file.write_text(exported(old))
    with pytest.raises(DataError, match=r"history\.jsonl:1: the store has another run of the name"):
        import_history(new, file)
    old.close()
    new.close()


@pytest.mark.long
def test_each_line_is_one_object_that_says_what_it_is(lived: TinyProject) -> None:
    store = lived.store()
    kinds = [json.loads(line)["kind"] for line in export_history(store)]
    assert kinds == ["run"] * 6 + ["verdict"] * 5 + ["decision"] * 2
    assert all("\n" not in line for line in export_history(store))
    store.close()


@pytest.mark.long
@pytest.mark.parametrize(
    "bad",
    [
        "[]",
        "{}",
        '{"kind": "poem"}',
        '{"kind": "run", "record": {}}',
        '{"kind": "run", "key": 3, "record": {}}',
        '{"kind": "verdict", "record": {"outcome": "promote"}}',
        '{"kind": "decision", "record": null}',
        "not json",
    ],
)
def test_one_bad_line_leaves_the_store_as_it_was(
    lived: TinyProject, tmp_path: Path, bad: str
) -> None:
    old, new = lived.store(), empty(tmp_path)
    file = tmp_path / "history.jsonl"
    file.write_text(exported(old) + bad + "\n")
    with pytest.raises(DataError, match=r"history\.jsonl:14: "):
        import_history(new, file)
    assert new.is_empty
    old.close()
    new.close()


@pytest.mark.long
def test_a_ledger_that_does_not_follow_is_refused_whole(lived: TinyProject, tmp_path: Path) -> None:
    other = TinyProject(tmp_path / "other")
    other.record("good", quality="same")
    other.promote("good")
    old, store = lived.store(), other.store()
    before = exported(store)
    file = tmp_path / "history.jsonl"
    file.write_text(exported(old))
    with pytest.raises(RequestError, match="import it into a new store"):
        import_history(store, file)
    assert exported(store) == before
    old.close()
    store.close()


# --- the history that a project ships -----------------------------------------------------------


@pytest.fixture
def shipped(lived: TinyProject) -> TinyProject:
    """A fresh clone: an exported history, no store."""
    store = lived.store()
    lived.write("reports/history.jsonl", exported(store))
    store.close()
    for file in (lived.folder / "reports").glob("harness.db*"):
        file.unlink()
    return lived


@pytest.mark.long
def test_a_new_store_begins_with_the_shipped_history(shipped: TinyProject) -> None:
    store = open_store(shipped.project)
    promoted = store.decisions.promoted("openers")
    assert promoted is not None
    assert promoted.adapter == "good"
    assert exported(store) == (shipped.folder / "reports/history.jsonl").read_text()
    store.close()


@pytest.mark.long
def test_what_was_shipped_is_not_made_again(shipped: TinyProject) -> None:
    before = open_store(shipped.project)
    ids = before.runs.ids()
    before.close()
    harness.evaluate("broken", project=shipped.folder)
    after = shipped.store()
    assert after.runs.ids() == ids
    after.close()


@pytest.mark.long
def test_a_shipped_history_that_cannot_be_read_is_said_every_time(shipped: TinyProject) -> None:
    file = shipped.folder / "reports" / "history.jsonl"
    file.write_text(file.read_text() + "{}\n")
    for _ in range(2):
        with pytest.raises(DataError):
            open_store(shipped.project)
    file.write_text("".join(line for line in file.open() if line != "{}\n"))
    store = open_store(shipped.project)
    assert store.decisions.promoted("openers") is not None
    store.close()


@pytest.mark.long
def test_a_process_killed_while_it_imports_leaves_nothing_by_halves(
    shipped: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = os.fork()
    if not child:
        from harness.store.verdicts import Verdicts

        monkeypatch.setattr(Verdicts, "keep", lambda *_: os._exit(9))
        open_store(shipped.project)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = shipped.store()
    assert left.runs.ids() == []
    left.close()
    store = open_store(shipped.project)
    assert exported(store) == (shipped.folder / "reports/history.jsonl").read_text()
    store.close()
