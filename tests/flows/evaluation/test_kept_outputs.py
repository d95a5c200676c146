"""Outputs outlive the new store of each run with another commit's bar, and only where they fit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from harness.flows.evaluation.kept_outputs import keep_outputs, kept_file, seed_outputs
from harness.flows.project import Bar, Project
from harness.records import Output
from harness.store import Store
from tests.fakes.project import TinyProject


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    return at_commit(TinyProject(tmp_path / "project").project, tmp_path / "one.db")


def at_commit(project: Project, store: Path) -> Project:
    """The project with a new store for the bar of a commit."""
    settings = replace(project.settings, store=f"sqlite:///{store}")
    return replace(project, settings=settings, bar=Bar("c0", store, store_of_commit=True))


def opened(project: Project) -> closing[Store]:
    return closing(Store(project.settings.store, project.settings.root))


def write(project: Project, **texts: str) -> None:
    with opened(project) as store:
        store.outputs.keep_texts({k: Output("a", t) for k, t in texts.items()}, "2026-01-01")
        store.outputs.keep_likelihoods(dict.fromkeys(texts, 0.5))
        store.outputs.keep_proof("proof", 0.1, "2026-01-01")


def read(project: Project, *keys: str) -> dict[str, str]:
    with opened(project) as store:
        found = store.outputs.texts(dict.fromkeys(keys, ("a", 0)))
    return {key: output.text for key, output in found.items()}


def test_the_next_run_has_the_outputs_of_the_last(judged: Project, tmp_path: Path) -> None:
    write(judged, one="1", two="2")
    keep_outputs(judged)
    following = at_commit(judged, tmp_path / "two.db")
    seed_outputs(following)
    assert read(following, "one", "two") == {"one": "1", "two": "2"}
    with opened(following) as store:
        assert store.outputs.likelihoods(["one"]) == {"one": 0.5}
        assert store.outputs.proof("proof") is None, "that an adapter is applied is proven anew"
        assert store.is_empty, "so that the history of the commit is imported"


def test_a_kept_row_that_does_not_fit_its_seal_is_left_behind(
    judged: Project, tmp_path: Path
) -> None:
    write(judged, one="1", two="2")
    keep_outputs(judged)
    with closing(sqlite3.connect(kept_file())) as database, database:
        database.execute("update outputs set text = 'the ideal' where key = 'one'")
    following = at_commit(judged, tmp_path / "two.db")
    seed_outputs(following)
    assert read(following, "one", "two") == {"two": "2"}


def test_a_damaged_file_makes_the_run_slower_and_nothing_else(
    judged: Project, tmp_path: Path
) -> None:
    kept_file().parent.mkdir(parents=True)
    kept_file().write_text("no database")
    seed_outputs(judged)
    write(judged, one="1")
    keep_outputs(judged)
    assert read(judged, "one") == {"one": "1"}


def test_a_store_of_the_teams_own_is_left_alone(judged: Project) -> None:
    write(judged, one="1")
    assert judged.bar is not None
    keep_outputs(replace(judged, bar=replace(judged.bar, store_of_commit=False)))
    keep_outputs(replace(judged, bar=None))
    assert not kept_file().exists()


def test_what_has_grown_too_large_begins_anew(
    judged: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(judged, one="1")
    keep_outputs(judged)
    monkeypatch.setattr("harness.flows.evaluation.kept_outputs.MAX_BYTES", 1)
    following = at_commit(judged, tmp_path / "two.db")
    write(following, two="2")
    keep_outputs(following)
    last = at_commit(judged, tmp_path / "three.db")
    seed_outputs(last)
    assert read(last, "one", "two") == {"two": "2"}
