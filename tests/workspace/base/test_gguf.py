import multiprocessing
import os
from pathlib import Path

import pytest

from harness.errors import WeightsError, WorldFailed
from harness.workspace.base import gguf
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights, find_weights
from tests.fakes.refusals import refused


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + bytes(100))
    return find_weights("m.gguf", tmp_path)


def convert(source: Path, into: Path) -> None:
    """As the real one does: several files, one after the other."""
    with (into.parent / "conversions").open("a") as log:
        log.write(f"{os.getpid()}\n")
    for number in range(20):
        (into / f"part-{number}").write_bytes(source.read_bytes())


def times(folder: Path) -> int:
    return len((folder.parent / "conversions").read_text().splitlines())


def test_a_folder_is_loaded_where_it_lies(tmp_path, base):
    assert model_folder(find_weights("base", tmp_path)) == base.folder.resolve()


def test_a_gguf_is_converted_once(weights, cache, monkeypatch):
    monkeypatch.setattr(gguf, "_convert", convert)
    first, second = model_folder(weights), model_folder(weights)
    assert first == second and first.is_relative_to(cache)
    assert len(list(first.iterdir())) == 20 and times(first) == 1


def test_the_same_bytes_in_another_file_are_not_converted_again(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(gguf, "_convert", convert)
    first = model_folder(weights)
    (tmp_path / "copy.gguf").write_bytes(weights.path.read_bytes())
    assert model_folder(find_weights("copy.gguf", tmp_path)) == first
    (tmp_path / "copy.gguf").write_bytes(b"GGUF other")
    assert model_folder(find_weights("copy.gguf", tmp_path)) != first


def _load(weights: Weights, ready: object, found: object) -> None:
    gguf._convert = convert
    ready.wait()
    folder = model_folder(weights)
    found.put((str(folder), len(list(folder.iterdir()))))


@pytest.mark.medium
def test_two_processes_at_once_end_with_one_good_copy(weights, monkeypatch):
    many = multiprocessing.get_context("fork")
    ready, found = many.Barrier(3), many.Queue()
    workers = [many.Process(target=_load, args=(weights, ready, found)) for _ in range(2)]
    for worker in workers:
        worker.start()
    ready.wait()
    answers = {found.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    ((folder, files),) = answers
    assert files == 20 and times(Path(folder)) == 1
    assert not list(Path(folder).parent.glob(".converting-*"))


def test_a_conversion_that_fails_leaves_nothing(weights, cache, monkeypatch):
    def half(source: Path, into: Path) -> None:
        (into / "part-0").write_bytes(b"half")
        raise WeightsError("no more")

    monkeypatch.setattr(gguf, "_convert", half)
    with refused("^no more$", WeightsError):
        model_folder(weights)
    assert [f.name for f in (cache / "converted").iterdir() if f.is_dir()] == []
    monkeypatch.setattr(gguf, "_convert", convert)
    assert len(list(model_folder(weights).iterdir())) == 20


def test_what_a_killed_conversion_left_is_cleaned_up(weights, cache, monkeypatch):
    monkeypatch.setattr(gguf, "_convert", convert)
    left = cache / "converted" / f".converting-{weights.digest[:32]}-{gguf.LAYOUT}-abc"
    other = cache / "converted" / ".converting-of-another-base-xyz"
    for folder in (left, other):
        folder.mkdir(parents=True)
    model_folder(weights)
    assert not left.exists() and other.exists(), "another base may be converted right now"


def test_a_cache_that_cannot_be_written_is_the_worlds_fault(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(gguf, "_convert", convert)
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(weights.path))
    with refused("cannot be kept there .*; LORA_HARNESS_CACHE names another", WorldFailed, code=11):
        model_folder(weights)


def test_a_full_disk_is_the_worlds_fault(weights, monkeypatch):
    def full(source: Path, into: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gguf, "_convert", full)
    with refused("cannot be kept there .*No space left on device", WorldFailed, code=11):
        model_folder(weights)


def test_what_is_no_gguf_is_said_in_one_line(weights):
    """The real reader; it needs torch and so a few seconds."""
    pytest.importorskip("gguf", reason="the extra `gguf` is not installed")
    with refused(r"m\.gguf: transformers cannot read this GGUF \(.+\)", WeightsError):
        model_folder(weights)
