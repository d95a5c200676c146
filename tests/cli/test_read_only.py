"""A project on a read-only mount: what only reads works as ever, what must write says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject
from tests.fakes.read_only import read_only

READING = (
    (),
    ("status",),
    ("log",),
    ("verify",),
    ("monitor",),
    ("report", "same", "--output", "-", "--format", "md"),
    ("history", "list"),
    ("history", "recompute", "{run}"),
    ("history", "export", "{elsewhere}"),
    ("reviews", "rates"),
    ("compare", "same", "good"),
    ("benchmark", "check", "openers"),
)
WRITING = (
    ("evaluate", "bad"),
    ("promote", "same", "--by", "Ana", "--why", "better", "--override"),
    ("reject", "same", "--by", "Ana", "--why", "worse"),
    ("history", "prune", "--keep", "1"),
)


@pytest.fixture
def judged(project: TinyProject, typed: Type) -> TinyProject:
    """`same` was judged before the folder became read-only."""
    assert typed("evaluate", "same").code == 0
    assert typed("status").code == 0
    return project


def newest_run(project: TinyProject) -> str:
    store = project.store()
    try:
        return next(run for run, adapter, _ in store.runs.heads()[::-1] if adapter == "same")
    finally:
        store.close()


@pytest.mark.long
@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_what_only_reads_says_what_it_says_elsewhere(
    words: tuple[str, ...], judged: TinyProject, typed: Type, tmp_path: Path
) -> None:
    names = {"run": newest_run(judged), "elsewhere": tmp_path / "moved.jsonl"}
    asked = [word.format(**names) for word in words]
    before = typed(*asked)
    assert before.out
    with read_only(judged.folder):
        assert typed(*asked) == before


@pytest.mark.long
@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_what_must_write_says_why_not(
    words: tuple[str, ...], judged: TinyProject, typed: Type
) -> None:
    with read_only(judged.folder):
        found = typed(*words)
    assert found.code == 11
    assert "harness.db can only be read here" in found.line


@pytest.mark.slow
def test_the_promoted_file_may_be_missing_there(project: TinyProject, typed: Type) -> None:
    (project.folder / "adapters/promoted.json").unlink(missing_ok=True)
    with read_only(project.folder):
        assert [row["promoted"] for row in typed("status", "--json").json["tasks"]] == ["good"]
