"""A store that is gone, locked or read-only gives one line and exit code 11; later all is well."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.command import cli
from harness.store import connect
from tests.fakes.postgresql import PostgreSQL
from tests.fakes.served import ServedProject

PROMOTE = ("promote", "v2", "--by", "Ana", "--why", "it is good")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    """Make the project once; tests copy it."""
    made = ServedProject(tmp_path_factory.mktemp("template") / "project")
    made.line("v1")
    assert made.judge("v2").outcome == "promote"
    return made


@pytest.fixture
def project(
    template: ServedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServedProject:
    """Copy a project in which `v1` is in production and `v2` was judged fit to follow."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = ServedProject.copy_of(template, tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made


def refused(*words: str) -> str:
    """Return the only line of a command whose store failed."""
    found = CliRunner().invoke(cli, words, prog_name="lora-harness")
    assert (found.exit_code, found.stdout) == (11, "")
    (line,) = found.stderr.splitlines()
    return line


def goes_on(project: ServedProject) -> None:
    """Run the same command once more."""
    found = CliRunner().invoke(cli, PROMOTE, prog_name="lora-harness")
    assert found.exit_code == 0, found.output
    assert project.kinds() == ["promote v1", "promote v2"]


def promoted_file(project: ServedProject) -> bytes:
    return (project.folder / "adapters/promoted.json").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("words", [("status",), PROMOTE, ("rollback", *PROMOTE[2:])])
def test_a_store_whose_file_was_removed_is_missed(
    project: ServedProject, words: tuple[str, ...]
) -> None:
    before = promoted_file(project)
    aside = shutil.move(project.folder / "reports", project.folder / "aside")
    line = refused(*words)
    assert "promoted.json names v1, the store does not know it" in line
    assert "or name the store" in line
    assert promoted_file(project) == before, "serving goes on with what was promoted"
    shutil.rmtree(project.folder / "reports")
    shutil.move(aside, project.folder / "reports")
    goes_on(project)


@pytest.mark.medium
def test_who_means_to_begin_anew_removes_the_pointer(project: ServedProject) -> None:
    shutil.rmtree(project.folder / "reports")
    refused("status")
    (project.folder / "adapters/promoted.json").unlink()
    found = CliRunner().invoke(cli, ["status"], prog_name="lora-harness")
    assert (found.exit_code, "nothing yet" in found.stdout) == (0, True)


@pytest.mark.long
def test_a_store_that_is_held_too_long_is_refused_and_comes_back(
    project: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "WAIT_SECONDS", 0.05)
    holder = sqlite3.connect(project.folder / "reports/harness.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    line = refused(*PROMOTE)
    assert "failed (database is locked); run the same command again" in line
    holder.execute("ROLLBACK")
    holder.close()
    goes_on(project)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Drop root, who may write everywhere; other users run the block unchanged."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def allow(project: ServedProject, writing: bool) -> None:
    for one in [project.folder, *project.folder.rglob("*")]:
        one.chmod((0o755 if one.is_dir() else 0o644) & (0o777 if writing else 0o555))


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no such users on this system")
def test_a_store_that_must_not_be_written_is_refused_and_comes_back(
    template: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own is closed to others
        Path(place).chmod(0o755)
        monkeypatch.setenv("LORA_HARNESS_CACHE", f"{place}/cache")
        project = ServedProject.copy_of(template, Path(place) / "project")
        monkeypatch.chdir(project.folder)
        tried = CliRunner().invoke(cli, [*PROMOTE, "--dry-run"], prog_name="lora-harness")
        assert tried.exit_code == 0
        allow(project, writing=False)
        with as_nobody():
            line = refused(*PROMOTE)
        assert "attempt to write a readonly database" in line
        allow(project, writing=True)
        goes_on(project)
        monkeypatch.chdir(template.folder)


@pytest.mark.slow
def test_a_server_that_stopped_is_one_line_and_all_goes_on_when_it_is_back(
    postgresql: str,
    postgresql_server: PostgreSQL,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    project = ServedProject(tmp_path / "project", postgresql)
    project.line("v1")
    project.judge("v2")
    monkeypatch.chdir(project.folder)
    before = promoted_file(project)
    postgresql_server.stop()
    try:
        for words in (("status",), PROMOTE, ("verify",), ("history", "list")):
            line = refused(*words)
            assert "the store postgresql+psycopg://" in line
            assert "run the same command again" in line
    finally:
        postgresql_server.start()
    assert promoted_file(project) == before
    goes_on(project)
