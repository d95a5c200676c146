"""Say what a working folder changes of the bar that another commit sets, a sentence for each file.

Tested in tests/flows/evaluation/test_base_ref.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, SettingsError
from harness.findings.difference import (
    case_differences,
    reserve_difference,
    settings_differences,
)
from harness.flows.project import Project
from harness.flows.promoted_entries import read_promoted_file
from harness.records import Benchmark
from harness.text.figures import count
from harness.workspace.formats.reading import read_toml
from harness.workspace.project.benchmarks import benchmark_names
from harness.workspace.project.git_tree import GitTree
from harness.workspace.project.settings import SETTINGS

MAX_NAMED = 5
"""Cases, keys and files that a sentence names."""
PYTEST = (":(glob)**/conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
"""Files that pytest reads or runs before any option of ours."""


def differences(tree: GitTree, folder: Path, here: Project, judged: Project) -> Iterator[str]:
    """Yield what differs between a commit, whose files lie in `folder`, and the working folder."""
    yield from _benchmarks(here, judged)
    yield from _settings(tree, folder, here)
    yield from _history(tree, here, judged)
    yield from _promoted(here, judged)
    yield from _weights(tree, judged)
    for name in tree.changed(*PYTEST):
        yield f"{name} differs, and pytest reads it"


# --- benchmarks --------------------------------------------------------------------------------


def _benchmarks(here: Project, judged: Project) -> Iterator[str]:
    then, now = _names(judged.settings.benchmarks), _names(here.settings.benchmarks)
    for name in sorted({*then, *now}):
        if name not in now:
            yield f"benchmark {name} is removed here"
        elif name not in then:
            yield f"benchmark {name} is new here"
        elif said := _benchmark(here, judged, name):
            yield f"benchmark {name}: {said}"


def _names(folder: Path) -> list[str]:
    return benchmark_names(folder) if folder.is_dir() else []


def _benchmark(here: Project, judged: Project, name: str) -> str:
    then = judged.benchmark(name)  # refused where the commit itself has it wrong
    try:
        now = here.benchmark(name)
    except HarnessError:
        return "cannot be read here"
    return "; ".join([*_bar(then, now), *_cases(then, now)])


def _bar(then: Benchmark, now: Benchmark) -> Iterator[str]:
    for changed in settings_differences(then, now):
        kind = changed.field.partition(" ")[0]
        # texts are named, not shown: a system turn may be long, and may be private
        shown = kind in ("metric", "policy", "generation", "task")
        values = f": {changed.old or 'none'} there, {changed.new or 'none'} here" if shown else ""
        yield f"{changed.field}{values}"


def _cases(then: Benchmark, now: Benchmark) -> Iterator[str]:
    added, removed, changed = case_differences(then.cases, now.cases)
    parts = (
        ("added", [case.id for case in added]),
        ("removed", [case.id for case in removed]),
        ("changed", [one.case for one in changed]),
    )
    for what, names in parts:
        if names:
            yield f"{count(len(names), 'case')} {what} ({_listed(names)})"
    if reserve_difference(then, now) is not None:
        yield "the reserve"


# --- the other files ---------------------------------------------------------------------------


def _settings(tree: GitTree, folder: Path, here: Project) -> Iterator[str]:
    place = tree.place(here.settings.root / SETTINGS)
    then = read_toml(folder / str(place), SettingsError).get("tool", {})
    now = read_toml(here.settings.root / SETTINGS, SettingsError).get("tool", {})
    for table, why in (("harness", ""), ("pytest", ", and pytest reads it")):
        old, new = (_flat(one.get(table, {})) for one in (then, now))
        keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        if keys:
            yield f"{SETTINGS} [tool.{table}] differs in {_listed(keys)}{why}"


def _flat(table: Any) -> dict[str, Any]:
    """Return the values of nested tables by their dotted names."""
    found: dict[str, Any] = {}
    for key, value in table.items() if isinstance(table, Mapping) else ():
        if isinstance(value, Mapping):
            found |= {f"{key}.{name}": one for name, one in _flat(value).items()}
        else:
            found[str(key)] = value
    return found


def _history(tree: GitTree, here: Project, judged: Project) -> Iterator[str]:
    file = here.settings.history_file
    then, now = (_lines(one.settings.history_file) for one in (judged, here))
    if then != now:
        more, fewer = len(now - then), len(then - now)
        yield f"{tree.place(file)}: {count(more, 'line')} only here, {fewer} only there"


def _lines(file: Path) -> set[int]:
    """Return a number for each line; the lines themselves may not fit into memory."""
    if not file.is_file():
        return set()
    with file.open("rb") as lines:
        return {hash(line.rstrip(b"\r\n")) for line in lines}


def _promoted(here: Project, judged: Project) -> Iterator[str]:
    then, now = read_promoted_file(judged), read_promoted_file(here)
    for task in sorted({*then, *now}):
        old, new = then.get(task), now.get(task)
        if old != new:
            names = [one["adapter"] if one else "nothing" for one in (old, new)]
            yield f"{here.promoted_file.name}: {names[0]} for {task} there, {names[1]} here"


def _weights(tree: GitTree, judged: Project) -> Iterator[str]:
    """Name changed weights of base and embedder where they lie in the repository."""
    root = judged.settings.root
    for what in ("base", "embedder"):
        place = tree.place(root / getattr(judged.settings, what))
        files = tree.changed(f":(literal){place}") if place else []
        if files:
            yield f"the {what} differs and is used as it is here ({_listed(files)})"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
