"""Recorded answers come with their provenance, and count only as they were recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.engines.recorded import Recorded
from harness.errors import DataError
from harness.workspace.formats.reading import read_jsonl
from harness.workspace.project.recordings import (
    ORIGIN,
    RecordedAnswer,
    Recording,
    read_recording,
    write_recording,
)
from tests.fakes.refusals import refused

AT = "2026-01-02T03:04:05.000Z"
FOUND = Recording(
    "acme/ft", "d" * 64, "openers", "f" * 64, {"engine": "openai", "model": "m"}, "lora-harness 1",
    {
        "k0": RecordedAnswer("a", "Grüße, \u2028 Ana", AT, 0, 7, "length"),
        "k1": RecordedAnswer("a", "Hello", "2026-01-03T00:00:00.000Z", 1),
        "k2": RecordedAnswer("b", "", AT),
    },
    {"l0": ("a", 0), "l1": ("a", 1), "l2": ("b", 0)},
    {"l0": 0.25, "l2": 0.5},
)  # fmt: skip


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / f"acme/ft/openers{ORIGIN}"
    said = json.loads(file.read_text())
    change(said)
    file.write_text(json.dumps(said))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file, changed = write_recording(tmp_path, FOUND)
    assert changed and read_recording(tmp_path, "acme/ft", "openers") == FOUND
    assert write_recording(tmp_path, FOUND) == (file, False)
    assert FOUND.asked == (AT, "2026-01-03T00:00:00.000Z")


def test_the_engine_recorded_reads_the_same_lines(tmp_path: Path) -> None:
    file, _ = write_recording(tmp_path, FOUND)
    found = Recorded(list(read_jsonl(file, DataError)), file).found
    assert found["a", 0] == ("Grüße, \u2028 Ana", [0.25, None])
    assert found["a", 1] == ("Hello", None)


def test_lines_without_provenance_are_no_recording(tmp_path: Path) -> None:
    assert read_recording(tmp_path, "ft", "openers") is None
    file, _ = write_recording(tmp_path, FOUND)
    file.with_name(f"openers{ORIGIN}").unlink()
    assert read_recording(tmp_path, "acme/ft", "openers") is None


def test_lines_that_were_edited_are_refused(tmp_path: Path) -> None:
    file, _ = write_recording(tmp_path, FOUND)
    file.write_text(file.read_text().replace("Hello", "Hullo"))
    with refused("was changed since it was recorded, `lora-harness record acme/ft`", DataError):
        read_recording(tmp_path, "acme/ft", "openers")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda said: said.update(format=9), "no origin of recorded outputs"),
        (lambda said: said["answers"]["k0"].update(at="9999-01-01T00:00:00Z"), "a time to come"),
        (lambda said: said["answers"]["k0"].update(at="yesterday"), "`at` is no time"),
        (lambda said: said["answers"]["k0"].update(at="2026-01-01"), "`at` is no time"),
        (lambda said: said["answers"]["k0"].update(case="none"), "has no output in the lines"),
        (lambda said: said["answers"]["k0"].update(finish="nicely"), "finish"),
        (lambda said: said["answers"]["k0"].update(more=1), "more"),
        (lambda said: said.update(ideals={"l0": ["a", True]}), "no case and ideal"),
        (lambda said: said.update(answers=[]), "answers"),
    ],
)
def test_a_damaged_provenance_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], line: str
) -> None:
    write_recording(tmp_path, FOUND)
    edit(tmp_path, change)
    with refused(line, DataError):
        read_recording(tmp_path, "acme/ft", "openers")
