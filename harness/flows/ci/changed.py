"""Find the adapters that a change has to be judged for, by its changed files.

Names come from the author of the change: each is checked before anything else is done with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, NoProject, RequestError
from harness.flows.evaluation.base_ref import settings_at
from harness.flows.project import PROMOTED_FILE
from harness.records import RESERVED
from harness.workspace.adapters.files import JUDGED, TOKENIZER
from harness.workspace.adapters.served import SERVED
from harness.workspace.formats.names import check_name
from harness.workspace.formats.reading import read_json
from harness.workspace.formats.scratch import scratch_folder
from harness.workspace.project.ci_needs import bar_of, recorded_folder
from harness.workspace.project.git_tree import GitTree, git, open_tree
from harness.workspace.project.settings import Settings

OF_AN_ADAPTER = frozenset((*JUDGED, *TOKENIZER, SERVED))
"""The files of an adapter's folder that a verdict rests on."""
NO_BAR = "the base has no [tool.harness] yet: this change brings the first bar, the next is judged"
NOTHING = "neither an adapter nor the bar was changed"


@dataclass(frozen=True, slots=True)
class OnTrial:
    """The adapters that have to be judged."""

    adapters: tuple[str, ...]
    bar: tuple[str, ...] = ()
    """The files of the bar that the change touches, by their paths in the repository."""
    nothing: str = ""
    """Why there is no adapter to judge; empty where there is one."""


def on_trial(base_ref: str, asked: Sequence[str] = (), start: Path | None = None) -> OnTrial:
    """Return the adapters to judge: `asked`, else those changed between `base_ref` and HEAD."""
    if asked:
        return OnTrial(_checked(asked))
    if not base_ref:
        raise RequestError(
            "there is no base commit to compare with: name the adapter, or --base-ref"
        )
    start = (start or Path.cwd()).resolve()
    try:
        tree = open_tree(start, base_ref)
        words = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff")
        listed = git(tree.top, *words, f"{tree.commit}...HEAD", "--")
    except RequestError as problem:
        raise RequestError(
            f"HEAD cannot be compared with {base_ref} ({problem}); in CI check out with"
            " fetch-depth: 0"
        ) from problem
    changed = [tree.top / os.fsdecode(name) for name in listed.split(b"\0") if name]
    with scratch_folder() as folder:
        settings = _settings(tree, start, folder.resolve())
        if settings is None:
            return OnTrial((), nothing=NO_BAR)
        names = {*_adapters(settings, changed)}
        bar = tuple(_bar(settings, changed))
        if bar:
            names |= {*_promoted(tree, settings, folder.resolve())}
    found = _checked(sorted(names))
    shown = tuple(tree.place(file) or str(file) for file in bar)
    return OnTrial(found, shown, "" if found else NOTHING)


def _settings(tree: GitTree, start: Path, folder: Path) -> Settings | None:
    """Return the base's settings for a folder, also where the change removes or moves them."""
    for root in (start, *start.parents):
        if tree.place(root) is None:
            return None
        with suppress(NoProject):
            return settings_at(tree, root, folder)
    return None


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, each once, in order; refuse a name that no adapter can have."""
    found = (name if name in RESERVED else check_name(name) for name in names)
    return tuple(sorted(set(found)))


def _adapters(settings: Settings, changed: Sequence[Path]) -> Iterator[str]:
    """Yield the adapters that have a changed file, or are now a link."""
    recorded = recorded_folder(settings)
    for file in changed:
        if file.is_relative_to(settings.adapters):
            place = file.relative_to(settings.adapters)
            if file.is_symlink() and file.is_dir():
                yield place.as_posix()
            elif len(place.parts) > 1 and file.name in OF_AN_ADAPTER and _is_there(file):
                yield place.parent.as_posix()
        elif recorded and file.is_relative_to(recorded) and file.suffix == ".jsonl":
            yield file.parent.relative_to(recorded).as_posix()


def _is_there(file: Path) -> bool:
    """Return whether the adapter of a changed file is still there, rather than removed as well."""
    return os.path.lexists(file) or any(
        (file.parent / name).exists() for name in (JUDGED[0], SERVED)
    )


def _bar(settings: Settings, changed: Sequence[Path]) -> Iterator[Path]:
    """Yield the changed files that set the bar."""
    places = [*bar_of(settings), settings.adapters / PROMOTED_FILE]
    for file in changed:
        if any(file.is_relative_to(Path(os.path.normpath(place))) for place in places):
            yield file


def _promoted(tree: GitTree, settings: Settings, folder: Path) -> Iterator[str]:
    """Yield the adapters that are promoted at the base, and that are here."""
    file = settings.adapters / PROMOTED_FILE
    place = tree.place(file)
    if place is not None:
        tree.write(place, folder)
        yield from _named(folder / place)
    yield from _named(file)


def _named(file: Path) -> Iterator[str]:
    """Yield the adapters that a promoted file names; none of one that is missing or damaged."""
    try:
        tasks = read_json(file, RequestError).get("tasks", {})
        named = [entry["adapter"] for entry in tasks.values()]
    except (HarnessError, OSError, AttributeError, LookupError, TypeError):
        return  # the gate itself refuses such a file
    yield from (name for name in named if isinstance(name, str))
