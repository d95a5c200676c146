"""Where an adapter came from stands beside it, and belongs to no digest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import AdapterRefused
from harness.workspace.adapters.origin import (
    ORIGIN,
    AdapterOrigin,
    origin_of,
    read_origin,
    write_origin,
)
from tests.fakes.adapters import TinyAdapter, TinyBase
from tests.fakes.refusals import refused

FOUND = AdapterOrigin(
    "hf:a/b@main", "hf:a/b@" + "c" * 40, "c" * 40, "https://huggingface.co", "2026-11-20T09:00:00Z",
    "d" * 64, "lora-harness 1.0.0",
)  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for origin in (FOUND, replace(FOUND, revision=None, where="")):
        write_origin(tmp_path, origin)
        assert read_origin(tmp_path) == origin
    assert FOUND.public and not replace(FOUND, revision=None).public


def test_it_changes_no_digest(tmp_path: Path, base: TinyBase) -> None:
    adapter = TinyAdapter(tmp_path / "adapters", "v1", base).write()
    before = adapter.files().digest
    write_origin(adapter.folder, FOUND)
    assert adapter.files().digest == before
    assert all(check.ok for check in adapter.inspected())


def test_an_origin_of_other_bytes_is_none(tmp_path: Path) -> None:
    assert origin_of(tmp_path, FOUND.digest) is None
    write_origin(tmp_path, FOUND)
    assert origin_of(tmp_path, FOUND.digest) == FOUND
    assert origin_of(tmp_path, "e" * 64) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", r"origin\.json:1: is not JSON"),
        ("[]", "is no record of an origin"),
        ('{"format": 2}', "is no record of an origin"),
        (json.dumps({"format": 1, "ref": 3}), "`ref` must be a text"),
        (json.dumps({"format": 1, "ref": "x" * 2000}), "`ref` must be a text of at most 1000"),
        ("x" * 70_000, "at most 65,536 are read"),
    ],
)
def test_a_damaged_record_is_one_line_and_no_origin(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / ORIGIN).write_text(text)
    with refused(line, AdapterRefused):
        read_origin(tmp_path)
    assert origin_of(tmp_path, "d" * 64) is None
