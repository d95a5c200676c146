"""The reserve and its confirmations are only added to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import BenchmarkError
from harness.workspace.project.reserve import (
    CONFIRMED,
    Confirmation,
    add_confirmations,
    add_lines,
    read_confirmations,
)

YES = Confirmation("sent-1", True, "Ana", "2026-11-30T10:00:00.000Z")
NO = Confirmation("sent-2", False, "Ana", "2026-11-30T10:00:00.000Z")


def test_lines_are_added_behind_those_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "cases.reserve.jsonl"
    file.write_text('{"id": "a"}')  # without a line feed at its end
    add_lines(file, [{"id": "b"}, {"id": "c\u2028ü"}])
    assert [json.loads(line)["id"] for line in file.read_text("utf-8").split("\n")[:-1]] == [
        "a", "b", "c\u2028ü",
    ]  # fmt: skip


def test_what_people_said_comes_back_and_is_kept_once(tmp_path: Path) -> None:
    assert read_confirmations(tmp_path) == []
    add_confirmations(tmp_path, [YES])
    add_confirmations(tmp_path, [YES, NO])
    assert read_confirmations(tmp_path) == [YES, NO]


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    outside = tmp_path / "outside.jsonl"
    outside.write_text("")
    (tmp_path / "folder/cases.reserve.jsonl").symlink_to(outside)
    with pytest.raises(BenchmarkError, match="leads out of"):
        add_lines(tmp_path / "folder/cases.reserve.jsonl", [{"id": "a"}])
    assert outside.read_text() == ""


@pytest.mark.parametrize("line", ['{"id": 1}', "{}", "[]", '{"id": "a", "confirmed": "yes"}'])
def test_a_file_that_was_damaged_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / CONFIRMED).write_text(line + "\n")
    with pytest.raises(BenchmarkError, match=rf"{CONFIRMED}:1"):
        read_confirmations(tmp_path)
