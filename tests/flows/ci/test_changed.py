"""Whoever changes an adapter, or the bar that it is held to, is noticed, and nobody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.flows.ci.changed import NO_BAR, NOTHING, on_trial
from harness.workspace.adapters.files import JUDGED, TOKENIZER
from harness.workspace.adapters.served import SERVED
from tests.workspace.project.test_git_tree import git

SETTINGS = '[tool.harness]\nbase = "acme/base"\nadapters = "loras"\nbenchmarks = "cases"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with folders of its own names; `v1` is promoted at `base`."""
    folder = tmp_path / "project"
    for name in ("v1", "v2", "acme/v3"):
        write(folder / "loras" / name / "adapter_config.json", "{}")
    write(folder / "loras/promoted.json", json.dumps({"tasks": {"t": {"adapter": "v1"}}}))
    write(folder / "pyproject.toml", SETTINGS)
    git(tmp_path, "init", "-q", str(folder))
    commit(folder)
    git(folder, "tag", "base")
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")


@pytest.mark.parametrize("name", [*JUDGED, *TOKENIZER, SERVED])
def test_every_file_that_a_verdict_rests_on_is_a_change_of_its_adapter(
    project: Path, name: str
) -> None:
    write(project / "loras/v2" / name, "changed")
    write(project / "loras/acme/v3" / name, "changed")
    commit(project)
    assert on_trial("base", start=project).adapters == ("acme/v3", "v2")


@pytest.mark.parametrize("name", ["README.md", "training.json", "optimizer.pt"])
def test_what_only_lies_beside_is_none(project: Path, name: str) -> None:
    write(project / "loras/v2" / name, "changed")
    commit(project)
    found = on_trial("base", start=project)
    assert (found.adapters, found.nothing) == ((), NOTHING)


def test_an_adapter_that_is_removed_as_a_whole_is_not_judged(project: Path) -> None:
    shutil.rmtree(project / "loras/v2")
    commit(project)
    assert on_trial("base", start=project).adapters == ()


@pytest.mark.medium
@pytest.mark.parametrize("target", ["v1", "acme/v3"])
def test_a_folder_that_becomes_a_link_or_gets_another_target_is(project: Path, target: str) -> None:
    shutil.rmtree(project / "loras/v2")
    (project / "loras/v2").symlink_to("acme")
    commit(project)
    assert on_trial("base", start=project).adapters == ("v2",)
    git(project, "tag", "linked")
    (project / "loras/v2").unlink()
    (project / "loras/v2").symlink_to(target)
    commit(project)
    assert on_trial("linked", start=project).adapters == ("v2",)


@pytest.mark.parametrize(
    "place", ["pyproject.toml", "cases/openers/cases.jsonl", "reports/history.jsonl"]
)
def test_a_change_of_the_bar_alone_has_the_promoted_adapters_judged(
    project: Path, place: str
) -> None:
    write(project / place, "changed")
    commit(project)
    found = on_trial("base", start=project)
    assert (found.adapters, found.bar) == (("v1",), (place,))


def test_weights_of_a_base_in_the_repository_and_keys_are_a_part_of_the_bar(project: Path) -> None:
    more = "base = 'own/base'\n[tool.harness.promotion]\nkeys = ['lead.pub']\n"
    write(project / "pyproject.toml", SETTINGS.replace('base = "acme/base"\n', "") + more)
    write(project / "own/base/config.json", "{}")
    commit(project)
    git(project, "tag", "own")
    write(project / "own/base/config.json", "{ }")
    write(project / "lead.pub", "another")
    commit(project)
    found = on_trial("own", start=project)
    assert found.adapters == ("v1",)
    assert sorted(found.bar) == ["lead.pub", "own/base/config.json"]


def test_settings_that_are_moved_or_removed_hide_nothing(project: Path) -> None:
    write(project / "loras/v2/adapter_model.safetensors", "changed")
    git(project, "mv", "pyproject.toml", "other.toml")
    commit(project)
    assert on_trial("base", start=project).adapters == ("v1", "v2")


def test_other_folders_in_the_settings_of_the_change_hide_nothing(project: Path) -> None:
    write(project / "pyproject.toml", SETTINGS.replace("loras", "elsewhere"))
    write(project / "loras/v2/adapter_model.safetensors", "changed")
    commit(project)
    assert on_trial("base", start=project).adapters == ("v1", "v2")


def test_both_the_former_and_the_new_promoted_adapter_are_judged(project: Path) -> None:
    write(project / "loras/promoted.json", json.dumps({"tasks": {"t": {"adapter": "acme/v3"}}}))
    commit(project)
    assert on_trial("base", start=project).adapters == ("acme/v3", "v1")


@pytest.mark.parametrize("text", ["[]", "{", '{"tasks": 3}', '{"tasks": {"t": {"adapter": 3}}}'])
def test_a_damaged_promoted_file_leaves_the_one_of_the_base(project: Path, text: str) -> None:
    write(project / "loras/promoted.json", text)
    commit(project)
    assert on_trial("base", start=project).adapters == ("v1",)


@pytest.mark.medium
def test_outputs_recorded_elsewhere_are_what_is_judged_where_the_engine_reads_them(
    project: Path,
) -> None:
    write(project / "pyproject.toml", f'{SETTINGS}engine = "recorded:answers"\n')
    commit(project)
    git(project, "tag", "recorded")
    write(project / "answers/acme/api/openers.jsonl", "{}")
    commit(project)
    assert on_trial("recorded", start=project).adapters == ("acme/api",)


def test_a_project_below_the_top_sees_its_own_files_only(tmp_path: Path) -> None:
    top = tmp_path / "mono"
    for team in ("one", "two"):
        write(top / team / "pyproject.toml", SETTINGS)
    git(tmp_path, "init", "-q", str(top))
    commit(top)
    git(top, "tag", "base")
    for team in ("one", "two"):
        write(top / team / f"loras/{team}_v1/adapter_config.json", "{}")
    commit(top)
    assert on_trial("base", start=top / "two").adapters == ("two_v1",)


def test_a_base_without_a_project_has_no_bar_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "README.md", "x")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    git(tmp_path, "tag", "base")
    write(tmp_path / "pyproject.toml", SETTINGS)
    write(tmp_path / "loras/v1/adapter_config.json", "{}")
    commit(tmp_path)
    assert on_trial("base", start=tmp_path).nothing == NO_BAR


def test_names_that_are_asked_for_are_taken_once_and_checked(tmp_path: Path) -> None:
    assert on_trial("", ("v2", "base+prompt", "v2")).adapters == ("base+prompt", "v2")
    with pytest.raises(RequestError, match="is not an adapter name"):
        on_trial("", ("$(touch x)",))


@pytest.mark.parametrize("ref", ["gone", "1" * 40, "-x", "a\nb"])
def test_a_base_that_is_not_there_says_what_to_do(project: Path, ref: str) -> None:
    with pytest.raises(RequestError, match="check out with fetch-depth: 0"):
        on_trial(ref, start=project)
