"""Private copies go with the process that made them, also when it was killed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.workspace.formats.scratch import scratch_folder

HOLDER = """
import time
from harness.workspace.formats.scratch import scratch_folder

with scratch_folder() as folder:
    (folder / "adapter").mkdir()
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_is_private_and_goes_at_the_end(temporary: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == temporary and folder.stat().st_mode & 0o077 == 0
        (folder / "copy").write_text("x")
    assert list(temporary.iterdir()) == []


def test_a_killed_process_leaves_nothing_for_long(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        theirs = Path(holder.stdout.readline().decode().strip())
        with scratch_folder():
            assert (theirs / "adapter").is_dir(), "its process is alive"
        holder.send_signal(signal.SIGKILL)
    assert (theirs / "adapter").is_dir()
    with scratch_folder():
        assert not theirs.exists()


def test_folders_and_links_of_other_programs_stay(temporary: Path) -> None:
    with scratch_folder() as mine:
        prefix = mine.name[:22]
    (temporary / "theirs").mkdir()
    (temporary / "theirs" / "scratch.lock").touch()
    (temporary / f"{prefix}link").symlink_to(temporary / "theirs")
    (temporary / f"{prefix}new").mkdir()
    with scratch_folder():
        assert (temporary / "theirs" / "scratch.lock").exists()
        assert (temporary / f"{prefix}new").is_dir(), "it was made just now"
