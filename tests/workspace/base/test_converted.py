"""A converted base that was changed in the cache is refused, by whatever it was changed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import WeightsError
from harness.workspace.base import gguf
from harness.workspace.base.converted import digests_file, refuse_changed
from harness.workspace.base.gguf import converted_folder, model_folder, refuse_changed_copy
from harness.workspace.base.weights import Weights, find_weights
from tests.fakes.refusals import refused


def convert(source: Path, into: Path) -> None:
    """As the real one does: a config and weights."""
    (into / "config.json").write_text("{}")
    (into / "model.safetensors").write_bytes(source.read_bytes())


@pytest.fixture
def weights(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """A GGUF that was converted already."""
    monkeypatch.setattr(gguf, "_convert", convert)
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + bytes(100))
    found = find_weights("m.gguf", tmp_path)
    model_folder(found)
    return found


def negate(folder: Path) -> None:
    """Change a byte, and give the file its old time back."""
    file = folder / "model.safetensors"
    before = file.stat()
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 0x80
    file.write_bytes(changed)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def with_pipe(folder: Path) -> None:
    """Put a pipe in the place of the weights."""
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")


def with_link(folder: Path) -> None:
    """Move the weights away and leave a link to them, with the same bytes."""
    moved = folder.parent / "elsewhere"
    (folder / "model.safetensors").rename(moved)
    (folder / "model.safetensors").symlink_to(moved)


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (negate, "model.safetensors"),
        (with_pipe, "model.safetensors"),
        (with_link, "model.safetensors"),
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
        (lambda folder: (folder / "model.py").write_text("1"), "model.py"),
        (lambda folder: (folder / "adapter_config.json").mkdir(), "adapter_config.json"),
    ],
    ids=["a byte", "a pipe", "a link", "a file less", "a file more", "a folder more"],
)
def test_a_changed_copy_is_refused_and_named(
    weights: Weights, change: Callable[[Path], None], file: str
) -> None:
    change(model_folder(weights))
    wanted = f"{file} changed since the base was converted, remove this folder"
    for asked in (model_folder, converted_folder, refuse_changed_copy):
        with refused(wanted, WeightsError):
            asked(weights)


def test_an_unchanged_copy_is_hashed_once_and_by_doctor_always(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_folder(weights)
    hashed: list[str] = []
    monkeypatch.setattr(
        "harness.workspace.base.converted.file_digest", lambda file: hashed.append(file.name)
    )
    model_folder(weights)
    assert hashed == []
    with refused("changed since", WeightsError):  # no digest of the counting one is right
        refuse_changed_copy(weights)
    assert sorted(hashed) == ["config.json", "model.safetensors"]


def test_a_copy_without_digests_is_made_again(weights: Weights) -> None:
    """Version 1.0.0 wrote none, so nothing proves its copies."""
    folder = model_folder(weights)
    negate(folder)
    digests_file(folder).unlink()
    assert converted_folder(weights) is None and refuse_changed_copy(weights) is False
    assert (model_folder(weights) / "model.safetensors").read_bytes() == weights.path.read_bytes()


def test_a_removed_copy_is_made_again(weights: Weights) -> None:
    folder = model_folder(weights)
    negate(folder)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert model_folder(weights) == folder
    refuse_changed(folder, always=True)


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_damaged_digests_prove_nothing(weights: Weights, text: str) -> None:
    digests_file(model_folder(weights)).write_text(text)
    with refused("sha256.json", WeightsError):
        model_folder(weights)
