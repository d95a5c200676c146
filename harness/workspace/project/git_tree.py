"""Read files of a commit, without a checkout, a filter or the network.

Blobs are read as git stores them: no smudge filter, no attribute and no hook of the working tree
takes part, since a pull request may change those.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.errors import RequestError, WorldFailed, reason

MAX_SECONDS = 60
_PLAIN = {"100644", "100755"}
_ALONE = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}
"""Variables that keep git from asking for passwords, fetching, and replacing objects."""


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of a commit, by their paths in the working tree."""

    top: Path
    """The top folder of the working tree."""
    ref: str
    """The commit as the user named it."""
    commit: str
    """Its full id."""

    def place(self, path: Path) -> str | None:
        """Return a path as the repository has it; None for a path outside of it."""
        found = Path(os.path.normpath(path))
        if not found.is_relative_to(self.top):
            return None
        return found.relative_to(self.top).as_posix()

    def names(self, place: str) -> Iterator[str]:
        """Yield the plain files at or below a place; refuse a link or a submodule there."""
        listed = git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.commit, "--", place)
        for line in filter(None, listed.split(b"\0")):
            about, _, name = line.partition(b"\t")
            path = os.fsdecode(name)
            if about.split()[0].decode() not in _PLAIN:
                raise RequestError(f"{path}: is a link at {self.ref}, a file is needed there")
            yield path

    def write(self, place: str, into: Path) -> None:
        """Write the files at or below a place into a folder, under their paths."""
        for name in self.names(place):
            file = into / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as opened:
                git(self.top, "cat-file", "blob", f"{self.commit}:{name}", into=opened)

    def changed(self, *patterns: str) -> list[str]:
        """Return the files of these patterns that differ between the commit and the work tree."""
        words = ("diff", "--name-only", "--no-ext-diff", "--no-renames", "-z", self.commit, "--")
        listed = git(self.top, *words, *patterns)
        return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def open_tree(root: Path, ref: str) -> GitTree:
    """Return the tree of a commit in the repository that a folder lies in."""
    if not ref.strip() or not ref.isprintable() or ref.startswith("-"):
        raise RequestError(f"{ascii(ref)[:80]}: is no commit, branch or tag")
    try:
        top = Path(os.fsdecode(git(root, "rev-parse", "--show-toplevel")).rstrip("\n"))
    except RequestError as problem:
        raise RequestError(
            f"{ref}: cannot be looked up, {root} is in no git repository ({problem})"
        ) from problem
    try:
        found = git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        commit = found.decode().strip()
        git(root, "cat-file", "-e", f"{commit}^{{tree}}")
    except RequestError as problem:
        if git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
            raise RequestError(
                f"{ref}: is not in this shallow clone, check out with its history (fetch-depth: 0)"
            ) from problem
        raise RequestError(
            f"{ref}: is no commit, branch or tag of this repository, `git fetch` brings those of"
            " its remote"
        ) from problem
    return GitTree(top, ref, commit)


def top_of(folder: Path) -> Path | None:
    """Return the top folder of the repository that a folder lies in; None outside of git."""
    here = next(place for place in (folder, *folder.parents) if place.is_dir())
    try:
        return Path(os.fsdecode(git(here, "rev-parse", "--show-toplevel")).rstrip("\n"))
    except RequestError:
        return None


def git(folder: Path, *words: str, into: BinaryIO | None = None) -> bytes:
    """Return what git prints, or write it `into` a file; raise its first line where it fails."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env=os.environ | _ALONE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if into is None else into,
            stderr=subprocess.PIPE,
            timeout=MAX_SECONDS,
            check=False,
        )
    except FileNotFoundError as problem:
        raise RequestError("git is not installed, a base ref needs it") from problem
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise WorldFailed(f"git {words[0]} did not end ({reason(problem)})") from problem
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RequestError(lines[0] if lines else f"git {words[0]} failed")
    return done.stdout or b""
