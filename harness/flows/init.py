"""Start a working project: settings, five placeholder cases, a CI workflow and a README."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RequestError
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.names import check_plain_name
from harness.workspace.formats.reading import read_text, read_toml
from harness.workspace.formats.scratch import scratch_folder
from harness.workspace.project.ci_files import ci_files
from harness.workspace.project.git_tree import top_of
from harness.workspace.project.settings import SETTINGS, settings_of
from harness.workspace.project.starter import (
    base_reference,
    embedder_reference,
    new_id,
    starter_files,
)

TASK = "my-task"


@dataclass(frozen=True, slots=True)
class StartedProject:
    """A project's folder after `init`."""

    folder: Path
    task: str
    base: str
    embedder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that existed already and were not changed."""
    to_add: str = ""
    """Lines to add by hand to a pyproject.toml that existed without [tool.harness]."""


def start(
    folder: Path,
    *,
    task: str = TASK,
    base: str | None = None,
    embedder: str | None = None,
    keep: bool = False,
    history_texts: bool = False,
) -> StartedProject:
    """Write the missing files; refuse to start if a file differs from ours, unless `keep`."""
    check_plain_name(task, "--task ", RequestError)
    base, embedder = base or base_reference(), embedder or embedder_reference()
    project = _id_of(folder) or new_id(task)
    wanted = starter_files(task, base, embedder, project, history_texts)
    wanted = {**_workflow(folder, wanted[SETTINGS]), **wanted}
    for place in wanted:  # checked for all files first, so that a refusal has written no file
        for parent in (folder / place).parents:
            if _exists(parent) and not parent.is_dir():
                raise RequestError(f"{parent}: is no folder, one is needed there")
    there = [place for place in wanted if _exists(folder / place)]
    others = [place for place in there if not _equal(folder / place, wanted[place])]
    if others and not keep:
        raise RequestError(
            f"{folder}: {', '.join(others)} stand there already, nothing was written;"
            " --keep leaves them as they are and writes only what is missing"
        )
    missing = [place for place in wanted if place not in there]
    to_add = ""
    if SETTINGS in others:
        tool = read_toml(folder / SETTINGS, RequestError).get("tool", {})
        if not isinstance(tool, dict) or "harness" not in tool:
            to_add = wanted[SETTINGS].partition("\n[tool.pytest")[0]
    for place in missing:
        write_atomically(folder / place, wanted[place])
    return StartedProject(folder, task, base, embedder, tuple(missing), tuple(there), to_add)


def _workflow(folder: Path, settings_text: str) -> dict[str, str]:
    """Return the workflow that `ci init github` would write; none below the top of a repository.

    There GitHub would not find it, and `ci init` writes it to the top.
    """
    root = folder.resolve()
    if top_of(root) not in (None, root):
        return {}
    settings = None
    if (folder / SETTINGS).is_file():
        with suppress(RequestError):  # a file that is not ours is refused with all others
            settings = settings_of(folder / SETTINGS, root)
    if settings is None:
        with scratch_folder() as place:
            (place / SETTINGS).write_text(settings_text, encoding="utf-8")
            settings = settings_of(place / SETTINGS, root)
        assert settings is not None
    return dict(ci_files("github", settings, root))


def _id_of(folder: Path) -> str:
    """Return the id that an earlier start gave the project; empty where there was none."""
    try:
        found = read_toml(folder / SETTINGS, RequestError)["tool"]["harness"]["project"]
    except (RequestError, LookupError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()  # a dangling link does not `exist`


def _equal(path: Path, text: str) -> bool:
    """Return whether a file is as `init` writes it; an unreadable file is not."""
    try:
        return read_text(path, limit=len(text.encode()) + 2) == text
    except RequestError:
        return False
