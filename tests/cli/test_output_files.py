"""Every command with an output file writes where it was told, or refuses; nothing is replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from harness.workspace.adapters.keys import make_keys
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

HISTORY = ("history", "export", "{}")
REVIEWS = ("reviews", "export", "{}", "--raw")
REPORT = ("report", "bad", "--format", "json", "--output", "{}")
CLEANED = ("data", "check", "rows.jsonl", "--fix", "{}")
EACH = pytest.mark.parametrize(
    "words", [HISTORY, REVIEWS, REPORT], ids=["history export", "reviews export", "report"]
)
ROWS = [{"input": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]


@pytest.fixture
def full(project: TinyProject, typed: Type) -> TinyProject:
    """A project in which there is something to write by each of the commands."""
    assert typed("evaluate", "bad", "--benchmark", "openers").code == 1
    project.write_lines("rows.jsonl", [*ROWS, ROWS[0]])
    return project


def at(words: tuple[str, ...], place: object) -> list[str]:
    """Return a command's words with the place of its output."""
    return [word.format(place) for word in words]


@pytest.mark.slow
@EACH
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_one_line_and_stays_a_device(
    full: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    (full.folder / "link").symlink_to("/dev/full")
    if words == REVIEWS:  # it writes no line, so the device is never full
        assert typed(*at(words, "/dev/full")).code == 0
    else:
        for place in ("/dev/full", "link"):
            found = typed(*at(words, place))
            assert found.code in (4, 11) and "No space left on device" in found.line
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    assert (full.folder / "link").is_symlink()


@pytest.mark.long
@EACH
def test_a_link_is_followed(full: TinyProject, typed: Type, words: tuple[str, ...]) -> None:
    (full.folder / "link").symlink_to("elsewhere")
    assert typed(*at(words, "link")).code == 0
    assert (full.folder / "link").is_symlink() and (full.folder / "elsewhere").is_file()


@pytest.mark.long
@EACH
def test_a_pipe_that_no_process_reads_is_refused(
    full: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    os.mkfifo(full.folder / "pipe")
    found = typed(*at(words, "pipe"))
    assert found.code == 4 and "is a pipe that no process reads" in found.line
    assert (full.folder / "pipe").is_fifo()


@pytest.mark.slow
def test_a_cleaned_copy_follows_a_link_and_takes_no_pipes_place(
    full: TinyProject, typed: Type
) -> None:
    (full.folder / "link.jsonl").symlink_to("clean.jsonl")
    assert "60 examples kept" in typed(*at(CLEANED, "link.jsonl")).out
    assert (full.folder / "link.jsonl").is_symlink()
    assert len((full.folder / "clean.jsonl").read_text().splitlines()) == 60
    os.mkfifo(full.folder / "pipe.jsonl")
    found = typed(*at(CLEANED, "pipe.jsonl"))
    assert found.code == 4 and "is a pipe, a file is needed there" in found.err
    assert (full.folder / "pipe.jsonl").is_fifo()


@pytest.mark.slow
def test_a_promoted_file_that_is_a_link_is_not_replaced(full: TinyProject, typed: Type) -> None:
    promoted = full.folder / "adapters/promoted.json"
    promoted.symlink_to(full.folder / "elsewhere.json")
    found = typed("status")
    assert found.code == 4 and "promoted.json: is a link, a file is needed there" in found.line
    assert promoted.is_symlink() and not (full.folder / "elsewhere.json").exists()


@pytest.mark.slow
def test_a_new_key_in_an_adapters_folder_is_refused_and_leaves_nothing(
    full: TinyProject, typed: Type
) -> None:
    adapter, other = full.adapter("v1").write().folder, full.adapter("v2").write().folder
    before = sorted(full.folder.rglob("*"))
    for place in (adapter / "team.pem", adapter / "below/team.pem", other / "team.pem"):
        found = typed("sign", "v1", "--key", str(place), "--new-key")
        assert found.code == 4 and "lies in the adapter's folder" in found.line
    assert sorted(full.folder.rglob("*")) == before


@pytest.mark.long
def test_a_new_key_goes_again_where_signing_fails(full: TinyProject, typed: Type) -> None:
    adapter = full.adapter("v1").write()
    (adapter.folder / "notes").symlink_to("adapter_config.json")
    before = sorted(full.folder.rglob("*"))
    found = typed("sign", "v1", "--key", "keys/team.pem", "--new-key")
    assert found.code == 4 and "notes: is a link" in found.line
    assert sorted(full.folder.rglob("*")) == before


@pytest.mark.long
def test_verify_reads_the_key_where_nothing_is_signed(full: TinyProject, typed: Type) -> None:
    (full.folder / "folder.pub").mkdir()
    full.write("text.pub", "no key")
    for place, said in (
        ("missing.pub", "no such file"),
        ("folder.pub", "is a folder"),
        ("text.pub", "is no public key in PEM"),
    ):
        found = typed("verify", "--key", place)
        assert found.code == 4 and said in found.line
    make_keys(full.folder / "team.pem", full.folder / "team.pub")
    assert "one unbroken chain" in typed("verify", "--key", "team.pub").out
