import multiprocessing
import os
import stat

import pytest

from harness.workspace.formats import cache as module
from harness.workspace.formats.cache import (
    cache_folder,
    remember,
    remembered,
    write_atomically,
    write_pieces_atomically,
)


def test_the_cache_is_where_the_user_says(cache):
    assert cache_folder() == cache


def test_without_a_word_it_is_the_systems_own(monkeypatch):
    monkeypatch.delenv("LORA_HARNESS_CACHE")
    assert cache_folder().name == "lora-harness"


def test_what_was_remembered_is_there_for_the_next_process(cache):
    remember("t.json", "a", 1)
    remember("t.json", "b", {"c": [2]})
    remember("t.json", "a", 3)
    assert remembered("t.json") == {"a": 3, "b": {"c": [2]}}
    assert [f.name for f in cache.iterdir()] == ["t.json"], "nothing is left beside it"


@pytest.mark.parametrize("text", ["", "{", "[1]", "\xff", "[" * 100_000, '{"a": NaN'])
def test_a_damaged_table_is_an_empty_one(cache, text):
    (cache / "t.json").write_text(text, encoding="latin-1")
    assert remembered("t.json") == {}
    remember("t.json", "a", 1)
    assert remembered("t.json") == {"a": 1}


def test_a_cache_that_cannot_be_written_stops_nobody(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "file" / "below"))
    remember("t.json", "a", 1)
    assert remembered("t.json") == {}


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "f"
    write_atomically(file, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, "new" * 1000)
    assert file.read_text() == "old"
    assert [f.name for f in tmp_path.iterdir()] == ["f"]


def test_pieces_that_stop_in_the_middle_leave_the_old_file(tmp_path):
    def pieces():
        yield "a"
        raise RuntimeError("no more")

    file = tmp_path / "f"
    assert write_pieces_atomically(file, iter("old")) == 3
    with pytest.raises(RuntimeError):
        write_pieces_atomically(file, pieces())
    assert file.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_lines_end_alike_on_every_system(tmp_path):
    write_atomically(tmp_path / "f", "a\nb\n")
    assert (tmp_path / "f").read_bytes() == b"a\nb\n"


def test_what_is_shared_can_be_read_by_the_team(tmp_path):
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "f", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o644


def _remember_many(folder: str, mine: str) -> None:
    os.environ["LORA_HARNESS_CACHE"] = folder
    for number in range(60):
        remember("t.json", f"{mine}-{number}", "x" * 200)
        assert remembered("t.json"), "a reader never sees half a table"


@pytest.mark.medium
def test_processes_that_write_at_once_never_leave_half_a_table(cache):
    many = multiprocessing.get_context("fork")
    workers = [many.Process(target=_remember_many, args=(str(cache), n)) for n in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert {"a-59", "b-59"} & set(remembered("t.json"))
    assert [f.name for f in cache.iterdir()] == ["t.json"]
