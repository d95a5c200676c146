"""The log of a training set's versions: chained, complete by itself, refused when changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.records import DataVersion
from harness.workspace.project.data_versions import (
    LoggedVersion,
    append,
    content_at,
    is_log,
    log_of,
    read_log,
    version_of,
    version_with,
)
from harness.workspace.project.training_data import training_files

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def entry(digest: str) -> tuple[str, dict[str, str]]:
    return digest, {"input": digest[0], "output": digest[0]}


def version(number: int, came: tuple[str, ...], went: tuple[str, ...] = ()) -> LoggedVersion:
    about = DataVersion(
        "voice", number, f"print{number}", 2, len(came), len(went), 0, "Ana", "x", ""
    )
    return LoggedVersion(about, tuple(map(entry, came)), went)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two versions: two examples, then one of them replaced by another."""
    log = tmp_path / "voice.versions.jsonl"
    append(log, [], version(1, (A, B)))
    append(log, read_log(log), version(2, (C,), (A,)))
    return log


def test_every_version_is_made_again_from_the_log_alone(log: Path) -> None:
    assert [digest for digest, _ in content_at(log, 1)[1]] == [A, B]
    said, content = content_at(log, 2)
    assert content == [entry(B), entry(C)]
    assert (said.name, said.by) == ("voice@2", "Ana")


def test_each_version_carries_the_hash_of_the_one_before(log: Path) -> None:
    first, second = (one.version for one in read_log(log))
    assert (first.prev, second.prev) == ("", first.hash)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: lines[1:], "voice.versions.jsonl:1: is not version 1"),
        (lambda lines: lines[::-1], "voice.versions.jsonl:1: is not version 1"),
        (lambda lines: [lines[0], lines[0]], "voice.versions.jsonl:2: is not version 2"),
        (
            lambda lines: [lines[0].replace('"why": "x"', '"why": "y"'), lines[1]],
            "voice.versions.jsonl:1: voice@1 was changed by hand",
        ),
        (
            lambda lines: [lines[0].replace('"output": "b"', '"output": "z"'), lines[1]],
            "voice.versions.jsonl:1: voice@1 was changed by hand",
        ),
        (
            lambda lines: [lines[0].replace('"examples": 2', '"examples": "2"')],
            "is no version of a training set",
        ),
        (lambda lines: [lines[0].replace("aaaa", "../a")], "is no version of a training set"),
    ],
    ids=["first gone", "exchanged", "twice", "reason", "example", "type", "digest"],
)
def test_a_log_that_was_changed_is_refused(log: Path, change, says: str) -> None:
    lines = log.read_text().splitlines()
    log.write_text("".join(f"{line}\n" for line in change(lines)))
    with pytest.raises(DataError, match=says) as refusal:
        read_log(log)
    assert "\n" not in str(refusal.value)


def test_a_log_under_another_name_is_not_that_sets(log: Path) -> None:
    other = log.with_name("other.versions.jsonl")
    log.rename(other)
    with pytest.raises(DataError, match="is not version 1 of other"):
        read_log(other)


@pytest.mark.parametrize("number", [0, 3])
def test_a_version_that_is_not_there_is_named(log: Path, number: int) -> None:
    with pytest.raises(DataError, match=f"voice@{number}: no such version, voice has 2"):
        content_at(log, number)


def test_a_version_that_removes_what_was_not_there_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "voice.versions.jsonl"
    append(log, [], version(1, (A,), (B,)))
    with pytest.raises(DataError, match="voice@1 removes what was not there"):
        content_at(log, 1)


def test_a_fingerprint_finds_its_version_and_a_damaged_log_none(log: Path) -> None:
    assert version_with(log.parent, "print1") == log.with_name("voice@1")
    assert version_with(log.parent, "print9") is None
    log.write_text(json.dumps({"format": 1}) + "\n")
    assert version_with(log.parent, "print1") is None


def test_the_log_is_no_training_set_and_a_file_with_an_at_sign_is_no_version(log: Path) -> None:
    folder = log.parent
    real = folder / "ana@2"
    real.touch()
    (folder / "voice.jsonl").touch()
    assert is_log(log)
    assert training_files(folder) == [folder / "voice.jsonl"]
    assert version_of(real) is None
    assert version_of(folder / "voice@2") == ("voice", 2)
    assert version_of(folder / "voice@02") is None
    assert log_of(folder / "voice@2") == log_of(folder / "voice.jsonl") == log
