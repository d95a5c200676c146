"""What serving code is given: the promoted bytes, or the name of the file that is not them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import AdapterRefused, RequestError, WorldFailed
from harness.flows.decisions import promoted_file as flow
from harness.flows.decisions.decide import rollback
from harness.flows.decisions.promoted_file import write_promoted_file
from harness.flows.decisions.verify import verify
from harness.flows.promoted_entries import read_promoted_file
from tests.fakes.refusals import refused
from tests.fakes.served import WEIGHTS, ServedProject

CONFIG = "adapter_config.json"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    """Made once and left alone."""
    made = ServedProject(tmp_path_factory.mktemp("template") / "project")
    made.line("v1")
    return made


@pytest.fixture
def project(template: ServedProject, tmp_path: Path) -> ServedProject:
    """`v1` is in production."""
    return ServedProject.copy_of(template, tmp_path / "project")


def file_of(project: ServedProject) -> Path:
    return project.folder / "adapters/promoted.json"


def served(project: ServedProject, task: str = "openers") -> Path:
    return harness.promoted(task, project.folder)


def renew(project: ServedProject) -> None:
    """What `lora-harness status` does."""
    with project.opened() as store:
        write_promoted_file(project.project, store)


# --- what it says -----------------------------------------------------------------------------


@pytest.mark.long
def test_it_names_adapter_digest_files_and_decision(project: ServedProject) -> None:
    with project.opened() as store:
        held = store.decisions.promoted("openers")
    assert held is not None
    table = json.loads(file_of(project).read_text())
    assert table["format"] == 1
    entry = table["tasks"]["openers"]
    told = (entry["adapter"], entry["digest"], entry["since"], entry["decision"])
    assert told == ("v1", held.digest, held.at, held.hash)
    assert set(entry["files"]) == {CONFIG, WEIGHTS}
    assert entry["override"] is False


@pytest.mark.slow
def test_it_follows_every_decision(project: ServedProject) -> None:
    project.line("v2")
    assert served(project) == project.folder / "adapters/v2"
    rollback(project.project, None, project.ask())
    assert served(project) == project.folder / "adapters/v1"


@pytest.mark.long
def test_a_client_s_adapter_and_a_second_task(project: ServedProject) -> None:
    project.second_task()
    project.judge("acme/r1", task="replies")
    project.put("acme/r1", task="replies")
    assert served(project, "replies") == project.folder / "adapters/acme/r1"
    assert served(project) == project.folder / "adapters/v1"


@pytest.mark.long
def test_an_override_shows_in_it(project: ServedProject) -> None:
    project.judge("v2", "bad")
    project.put("v2", override=True)
    assert read_promoted_file(project.project)["openers"]["override"] is True


# --- bytes that are not the promoted ones -----------------------------------------------------


@pytest.mark.parametrize("rebuilt", [False, True], ids=["at once", "after status"])
@pytest.mark.parametrize("file", [WEIGHTS, CONFIG])
def test_one_changed_byte_is_refused_by_the_name_of_its_file(
    project: ServedProject, file: str, rebuilt: bool
) -> None:
    path = project.flip("v1", file)
    if rebuilt:
        renew(project)
    with refused(rf"^{path}: is not what was promoted, restore the file", AdapterRefused):
        served(project)
    project.flip("v1", file)
    assert served(project) == path.parent


def test_what_1_0_0_promoted_is_served_with_the_tokenizer_that_lay_there(
    project: ServedProject,
) -> None:
    """Its digests were of config and weights only."""
    (project.folder / "adapters/v1/tokenizer.json").write_text("{}")
    renew(project)
    assert served(project).name == "v1"
    checks = {check.name: check for check in verify(project.project)}
    assert all(check.ok for check in checks.values())
    assert "was not part of what was judged" in checks["v1 tokenizer"].message
    project.flip("v1", WEIGHTS)
    with refused("is not what was promoted", AdapterRefused):
        served(project)


def test_with_the_pointer_gone_too_both_files_are_named(project: ServedProject) -> None:
    """Which of the two it was stood in the pointer only; the ledger knows their digest together."""
    project.flip("v1")
    file_of(project).unlink()
    renew(project)
    with refused(f"{CONFIG} or .*{WEIGHTS}: is not what was promoted", AdapterRefused):
        served(project)
    project.flip("v1")
    renew(project)
    project.flip("v1")
    with refused(rf"v1/{WEIGHTS}: is not what was promoted", AdapterRefused):
        served(project)


def test_digests_of_files_that_somebody_wrote_into_it_are_not_believed(
    project: ServedProject,
) -> None:
    edit(project, lambda entry: entry["files"].update({WEIGHTS: "0" * 64}))
    project.flip("v1", CONFIG)
    with refused(f"{CONFIG} or .*{WEIGHTS}: is not", AdapterRefused):
        served(project)


@pytest.mark.parametrize("file", [WEIGHTS, CONFIG])
def test_a_file_that_is_missing_is_refused_by_name(project: ServedProject, file: str) -> None:
    (project.folder / "adapters/v1" / file).unlink()
    with refused(f"{file}: is not what was promoted", AdapterRefused):
        served(project)


def test_a_folder_that_is_missing_is_refused(project: ServedProject) -> None:
    (project.folder / "adapters/v1").rename(project.folder / "adapters/gone")
    with refused("v1: no such adapter", AdapterRefused):
        served(project)


def test_the_readme_may_change(project: ServedProject) -> None:
    project.write("adapters/v1/README.md", "mine")
    assert served(project) == project.folder / "adapters/v1"


# --- a pointer that is missing or damaged -----------------------------------------------------


def edit(project: ServedProject, change: Any) -> None:
    table = json.loads(file_of(project).read_text())
    change(table["tasks"]["openers"])
    file_of(project).write_text(json.dumps(table))


def test_without_it_serving_says_how_it_is_made(project: ServedProject) -> None:
    file_of(project).unlink()
    with refused("promoted.json: is not there, `lora-harness status` makes it", RequestError):
        served(project)
    renew(project)
    assert served(project).name == "v1"


DAMAGED = {
    "nothing": b"",
    "half of it": b'{"format": 1, "tasks": {"openers": {"adap',
    "no UTF-8": b"\xff\xfe\x00",
    "other bytes": b"\x80abc",
    "a list": b"[]",
    "no tasks": b"{}",
    "tasks as a list": b'{"tasks": []}',
    "an entry that is a text": b'{"tasks": {"openers": "v1"}}',
    "an entry without a digest": b'{"tasks": {"openers": {"adapter": "v1", "files": {}}}}',
    "files that are none": b'{"tasks": {"openers": {"adapter": "v1", "digest": "d", "files": 3}}}',
    "an adapter that is a number": b'{"tasks": {"openers": {"adapter": 1, "digest": "d",'
    b' "decision": "h", "files": {}}}}',
}


@pytest.mark.parametrize("raw", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_one_is_refused_and_made_anew(project: ServedProject, raw: bytes) -> None:
    before = file_of(project).read_bytes()
    file_of(project).write_bytes(raw)
    with refused("promoted.json", RequestError):
        served(project)
    renew(project)
    assert file_of(project).read_bytes() == before


@pytest.mark.slow
def test_a_task_without_a_promotion_is_named_with_what_is_near(project: ServedProject) -> None:
    with refused("opener: nothing is promoted for this task.*openers", RequestError):
        served(project, "opener")


def test_a_name_in_it_leads_nowhere_else(project: ServedProject) -> None:
    edit(project, lambda entry: entry.update(adapter="../../elsewhere"))
    with refused("is not an adapter name", AdapterRefused):
        served(project)


def test_a_pointer_to_another_adapter_is_refused_by_its_bytes(project: ServedProject) -> None:
    project.adapter("v2", seed=9).write()
    edit(project, lambda entry: entry.update(adapter="v2"))
    with refused("v2/.*: is not what was promoted", AdapterRefused):
        served(project)


# --- how it is written ------------------------------------------------------------------------


def test_renewing_what_is_right_writes_nothing(project: ServedProject) -> None:
    before = file_of(project).stat()
    renew(project)
    after = file_of(project).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_everybody_may_read_it(project: ServedProject) -> None:
    assert file_of(project).stat().st_mode & 0o777 == 0o644


@pytest.mark.long
def test_a_disk_that_fails_leaves_the_old_one_and_says_what_to_do(
    project: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file_of(project).read_bytes()
    project.judge("v2")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with refused("the decision stands; `lora-harness status` writes it", WorldFailed, 11):
            project.put("v2")
    assert file_of(project).read_bytes() == before
    assert list(file_of(project).parent.glob(".promoted*")) == []
    renew(project)
    assert served(project).name == "v2"


@pytest.mark.long
def test_of_two_that_write_at_once_the_ledger_s_last_word_stays(
    project: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one has read the ledger, and writes only after the second one has decided."""
    project.second_task()
    project.judge("v2")
    project.judge("r1", task="replies")
    write, later = flow.write_atomically, []

    def slow(path: Path, text: str) -> None:
        if not later:
            later.append(True)
            project.put("r1", task="replies")
        write(path, text)

    monkeypatch.setattr(flow, "write_atomically", slow)
    project.put("v2")
    assert (served(project).name, served(project, "replies").name) == ("v2", "r1")
