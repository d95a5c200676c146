"""What a killed process left unfinished goes with the next write; what is being written stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.unfinished import (
    lock_unfinished,
    remove_unfinished,
    unfinished_name,
)

WRITER = """
import sys, time
from pathlib import Path
from harness.workspace.formats.cache import write_pieces_atomically

def pieces():
    yield "x" * 1_000_000
    print("half", flush=True)
    time.sleep(600)

write_pieces_atomically(Path(sys.argv[1]), pieces())
"""


def test_the_half_of_a_killed_process_goes_with_the_next_write(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        write_atomically(file, "of another process")
        assert len(list(tmp_path.iterdir())) == 2, "the first process is still writing"
        writer.send_signal(signal.SIGKILL)
    write_atomically(file, "after that")
    assert [one.name for one in tmp_path.iterdir()] == ["history.jsonl"]
    assert file.read_text() == "after that"


def test_a_file_that_is_open_is_not_removed(tmp_path: Path) -> None:
    left = unfinished_name(tmp_path / "a.json")
    with left.open("x") as file:
        lock_unfinished(file)
        file.write("half")
        file.flush()
        remove_unfinished(tmp_path / "a.json")
        assert left.exists()
    remove_unfinished(tmp_path / "a.json")
    assert not left.exists()


def test_only_what_this_program_names_so_is_removed(tmp_path: Path) -> None:
    kept = [".a.json.swp", ".a.json.0123", ".b.json.0123456789abcdef", "a.json.0123456789abcdef"]
    for name in kept:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".a.json.0123456789abcdef").symlink_to(tmp_path / ".a.json.swp")
    remove_unfinished(tmp_path / "a.json")
    assert {one.name for one in tmp_path.iterdir()} == {*kept, ".a.json.0123456789abcdef"}


def test_an_empty_file_that_was_opened_just_now_is_not_removed(tmp_path: Path) -> None:
    left = unfinished_name(tmp_path / "a.json")
    left.touch()
    remove_unfinished(tmp_path / "a.json")
    assert left.exists()
    os.utime(left, (0, 0))
    remove_unfinished(tmp_path / "a.json")
    assert not left.exists()
