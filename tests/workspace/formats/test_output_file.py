"""A file that a person names is written where they said, and what stands there stays what it is."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.output_file import is_stream, write_output
from tests.fakes.refusals import refused


def test_a_file_gets_its_pieces_at_once(tmp_path: Path) -> None:
    assert write_output(tmp_path / "new" / "a.jsonl", ("1\n", "2\n")) == 2
    assert (tmp_path / "new" / "a.jsonl").read_text() == "1\n2\n"


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    file, link, second = tmp_path / "shared" / "a", tmp_path / "link", tmp_path / "second"
    file.write_text("old")
    link.symlink_to("shared/a")
    second.symlink_to(link)
    write_output(second, ("new",))
    assert second.is_symlink() and link.is_symlink() and not file.is_symlink()
    assert file.read_text() == "new"


def test_a_link_to_a_file_that_is_not_there_yet_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "later")
    write_output(tmp_path / "link", ("new",))
    assert (tmp_path / "later").read_text() == "new" and (tmp_path / "link").is_symlink()


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(OSError, match="symbolic links"):
        write_output(tmp_path / "link", ("new",))
    assert (tmp_path / "link").is_symlink()


def test_a_pipe_gets_everything_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    for _ in range(500):  # until the reader has opened its end
        try:
            write_output(pipe, ("a" * 100_000, "b"))
            break
        except RequestError:
            reader.join(0.01)
    reader.join(30)
    assert got == ["a" * 100_000 + "b"]
    assert pipe.is_fifo()


def test_a_pipe_without_a_reader_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with refused("pipe: is a pipe that no process reads, start the reader first", RequestError):
        write_output(tmp_path / "pipe", ("a",))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_is_written_and_never_replaced(tmp_path: Path) -> None:
    assert write_output(Path("/dev/null"), ("a",)) == 1
    (tmp_path / "full").symlink_to("/dev/full")
    for full in (Path("/dev/full"), tmp_path / "full"):
        with pytest.raises(OSError, match="No space left"):
            write_output(full, ("a",))
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode) and (tmp_path / "full").is_symlink()


def test_standard_output_in_a_file_keeps_what_the_shell_put_there(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; print('first', flush=True);"
        "from harness.workspace.formats.output_file import write_output;"
        "write_output(Path('/dev/stdout'), ('second\\n',)); print('third')"
    )
    with (tmp_path / "out").open("ab") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "first\nsecond\nthird\n"
    assert is_stream(Path("/dev/stdout")) and not is_stream(tmp_path / "out")


@pytest.mark.parametrize("kind", ["a link", "a pipe"])
def test_a_file_of_the_programs_own_never_takes_the_place_of(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "README.md"
    if kind == "a link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(place)
    with refused(f"README.md: is {kind}, a file is needed there", RequestError):
        write_atomically(place, "text")
    assert not place.is_file() and not (tmp_path / "elsewhere").exists()
