"""A working project to start from: settings, five placeholder cases, a CI workflow, a README."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RequestError
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.names import check_plain_name
from harness.workspace.formats.reading import read_text, read_toml
from harness.workspace.project.starter import (
    SETTINGS,
    base_reference,
    embedder_reference,
    starter_files,
)

TASK = "my-task"


@dataclass(frozen=True, slots=True)
class StartedProject:
    """What stands in the folder now."""

    folder: Path
    task: str
    base: str
    embedder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that were there already and stay as they were."""
    to_add: str = ""
    """Lines for a pyproject.toml that was there and has no [tool.harness]."""


def start(
    folder: Path,
    *,
    task: str = TASK,
    base: str | None = None,
    embedder: str | None = None,
    keep: bool = False,
) -> StartedProject:
    """Write what is missing; another file in a file's place refuses everything, unless kept."""
    check_plain_name(task, "--task ", RequestError)
    base, embedder = base or base_reference(), embedder or embedder_reference()
    wanted = starter_files(task, base, embedder)
    _refuse_no_folder(folder, wanted)
    there = [place for place in wanted if _stands(folder / place)]
    others = [place for place in there if not _equal(folder / place, wanted[place])]
    if others and not keep:
        raise RequestError(
            f"{folder}: {', '.join(others)} stand there already, nothing was written;"
            " --keep leaves them as they are and writes only what is missing"
        )
    missing = [place for place in wanted if place not in there]
    to_add = _to_add(folder, wanted) if SETTINGS in others else ""
    for place in missing:
        write_atomically(folder / place, wanted[place])
    return StartedProject(folder, task, base, embedder, tuple(missing), tuple(there), to_add)


def _refuse_no_folder(folder: Path, wanted: Mapping[str, str]) -> None:
    """A file, or a link that leads nowhere, where a folder is needed."""
    for place in wanted:
        for parent in (folder / place).parents:
            if _stands(parent) and not parent.is_dir():
                raise RequestError(f"{parent}: is no folder, one is needed there")


def _stands(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _equal(path: Path, text: str) -> bool:
    """Whether an earlier `init` left it; anything that cannot be read is somebody else's."""
    try:
        return read_text(path, limit=len(text.encode()) + 2) == text
    except RequestError:
        return False


def _to_add(folder: Path, wanted: Mapping[str, str]) -> str:
    tool = read_toml(folder / SETTINGS, RequestError).get("tool", {})
    ours = isinstance(tool, dict) and "harness" in tool
    return "" if ours else wanted[SETTINGS].partition("\n[tool.pytest")[0]
