"""Write the files that let GitHub or GitLab judge adapters.

Tested in tests/cli/test_ci.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RequestError
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import read_text
from harness.workspace.project.ci_files import GITLAB_MAIN, ci_files
from harness.workspace.project.ci_needs import PACKAGE, needs_hub, on_hub
from harness.workspace.project.git_tree import top_of
from harness.workspace.project.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class WrittenCi:
    """The workflow files of a project, and the steps that a person still has to take."""

    top: Path
    """The folder of the repository, which the paths below are in."""
    written: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that are there with the same text, or are a person's own."""
    texts: dict[str, str]
    """The text of each file, by path."""
    to_add: str = ""
    """Lines to add by hand to a `.gitlab-ci.yml` that is a person's own."""
    notes: tuple[str, ...] = ()
    """What CI will lack, a sentence each."""


def write_ci(kind: str, *, force: bool = False, dry_run: bool = False) -> WrittenCi:
    """Write the files of `github` or `gitlab`; refuse to replace one that differs, unless `force`.

    A `.gitlab-ci.yml` that is there stays as it is in any case.
    """
    settings = read_settings()
    top = top_of(settings.root) or settings.root
    texts = dict(ci_files(kind, settings, top))
    same = [name for name, text in texts.items() if _text(top / name) == text]
    main = GITLAB_MAIN if GITLAB_MAIN in texts and os.path.lexists(top / GITLAB_MAIN) else ""
    kept = [name for name in texts if name in same or name == main]
    others = [name for name in texts if name not in kept and os.path.lexists(top / name)]
    if others and not force and not dry_run:
        raise RequestError(
            f"{top / others[0]}: is there already and differs, nothing was written; --force writes"
            " it anew, --dry-run shows it"
        )
    missing = [name for name in texts if name not in kept]
    for name in [] if dry_run else missing:
        write_atomically(top / name, texts[name])
    parts = [name for name in texts if name != GITLAB_MAIN]
    to_add = texts[main] if main and parts[0] not in _text(top / main) else ""
    notes = tuple(_notes(settings, top))
    return WrittenCi(top, tuple(missing), tuple(kept), texts, to_add, notes)


def _text(file: Path) -> str:
    """Return the text of a file; empty where there is none that can be read."""
    try:
        return read_text(file) if file.is_file() else ""
    except RequestError:
        return ""


def _notes(settings: Settings, top: Path) -> Iterator[str]:
    if settings.history is None:
        yield (
            'CI cannot know what is promoted: set history = "reports/history.jsonl" in'
            " [tool.harness] and commit that file"
        )
    for name, reference in (("base", settings.base), ("embedder", settings.embedder)):
        place = settings.root / reference
        there = reference == "none" or reference.startswith(PACKAGE) or place.resolve()
        outside = isinstance(there, Path) and not there.is_relative_to(top.resolve())
        if outside and not on_hub(reference, settings.root):
            yield (
                f"`{name}` is {reference}, outside of the repository: CI has no such folder, name a"
                " Hub id or package:NAME/FILE"
            )
    if needs_hub(settings):
        yield "weights come from the Hub: where it asks for a token, add the secret HF_TOKEN"
    if not settings.store.startswith("sqlite"):
        yield "the store is on a server: a pull request from a fork cannot reach it"
