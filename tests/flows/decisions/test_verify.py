"""`verify` names what does not match: the row, the file, the decision; and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.flows.decisions import row_checks
from harness.flows.decisions.promoted_file import write_promoted_file
from harness.flows.decisions.verify import verify
from tests.fakes.project import TinyProject
from tests.fakes.served import WEIGHTS, ServedProject
from tests.flows.decisions.test_promote import promote


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    """Made once and left alone."""
    made = ServedProject(tmp_path_factory.mktemp("template") / "project")
    made.line("v1", "v2")
    made.judge("v3", "bad")
    return made


@pytest.fixture
def project(template: ServedProject, tmp_path: Path) -> ServedProject:
    """`v1` and then `v2` were promoted; `v3` was judged only."""
    return ServedProject.copy_of(template, tmp_path / "project")


def wrong(project: TinyProject, **how: Path) -> list[str]:
    return [
        f"{check.name}: {check.message}" for check in verify(project.project, **how) if not check.ok
    ]


@pytest.mark.long
def test_of_what_is_as_it_was_nothing_is_said(project: ServedProject) -> None:
    found = verify(project.project)
    assert all(check.ok for check in found)
    said = {check.name for check in found}
    assert said >= {"ledger", "runs", "verdicts", "pointer", "v1 digest", "v2 digest"}


def test_a_new_project_is_fine(tmp_path: Path) -> None:
    assert wrong(ServedProject(tmp_path / "new")) == []


# --- rows -------------------------------------------------------------------------------------

LEDGER = {
    "edited": (
        "UPDATE decisions SET why = 'other' WHERE seq = 1",
        "decision 1, promote v1: its content is not what was recorded",
    ),
    "removed": (
        "DELETE FROM decisions WHERE seq = 1",
        "decision 2, promote v2: does not follow the one before it",
    ),
    "inserted": (
        "INSERT INTO decisions SELECT 3, hash, 'h', kind, task, 'evil', digest, \"by\", why, at,"
        ' verdict, "case", override, base, benchmark, fingerprint, policy, rests_on, signature'
        " FROM decisions WHERE seq = 2",
        "decision 3, promote evil: its content is not what was recorded",
    ),
    "an override hidden": (
        "UPDATE decisions SET override = 1 - override WHERE seq = 2",
        "decision 2, promote v2: its content",
    ),
}


@pytest.mark.parametrize(("statement", "line"), LEDGER.values(), ids=LEDGER)
def test_a_decision_changed_by_hand_is_named(
    project: ServedProject, statement: str, line: str
) -> None:
    project.by_hand(statement)
    (said,) = wrong(project)
    assert said.startswith("ledger: changed by hand: ")
    assert line in said


@pytest.mark.medium
@pytest.mark.parametrize("which", ["seq = 2", "seq > 0"], ids=["the last", "all"])
def test_a_last_decision_that_was_removed_is_missed(project: ServedProject, which: str) -> None:
    """The chain alone would still be whole."""
    project.by_hand(f"DELETE FROM decisions WHERE {which}")
    (said,) = wrong(project)
    assert said.startswith("pointer: promoted.json names a decision of 20")
    assert "for openers that the ledger lacks: rows were removed by hand" in said


RUN = "(SELECT seq FROM runs WHERE adapter = 'v2' AND benchmark = 'openers')"
RUNS = {
    "its adapter": "UPDATE runs SET adapter = 'v9' WHERE seq = {run}",
    "its digest": "UPDATE runs SET digest = 'd' WHERE seq = {run}",
    "its fingerprint": "UPDATE runs SET fingerprint = 'f' WHERE seq = {run}",
    "its start": "UPDATE runs SET started = '1999' WHERE seq = {run}",
    "white space": "UPDATE runs SET body = replace(body, ':', ': ') || ' ' WHERE seq = {run}",
    "no digests": "UPDATE runs SET body = '{{}}' WHERE seq = {run}",
    "no JSON": "UPDATE runs SET body = '' WHERE seq = {run}",
    "a score": "UPDATE run_scores SET value = 0.5 WHERE run = {run} AND metric LIKE 'ideal%'",
    "a score that is a text": "UPDATE run_scores SET value = 'x' WHERE run = {run}",
    "a score more": "INSERT INTO run_scores VALUES ({run}, 'health-1', 'charm', 1)",
    "a case": "UPDATE run_cases SET body = replace(body, 'Hi', 'Ho') WHERE run = {run}",
    "a case less": "DELETE FROM run_cases WHERE run = {run} AND position = 7",
    "two cases exchanged": "UPDATE run_cases SET position = -1 - position"
    " WHERE run = {run} AND position < 2",
}
HARMLESS = {"white space"}
"""In JSON: the content is the same."""


@pytest.mark.parametrize("what", RUNS)
def test_a_run_changed_by_hand_is_named(project: ServedProject, what: str) -> None:
    with project.opened() as store:
        (identity,) = [i for i, *rest in store.runs.heads() if rest == ["v2", "openers"]]
    project.by_hand(RUNS[what].format(run=RUN))
    expected = [] if what in HARMLESS else [f"runs: changed by hand: {identity}"]
    assert wrong(project) == expected


VERDICTS = {
    "its content": "UPDATE verdicts SET body = replace(body, 'v2', 'v9') WHERE candidate = 'v2'",
    "its outcome beside it": "UPDATE verdicts SET outcome = 'reject' WHERE candidate = 'v2'",
    "its candidate beside it": "UPDATE verdicts SET candidate = 'v9' WHERE candidate = 'v2'",
    "its run": "UPDATE verdicts SET run = 'other' WHERE candidate = 'v2'",
    "no JSON": "UPDATE verdicts SET body = '{' WHERE candidate = 'v2'",
}


@pytest.mark.parametrize("statement", VERDICTS.values(), ids=VERDICTS)
def test_a_verdict_changed_by_hand_is_named(project: ServedProject, statement: str) -> None:
    with project.opened() as store:
        identities = [kept.id for kept in store.verdicts.all() if kept.verdict.candidate == "v2"]
    project.by_hand(statement)
    (said,) = wrong(project)
    assert said.startswith("verdicts: changed by hand: ")
    assert all(identity in said for identity in identities)


REMOVED = {
    "a verdict": (
        "verdicts WHERE candidate = 'v2' AND benchmark = 'openers'",
        "decision 2 was rem",
    ),
    "a run's head": ("runs WHERE adapter = 'v2' AND benchmark = 'openers'", "_v2_openers_"),
}


@pytest.mark.parametrize(("rows", "line"), REMOVED.values(), ids=REMOVED)
def test_what_a_decision_rests_on_is_missed(project: ServedProject, rows: str, line: str) -> None:
    project.by_hand(f"DELETE FROM {rows}")
    (said,) = wrong(project)
    assert said.startswith("kept: ")
    assert line in said


def test_of_many_rows_the_first_are_named_and_the_rest_counted(project: ServedProject) -> None:
    project.by_hand("UPDATE runs SET started = '1999'")
    (said,) = wrong(project)
    assert said.startswith("runs: changed by hand: 20")
    assert said.endswith(" more")


# --- bytes ------------------------------------------------------------------------------------


@pytest.mark.medium
@pytest.mark.parametrize("name", ["v1", "v2"], ids=["the pinned", "the promoted"])
def test_one_changed_byte_is_named_by_its_adapter(project: ServedProject, name: str) -> None:
    project.flip(name)
    said = wrong(project)
    assert all(line.startswith(f"{name} digest: ") for line in said)
    assert any("its bytes are" in line for line in said)


@pytest.mark.medium
def test_the_promoted_one_s_file_is_named(project: ServedProject) -> None:
    path = project.flip("v2")
    assert any(f"{path}: is not what was judged, restore it" in line for line in wrong(project))


@pytest.mark.medium
def test_a_file_that_is_missing_is_named(project: ServedProject) -> None:
    (project.folder / "adapters/v2" / WEIGHTS).unlink()
    assert any(f"v2/{WEIGHTS}: is missing" in line for line in wrong(project))


@pytest.mark.medium
def test_a_folder_that_is_missing_is_named(project: ServedProject) -> None:
    (project.folder / "adapters/v2").rename(project.folder / "adapters/gone")
    (said,) = wrong(project)
    assert said.startswith("v2 bytes: v2: no such adapter")


@pytest.mark.medium
def test_an_adapter_that_nobody_promoted_may_change(project: ServedProject) -> None:
    project.flip("v3")
    assert wrong(project) == []


@pytest.mark.medium
def test_outputs_that_were_recorded_elsewhere_have_no_bytes_here(tmp_path: Path) -> None:
    import harness

    tiny = TinyProject(tmp_path / "tiny")
    tiny.record("good")
    harness.evaluate("good", project=tiny.folder)
    promote(tiny.project, "good", task=None, by="Ana", why="x")
    assert wrong(tiny) == []


# --- the pointer ------------------------------------------------------------------------------


@pytest.mark.medium
def test_a_pointer_that_is_missing_is_named(project: ServedProject) -> None:
    (project.folder / "adapters/promoted.json").unlink()
    (said,) = wrong(project)
    assert (
        "promoted.json does not say what the ledger says for openers, `lora-harness status`" in said
    )
    with project.opened() as store:
        write_promoted_file(project.project, store)
    assert wrong(project) == []


@pytest.mark.medium
@pytest.mark.parametrize("key", ["adapter", "digest", "decision"])
def test_a_pointer_changed_by_hand_is_named(project: ServedProject, key: str) -> None:
    import json

    file = project.folder / "adapters/promoted.json"
    table = json.loads(file.read_text())
    table["tasks"]["openers"][key] = "v1" if key == "adapter" else "0" * 64
    file.write_text(json.dumps(table))
    (said,) = wrong(project)
    assert said.startswith("pointer: promoted.json ")


@pytest.mark.medium
def test_a_pointer_that_is_no_json_is_named(project: ServedProject) -> None:
    project.write("adapters/promoted.json", "[")
    (said,) = wrong(project)
    assert said.startswith("pointer: ")


# --- a long history ---------------------------------------------------------------------------


@pytest.mark.medium
def test_it_says_how_far_it_is(project: ServedProject) -> None:
    said: dict[str, list[tuple[int, int]]] = {}
    verify(
        project.project,
        on_progress=lambda step, done, total: said.setdefault(step, []).append((done, total)),
    )
    assert list(said) == ["rows", "verdicts"]
    for steps in said.values():
        counts = [done for done, _ in steps]
        assert counts == sorted(counts)
        assert steps[-1][0] == steps[-1][1]


@pytest.mark.long
def test_several_cores_find_what_one_finds(
    project: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = verify(project.project)
    monkeypatch.setattr(row_checks, "MANY_ROWS", 0)
    monkeypatch.setattr(row_checks, "worker_count", lambda: 2)
    assert verify(project.project) == alone
    assert any(check.name == "judged again" for check in alone)
    project.by_hand("UPDATE run_scores SET value = 0.5 WHERE run = 1")
    project.by_hand("UPDATE outputs SET text = 'other'")
    several = wrong(project)
    monkeypatch.undo()
    assert several == wrong(project)
    assert [line.partition(":")[0] for line in several] == ["runs", "results"]
