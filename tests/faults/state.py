"""A project's content independent of the clock, and whether it can be read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import select

from harness.cli.command import cli
from harness.flows.project import Project
from harness.store import Store, schema
from tests.faults.scenes import Scene

State = Mapping[str, Any]
"""By part; a set for what can grow."""
LOOKS = (("status", "--json"), ("verify", "--json"), ("history", "list", "--json"))
_CLOCK = ("finished", "seconds")


@dataclass
class Looked:
    """The content of a project as plain commands report it, and their complaints."""

    state: State = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a project's folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def look(folder: Path, words: Sequence[tuple[str, ...]] = LOOKS) -> Looked:
    """Return the project's content; plain commands must answer without a complaint."""
    found = Looked()
    with inside(folder):
        for asked in words:
            said = CliRunner().invoke(cli, asked, prog_name="lora-harness")
            if said.exit_code != 0:
                found.wrong.append(f"{asked[0]} ends with {said.exit_code}: {said.output.strip()}")
    try:
        found.state = state(folder)
    except Exception as problem:  # any failure at all means that the project cannot be read
        found.wrong.append(f"cannot be read: {problem!r}")
    return found


def state(folder: Path) -> dict[str, Any]:
    """Return every part of a project that a command may change."""
    project = Project.here(folder)
    with closing(Store(project.settings.store, folder)) as store:
        heads = store.runs.heads()
        found: dict[str, Any] = {
            "runs": frozenset(_numbered([f"{adapter} {on}" for _, adapter, on in heads])),
            "verdicts": frozenset(_numbered([_verdict(kept) for kept in store.verdicts.all()])),
            "ledger": frozenset(f"{d.seq} {d.kind} {d.adapter}" for d in store.decisions.all()),
            "outputs": frozenset(_keys(store)),
            "reviews": store.reviews.count(),
            "tasks": tuple(sorted(project.benchmarks)),
        }
    found |= {f"file {name}": digest for name, digest in _files(folder)}
    return found


def _verdict(kept: Any) -> str:
    return f"{kept.verdict.candidate} {kept.verdict.benchmark} {kept.verdict.outcome}"


def _numbered(names: list[str]) -> list[str]:
    """Number equal names, so that they stay distinct in a set."""
    return [f"{name} {names[:place].count(name)}" for place, name in enumerate(names)]


def _keys(store: Store) -> list[str]:
    with store.database.read() as connection:
        return [
            f"{table.name} {key}"
            for table in (schema.outputs, schema.likelihoods)
            for key in connection.execute(select(table.c.key)).scalars()
        ]


def _files(folder: Path) -> list[tuple[str, str]]:
    places = [*folder.glob("benchmarks/**/*"), *folder.glob("adapters/**/*")]
    places += [folder / "reports/columns.json"]
    found = []
    for place in sorted(places):
        name = place.relative_to(folder).as_posix()
        if place.is_file() and not name.startswith("adapters/.training/"):
            found.append((name, _digest(place)))
    return [(name, digest) for name, digest in found if not _is_left_over(name)]


def _is_left_over(name: str) -> bool:
    """Return whether a file is an unfinished hidden one, which no command reads."""
    return Path(name).name.startswith(".") and not name.startswith("adapters/v3/")


def _digest(place: Path) -> str:
    raw = place.read_bytes()
    if place.name == "training.json":
        about = json.loads(raw)
        raw = json.dumps({k: v for k, v in about.items() if k not in _CLOCK}).encode()
    if place.name == "promoted.json":
        tasks = json.loads(raw)["tasks"]
        raw = json.dumps({task: entry["adapter"] for task, entry in tasks.items()}).encode()
    return hashlib.sha256(raw).hexdigest()[:12]


def between(found: State, old: State, new: State, scene: Scene) -> list[str]:
    """Return parts that match neither their old nor their new state."""
    wrong = []
    for part in sorted({*found, *old, *new}):
        here, before, after = (one.get(part) for one in (found, old, new))
        if part in scene.grows:
            if not before <= here <= after:
                wrong.append(f"{part}: {sorted(here - after) or sorted(before - here)}")
        elif here not in (before, after):
            wrong.append(f"{part}: {here} is neither {before} nor {after}")
    return wrong + _in_pieces(found, old, new, scene)


def _in_pieces(found: State, old: State, new: State, scene: Scene) -> list[str]:
    if scene.whole is None:
        return []
    parts = [part for part in {*found, *old, *new} if part.startswith(f"file {scene.whole}/")]
    here, before, after = ([one.get(part) for part in parts] for one in (found, old, new))
    return [] if here in (before, after) else [f"{scene.whole}: only some of its files are new"]
