"""Versions of a training set: made from its file, taken by number, known to adapters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError, RequestError
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.monitoring.retraining_plan import old_data
from harness.flows.training.check_data import fingerprint_data
from harness.flows.training.compare_data import diff_data
from harness.flows.training.data_versions import (
    find_set,
    lines_at,
    make_version,
    version_of_data,
    versions,
)
from tests.fakes.project import CASES, TinyProject

FIRST = [
    {"input": "one", "output": "Hi one.", "slices": {"kind": "opener"}},
    {"input": "two", "output": "Hi two."},
    {"input": "two", "output": "Hi two."},
    {"messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "three"},
        {"role": "assistant", "content": "Hi three."},
    ]},
]  # fmt: skip
SECOND = [
    FIRST[0],
    {"input": "two", "output": "Hello two."},
    FIRST[3],
    {"input": "4", "output": "4"},
]
NAME = Path("voice")


@pytest.fixture
def versioned(project: TinyProject) -> TinyProject:
    """A project whose set `voice` has two versions."""
    for lines, why in ((FIRST, "the first"), (SECOND, "a new voice")):
        project.write_lines("adapters/datasets/voice.jsonl", lines)
        make_version(project.project, NAME, by="Ana", why=why)
    return project


def test_a_version_counts_what_came_went_and_was_answered_anew(versioned: TinyProject) -> None:
    first, second = versions(versioned.project, NAME)
    assert (first.added, first.removed, first.changed, first.examples) == (4, 0, 0, 4)
    assert (second.added, second.removed, second.changed, second.examples) == (1, 1, 1, 4)
    assert (second.name, second.by, second.why) == ("voice@2", "Ana", "a new voice")


def test_a_version_has_the_fingerprint_and_the_slices_of_the_file_it_was(
    versioned: TinyProject, tmp_path: Path
) -> None:
    then = tmp_path / "then.jsonl"
    lines = list(lines_at(versioned.project, Path("voice@1")))
    then.write_text("".join(f"{line}\n" for line in lines))
    assert fingerprint_data(then).fingerprint == versions(versioned.project, NAME)[0].fingerprint
    assert json.loads(lines[0])["slices"] == {"kind": "opener"}


def test_versions_are_compared_like_files(versioned: TinyProject) -> None:
    sides = (find_set(versioned.project, Path(f"voice@{n}")) for n in (1, 2))
    found = diff_data(*sides)
    assert [one.input for one in found.added] == ["4"]
    assert [one.before for one in found.changed] == [("Hi two.", "Hi two.")]


def test_the_same_examples_in_another_order_are_no_new_version(versioned: TinyProject) -> None:
    versioned.write_lines("adapters/datasets/voice.jsonl", SECOND[::-1])
    with pytest.raises(RequestError, match="nothing changed since voice@2"):
        make_version(versioned.project, NAME, by="Ana", why="again")


def test_a_dry_run_records_nothing(versioned: TinyProject) -> None:
    versioned.write_lines("adapters/datasets/voice.jsonl", FIRST)
    found = make_version(versioned.project, NAME, by="Ana", why="back", dry_run=True)
    assert (found.version, found.hash) == (3, "")
    assert len(versions(versioned.project)) == 2


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("Ana", " "), ("Ana", "two\nlines")])
def test_a_version_needs_a_name_and_a_reason(project: TinyProject, by: str, why: str) -> None:
    project.write_lines("adapters/datasets/voice.jsonl", FIRST)
    with pytest.raises(RequestError, match="must say something, in one line"):
        make_version(project.project, NAME, by=by, why=why)


def test_a_version_of_a_version_is_refused(versioned: TinyProject) -> None:
    with pytest.raises(RequestError, match="is a version already"):
        make_version(versioned.project, Path("voice@1"), by="Ana", why="x")


@pytest.mark.parametrize("called", ["voice@7", "none@1"])
def test_a_version_that_is_not_there_is_named(versioned: TinyProject, called: str) -> None:
    with pytest.raises(DataError, match=f"{called}: no such version"):
        list(lines_at(versioned.project, Path(called)))


def test_a_set_that_is_not_there_is_named_with_the_nearest(versioned: TinyProject) -> None:
    with pytest.raises(DataError, match=r"voise: no such training set.*voice"):
        versions(versioned.project, Path("voise"))


def test_an_example_changed_in_the_log_is_refused_though_the_hashes_were_made_again(
    versioned: TinyProject,
) -> None:
    from harness.workspace.project import data_versions as kept

    log = versioned.folder / "adapters/datasets/voice.versions.jsonl"
    text = log.read_text().replace("Hi one.", "Bye one.")
    lines = [json.loads(line) for line in text.splitlines()]
    log.unlink()
    for line in lines:
        line["hash"] = ""
        kept.append(log, kept.read_log(log), kept._logged(line, "x"))
    with pytest.raises(DataError, match="does not have the fingerprint"):
        list(lines_at(versioned.project, Path("voice@1")))


def test_what_was_trained_on_an_older_version_is_still_known(project: TinyProject) -> None:
    seen = [*FIRST, {"input": CASES[0]["input"], "output": "Fine."}]
    project.write_lines("adapters/datasets/voice.jsonl", seen)
    made = make_version(project.project, NAME, by="Ana", why="with a case, by mistake")
    project.write_lines("adapters/datasets/voice.jsonl", FIRST)
    folder = project.adapter("old").write().folder
    training = {"dataset": {"name": "voice.jsonl", "fingerprint": made.fingerprint}}
    (folder / "training.json").write_text(json.dumps(training))
    benchmark = project.project.benchmarks["openers"]
    found = find_contamination(project.folder / "adapters", "old", benchmark)
    assert found.unknown == ()
    assert "voice@1, which old was trained on" in found.cases["logistics-1"]
    assert len(old_data(project.project, "old").examples) == len(seen)


def test_the_version_of_a_file_is_known_by_its_content(versioned: TinyProject) -> None:
    file = find_set(versioned.project, NAME)
    assert version_of_data(file, fingerprint_data(file).fingerprint) == "voice@2"
    assert version_of_data(file, "0" * 64) is None
