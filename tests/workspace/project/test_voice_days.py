"""The days of a voice: chained, read back as written, refused when changed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError
from harness.records import VoiceDay
from harness.workspace.project.voice_days import (
    VOICE,
    add_voice_day,
    read_voice_days,
    voice_since,
)


def day(kind: Any, on: str) -> VoiceDay:
    return VoiceDay(kind, "openers", 0, on, "Ana", "founders", f"{on}T09:00:00Z", "openers", "f")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repositioning, the benchmark that followed it, and another repositioning."""
    for kind, on in (
        ("reposition", "2026-03-02"), ("benchmark", "2026-03-09"), ("reposition", "2026-06-01"),
    ):  # fmt: skip
        add_voice_day(tmp_path, read_voice_days(tmp_path), day(kind, on))
    return tmp_path


def test_days_are_numbered_and_chained(folder: Path) -> None:
    first, second, third = read_voice_days(folder)
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert (first.prev, second.prev, third.prev) == ("", first.hash, second.hash)


def test_the_voice_holds_since_the_last_repositioning(folder: Path, tmp_path: Path) -> None:
    assert voice_since(folder) == "2026-06-01"
    assert voice_since(tmp_path / "elsewhere") is None


def test_a_new_benchmark_is_no_new_voice(tmp_path: Path) -> None:
    add_voice_day(tmp_path, [], day("benchmark", "2026-03-09"))
    assert voice_since(tmp_path) is None


def test_lines_that_went_or_moved_are_noticed(folder: Path) -> None:
    lines = (folder / VOICE).read_text().splitlines(keepends=True)
    for left in (lines[1:], [lines[0], lines[2]], [lines[1], lines[0], lines[2]]):
        (folder / VOICE).write_text("".join(left))
        with pytest.raises(BenchmarkError, match="lines were removed or moved by hand"):
            read_voice_days(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"day": "2026-05-01"}, "was changed by hand, restore the file"),
        ({"retired": 7}, "was changed by hand"),
        ({"more": 1}, "is no day as `lora-harness reposition` or `note` writes it"),
        ({"day": "June"}, "is no day as"),
        ({"kind": "party"}, "is no day as"),
        ({"added": "7"}, "is no day as"),
        ({"format": 2}, "is no day as"),
    ],
)
def test_a_line_that_was_changed_is_refused(
    folder: Path, change: dict[str, Any], says: str
) -> None:
    first, *others = map(json.loads, (folder / VOICE).read_text().splitlines())
    lines = [json.dumps(one) for one in (first | change, *others)]
    (folder / VOICE).write_text("\n".join(lines) + "\n")
    with pytest.raises(BenchmarkError) as refused:
        read_voice_days(folder)
    assert str(refused.value).startswith(f"{folder / VOICE}:1: {says}")
