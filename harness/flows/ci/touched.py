"""Find the checks that changed files ask for: of their benchmarks, training data and adapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

from harness.flows.ci.changed import OF_AN_ADAPTER
from harness.workspace.formats.names import check_name
from harness.workspace.project.settings import Settings, read_settings

Kind = Literal["benchmarks", "data", "adapters"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DATASETS = "datasets"
"""The folder of training data, among the adapters."""
_ROWS = frozenset((".jsonl", ".csv", ".tsv", ".xlsx", ".parquet"))
_VERSIONS = ".versions.jsonl"


def checks_for(files: Iterable[Path], only: Kind | None = None) -> list[tuple[str, ...]]:
    """Return the commands to type for files, each once; files of no kind ask for none."""
    settings = read_settings()
    found = dict.fromkeys(_command(settings, file, only) for file in files)
    return [words for words in found if words]


def _command(settings: Settings, file: Path, only: Kind | None) -> tuple[str, ...]:
    place = Path.cwd() / file
    kind, name = next(_kinds(settings, place), (None, ""))
    if kind is None or only not in (None, kind):
        return ()
    if kind == "benchmarks":
        return ("benchmark", "check", name)
    return ("data", "check", str(file)) if kind == "data" else ("doctor", name)


def _kinds(settings: Settings, place: Path) -> Iterator[tuple[Kind, str]]:
    """Yield what a file belongs to, and its name."""
    if place.is_relative_to(settings.benchmarks):
        parts = place.relative_to(settings.benchmarks).parts
        if len(parts) > 1:
            yield "benchmarks", parts[0]
    elif place.is_relative_to(settings.adapters / DATASETS):
        if place.suffix in _ROWS and not place.name.endswith(_VERSIONS):
            yield "data", ""
    elif place.is_relative_to(settings.adapters) and place.name in OF_AN_ADAPTER:
        name = place.relative_to(settings.adapters).parent.as_posix()
        if name != ".":
            yield "adapters", check_name(name)
