"""Files of a commit, as git has them; whatever is wrong with a ref is said in one line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.workspace.project.git_tree import open_tree
from tests.fakes.refusals import refused


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: `a/one.txt` says old at `first`, new at the head."""
    folder = tmp_path / "repository"
    (folder / "a").mkdir(parents=True)
    git(tmp_path, "init", "-q", str(folder))
    for said in ("old", "new"):
        (folder / "a/one.txt").write_bytes(f"{said}\r\n".encode())
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", said)
    git(folder, "tag", "first", "HEAD~1")
    return folder


def test_files_are_written_as_the_commit_has_them(repository: Path, tmp_path: Path) -> None:
    tree = open_tree(repository / "a", "first")
    assert (tree.top, tree.place(repository / "a/../a/one.txt")) == (repository, "a/one.txt")
    tree.write("a", tmp_path / "out")
    assert (tmp_path / "out/a/one.txt").read_bytes() == b"old\r\n"
    assert tree.place(tmp_path / "elsewhere") is None
    assert list(tree.names("nosuch")) == []


def test_what_the_working_tree_changes_is_named(repository: Path) -> None:
    tree = open_tree(repository, "HEAD")
    assert tree.changed("a") == []
    (repository / "a/one.txt").write_text("newer")
    assert tree.changed(":(literal)a/one.txt") == ["a/one.txt"]


@pytest.mark.medium
def test_no_filter_of_the_working_tree_is_run(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "filter.evil.smudge", f"touch {tmp_path / 'pwned'}; cat")
    git(repository, "config", "filter.evil.clean", "cat")
    (repository / ".gitattributes").write_text("* filter=evil export-ignore\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "attributes")
    open_tree(repository, "HEAD").write("a", tmp_path / "out")
    assert (tmp_path / "out/a/one.txt").read_bytes() == b"new\r\n"
    assert not (tmp_path / "pwned").exists()


def test_a_link_is_refused(repository: Path, tmp_path: Path) -> None:
    (repository / "a/two.txt").symlink_to("/etc/hosts")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "link")
    with refused("a/two.txt: is a link at HEAD, a file is needed there", RequestError):
        open_tree(repository, "HEAD").write("a", tmp_path / "out")


@pytest.mark.parametrize("ref", ["nosuch", "first:a/one.txt", "refs/heads/none", "1" * 40])
def test_an_unknown_ref_is_refused(repository: Path, ref: str) -> None:
    with refused("is no commit, branch or tag of this repository", RequestError):
        open_tree(repository, ref)


@pytest.mark.parametrize("ref", ["", " ", "-h", "--all", "a\nb", "a\0b"])
def test_what_can_be_no_ref_never_reaches_git(repository: Path, ref: str) -> None:
    with refused("is no commit, branch or tag", RequestError):
        open_tree(repository, ref)


@pytest.mark.medium
def test_a_shallow_clone_says_how_to_check_out(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert open_tree(tmp_path / "shallow", "HEAD").commit == git(repository, "rev-parse", "HEAD")
    for ref in ("first", git(repository, "rev-parse", "first")):
        with refused("is not in this shallow clone, check out with its history", RequestError):
            open_tree(tmp_path / "shallow", ref)


def test_a_folder_outside_of_git_is_refused(tmp_path: Path) -> None:
    with refused("main: cannot be looked up, .* is in no git repository", RequestError):
        open_tree(tmp_path, "main")


def test_a_machine_without_git_says_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with refused("git is not installed, a base ref needs it", RequestError):
        open_tree(repository, "HEAD")
