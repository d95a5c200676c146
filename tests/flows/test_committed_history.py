"""Decisions write the history that a project commits, and nobody's decisions are lost by it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError, WorldFailed
from harness.flows.committed_history import export_to, write_history
from harness.flows.decisions.decide import pin, reject, rollback
from harness.flows.decisions.promote import accept
from harness.flows.history import import_history
from harness.flows.rejudge import judged_again
from harness.flows.store import open_store
from harness.judge import verdict
from harness.records import Policy
from harness.store import Store
from harness.text.left_out import is_left_out
from tests.fakes.project import CASES
from tests.fakes.refusals import refused
from tests.fakes.served import ServedProject

KEPT = 'history = "reports/history.jsonl"\n'


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    """Made once and left alone: `v1`, then `v2` were promoted, `v3` is worse."""
    made = ServedProject(tmp_path_factory.mktemp("template") / "project")
    text = (made.folder / "pyproject.toml").read_text(encoding="utf-8")
    made.write("pyproject.toml", text + KEPT)
    made.line("v1", "v2")
    made.judge("v3", "bad")
    return made


@pytest.fixture
def project(template: ServedProject, tmp_path: Path) -> ServedProject:
    return ServedProject.copy_of(template, tmp_path / "project")


def file_of(project: ServedProject) -> Path:
    return project.folder / "reports/history.jsonl"


def lines(project: ServedProject) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file_of(project).read_text("utf-8").splitlines()]


def kinds(project: ServedProject) -> list[str]:
    return [line["record"]["kind"] for line in lines(project) if line["kind"] == "decision"]


@pytest.mark.long
def test_every_decision_is_in_the_committed_history(project: ServedProject) -> None:
    assert kinds(project) == ["promote", "promote"]
    reject(project.project, "v3", project.ask())
    pin(project.project, "v2", project.ask())
    rollback(project.project, None, project.ask())
    assert kinds(project) == ["promote", "promote", "reject", "pin", "rollback"]
    with project.opened() as store:
        run = next(id_ for id_, name, where in store.runs.heads() if (name, where) == BAD)
    accept(project.project, "health-1", run, by="Ana", why="better so")
    assert kinds(project)[-1] == "accept"


BAD = ("v3", "openers")


@pytest.mark.slow
def test_a_dry_run_writes_nothing(project: ServedProject) -> None:
    before = file_of(project).read_bytes()
    reject(project.project, "v3", project.ask(dry_run=True))
    assert file_of(project).read_bytes() == before


def test_a_project_without_the_setting_has_no_history_written(project: ServedProject) -> None:
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(KEPT, ""))
    file_of(project).unlink()
    reject(project.project, "v3", project.ask())
    assert not file_of(project).exists()


def texts_of(project: ServedProject) -> set[str]:
    """Whatever is written in a case, or by a model."""
    recorded = (project.folder / "recorded").rglob("*.jsonl")
    outputs = (json.loads(line)["output"] for f in recorded for line in f.open(encoding="utf-8"))
    return {*outputs, *(str(case[key]) for case in CASES for key in ("input", "ideal"))}


def test_it_has_no_text_and_no_review(project: ServedProject) -> None:
    said = file_of(project).read_text(encoding="utf-8")
    assert [text for text in texts_of(project) if json.dumps(text)[1:-1] in said] == []
    assert {line["kind"] for line in lines(project)} == {"run", "verdict", "decision"}


@pytest.mark.long
def test_it_has_texts_where_the_settings_say_so(project: ServedProject) -> None:
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "history_texts = true\n")
    reject(project.project, "v3", project.ask())
    said = file_of(project).read_text(encoding="utf-8")
    assert [case["ideal"] for case in CASES if case["ideal"] not in said] == []


def cloned(project: ServedProject, tmp_path: Path) -> Store:
    """A new store that begins with the committed history."""
    return open_store(project.project, f"sqlite:///{tmp_path / 'clone.db'}")


@pytest.mark.long
def test_verdicts_are_judged_again_from_scores_alone(
    project: ServedProject, tmp_path: Path
) -> None:
    reject(project.project, "v3", project.ask())
    with closing(cloned(project, tmp_path)) as store, project.opened() as full:
        kept = list(store.verdicts.all())
        assert len(kept) == len(list(full.verdicts.all()))
        again = [judged_again(store, one.verdict) for one in kept]
        assert [one.stored.candidate for one in again if not one.same] == []
        outcomes = [(one.verdict.candidate, one.verdict.outcome) for one in full.verdicts.all()]
        assert [(one.again.candidate, one.again.outcome) for one in again] == outcomes


@pytest.mark.slow
def test_a_candidate_is_compared_with_outputs_that_are_left_out(
    project: ServedProject, tmp_path: Path
) -> None:
    """The same outputs are the same, and no word of a digest is called new."""
    with closing(cloned(project, tmp_path)) as store, project.opened() as full:
        mine = {name: run for run, name, where in full.runs.heads() if where == "openers"}
        whole, bare = (
            {name: one.runs.by_id(run) for name, run in mine.items()} for one in (full, store)
        )
        for name in ("v2", "v3"):
            exact = verdict(whole[name], whole["v2"], Policy())
            found = verdict(whole[name], bare["v2"], Policy())
            assert (found.outcome, found.identical) == (exact.outcome, exact.identical)
            assert found.identical is (name == "v2")
            assert not any("words that" in note for note in found.notes)
            assert is_left_out(bare["v2"].results[0].text)


# --- nothing is lost ---------------------------------------------------------------------------


@pytest.mark.long
def test_decisions_of_others_are_imported_before_one_is_made(
    project: ServedProject, tmp_path: Path
) -> None:
    other = ServedProject.copy_of(project, tmp_path / "other")
    reject(other.project, "v3", other.ask())
    file_of(project).write_bytes(file_of(other).read_bytes())
    with refused("holds 1 decisions that the store lacks, `lora-harness history", RequestError):
        pin(project.project, "v2", project.ask())
    assert len(kinds(project)) == 3
    with project.opened() as store:
        import_history(store, file_of(project))
    pin(project.project, "v2", project.ask())
    assert kinds(project) == ["promote", "promote", "reject", "pin"]


def test_a_damaged_history_is_not_overwritten(project: ServedProject) -> None:
    file_of(project).write_text('{"kind": "decision"', encoding="utf-8")
    with refused("restore the committed history, then decide again", RequestError):
        pin(project.project, "v2", project.ask())
    assert file_of(project).read_text(encoding="utf-8") == '{"kind": "decision"'


@pytest.mark.long
def test_status_renews_it_after_a_kill(project: ServedProject) -> None:
    from click.testing import CliRunner

    from harness.cli.command import cli

    whole = file_of(project).read_text(encoding="utf-8").splitlines(keepends=True)
    file_of(project).write_text("".join(whole[:-1]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        assert CliRunner().invoke(cli, ["status"]).exit_code == 0
    assert kinds(project) == ["promote", "promote"]


@pytest.mark.long
def test_a_history_that_cannot_be_written_says_what_stands(project: ServedProject) -> None:
    file_of(project).unlink()
    file_of(project).mkdir()
    with project.opened() as store, pytest.raises((WorldFailed, RequestError)) as caught:
        write_history(project.project, store)
    assert "\n" not in str(caught.value)


# --- export ------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_file_of_ones_own_has_everything(project: ServedProject, tmp_path: Path) -> None:
    with project.opened() as store:
        written, _ = export_to(project.project, store, tmp_path / "all.jsonl", None)
        assert CASES[0]["ideal"] in written.read_text(encoding="utf-8")
        export_to(project.project, store, tmp_path / "bare.jsonl", False)
        assert CASES[0]["ideal"] not in (tmp_path / "bare.jsonl").read_text(encoding="utf-8")
        committed, _ = export_to(project.project, store, None, None)
        assert committed == file_of(project)
        assert CASES[0]["ideal"] not in committed.read_text(encoding="utf-8")
