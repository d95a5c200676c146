"""An export is found by its folder or file, named after it, and refused if it is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import AdapterRefused, WeightsError
from harness.records import exported_adapter
from harness.workspace.base.exported import find_export, read_note, write_note
from tests.fakes.adapters import TinyAdapter, TinyBase
from tests.fakes.refusals import refused


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    made = TinyAdapter(tmp_path / "adapters", "v1", base)
    made.write()
    return made


def test_it_is_named_after_adapter_and_folder(adapter: TinyAdapter, base: TinyBase) -> None:
    place = base.folder.with_name("Merged v1!")
    shutil.copytree(base.folder, place)
    found = find_export(adapter.files(), place)
    assert found.name == "v1+merged-v1"
    assert exported_adapter(found.name) == "v1"
    assert found.described["adapter"] == adapter.files().digest
    assert found.folder() == place


@pytest.mark.parametrize("name", ["v1", "base", "base+prompt", "acme/v1"])
def test_other_names_are_no_exports(name: str) -> None:
    assert exported_adapter(name) is None


def test_a_clients_export_is_the_clients() -> None:
    assert exported_adapter("acme/v1+merged") == "acme/v1"


def test_files_that_changed_after_they_were_found_are_not_loaded(
    adapter: TinyAdapter, base: TinyBase
) -> None:
    found = find_export(adapter.files(), base.folder)
    (base.folder / "config.json").write_text('{"model_type": "gpt2"}')
    with refused("its files changed, try again", AdapterRefused):
        found.folder()


def test_what_is_no_export_is_refused(adapter: TinyAdapter, tmp_path: Path) -> None:
    files = adapter.files()
    with refused("no such folder, `lora-harness export` writes one", AdapterRefused):
        find_export(files, tmp_path / "none")
    with refused("is an adapter and no export", AdapterRefused):
        find_export(files, adapter.folder)
    (tmp_path / "empty").mkdir()
    with refused("has no config.json", WeightsError):
        find_export(files, tmp_path / "empty")
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "empty" / name).write_bytes(b"GGUF")
    with refused("holds 2 GGUF files, name one of them", AdapterRefused):
        find_export(files, tmp_path / "empty")


def test_pickled_weights_are_never_loaded(adapter: TinyAdapter, tmp_path: Path) -> None:
    place = tmp_path / "pickled"
    place.mkdir()
    (place / "config.json").write_text("{}")
    (place / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with refused("no safetensors; pickled weights run code", WeightsError):
        find_export(adapter.files(), place)


def test_its_note_is_a_word_and_may_be_missing_or_damaged(tmp_path: Path) -> None:
    assert read_note(tmp_path) == {}
    write_note(tmp_path, {"kind": "merged"})
    assert read_note(tmp_path) == {"kind": "merged"}
    (tmp_path / "export.json").write_text("[]")
    with refused("export.json:1: is not an object", AdapterRefused):
        read_note(tmp_path)
