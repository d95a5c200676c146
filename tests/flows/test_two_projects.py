"""Two folders that name one store do not take each other's adapters."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.flows.decisions.promote import promote, standings
from harness.flows.decisions.promoted_file import promoted, write_promoted_file
from harness.flows.evaluation.session import evaluate
from harness.flows.project import PROMOTED_FILE
from harness.flows.store import open_store
from perf.forgeries import give_id
from tests.fakes.project import SETTINGS, TinyProject
from tests.fakes.refusals import refused


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[TinyProject]:
    """Two projects, each with an adapter, the same task and the same store."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = []
    for name, quality in (("a", "good"), ("b", "same")):
        project = TinyProject(tmp_path / name)
        store = f'store = "sqlite:///{tmp_path}/shared.db"\n'
        project.write("pyproject.toml", SETTINGS + f'project = "team-{name}"\n' + store)
        project.record("v1", quality=quality)  # type: ignore[arg-type]  # one of its qualities
        made.append(project)
    return made


def in_production(project: TinyProject) -> list[str | None]:
    """Return what `status` shows."""
    with closing(open_store(project.project)) as store:
        return [
            one.promoted.digest if one.promoted else None
            for one in standings(project.project, store)
        ]


@pytest.mark.long
def test_each_folder_promotes_its_own_adapter_of_the_same_name_and_task(
    two: list[TinyProject],
) -> None:
    first, second = two
    assert evaluate("v1", project=first.folder)["openers"].outcome == "promote"
    made = promote(first.project, "v1", task=None, by="Ana", why="the first")
    assert in_production(second) == [None]
    found = evaluate("v1", project=second.folder)["openers"]
    assert (found.outcome, found.promoted) == ("promote", None), "judged as a first adapter"
    other = promote(second.project, "v1", task=None, by="Ben", why="the first")
    assert in_production(first) == [made.digest] and in_production(second) == [other.digest]
    assert made.digest != other.digest


@pytest.mark.slow
def test_the_promoted_file_says_whose_it_is(two: list[TinyProject]) -> None:
    first, second = two
    with closing(open_store(first.project)) as store:
        file = write_promoted_file(first.project, store)
    assert json.loads(file.read_text())["project"] == "team-a"
    (second.folder / "adapters" / PROMOTED_FILE).write_bytes(file.read_bytes())
    wanted = "is of project 'team-a', pyproject.toml names team-b: correct the id, or name another"
    with refused(wanted, RequestError), closing(open_store(second.project)) as store:
        write_promoted_file(second.project, store)
    with refused(wanted, RequestError):
        promoted("openers", second.folder)


@pytest.mark.slow
def test_old_rows_are_adopted_once_and_that_is_said(
    two: list[TinyProject], caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = two
    give_id(first, "")
    first.promote("v1")
    give_id(first, "team-a")
    for said in (1, 0):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert in_production(first) != [None]
        lines = [line for line in caplog.messages if "those of project team-a from now on" in line]
        assert len(lines) == said


@pytest.mark.parametrize("identity", ["Team A", "../x", "a" * 41, "-a", "", "té"])
def test_an_id_is_short_and_plain(two: list[TinyProject], identity: str) -> None:
    file = two[0].folder / "pyproject.toml"
    file.write_text(file.read_text().replace("team-a", identity), encoding="utf-8")
    with refused("`project`", code=4):
        _ = two[0].project
