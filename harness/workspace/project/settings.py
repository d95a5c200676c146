"""`[tool.harness]` of the nearest pyproject.toml: where things lie and how outputs are made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import NoProject, SettingsError
from harness.records import Cluster, Endpoint, Generation, Privacy, RetrainLine, Tracker
from harness.workspace.formats.fields import Table
from harness.workspace.formats.toml_tables import toml_table
from harness.workspace.project.cluster import read_cluster
from harness.workspace.project.endpoint import read_endpoint
from harness.workspace.project.privacy import read_privacy
from harness.workspace.project.retrain_lines import read_lines
from harness.workspace.project.tracker import read_tracker

LONGEST_NAME = 255
"""Bytes in the name of one file or folder, as file systems have it."""
DTYPES = ("auto", "bfloat16", "float16", "float32")


@dataclass(frozen=True, slots=True)
class Settings:
    """The project's settings, paths made absolute."""

    root: Path
    base: str
    embedder: str
    store: str
    benchmarks: Path
    adapters: Path
    reports: Path
    engine: str
    generation: Generation
    openai: Endpoint = field(default_factory=Endpoint)
    ray: Cluster = field(default_factory=Cluster)
    monitor: Mapping[str, Mapping[str, RetrainLine]] = field(default_factory=dict)
    """The lines that the team draws, by task and rate."""
    privacy: Privacy = field(default_factory=Privacy)
    """What reports, pages, logs and exports may show of texts."""
    tracker: Tracker = field(default_factory=Tracker)


def read_settings(start: Path | None = None) -> Settings:
    """The settings that hold in `start` (the working directory): the nearest that has any."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if not os.path.lexists(file):
            continue
        whole = toml_table(file, SettingsError)
        tool = whole.any("tool", {})
        if isinstance(tool, dict) and "harness" in tool:
            return _settings(folder, whole.inside(tool["harness"], "tool", "harness"))
    raise NoProject(
        f"{here}: no pyproject.toml with [tool.harness] here or above, add one with at least `base`"
        " (`lora-harness init` writes one)"
    )


def _settings(root: Path, table: Table) -> Settings:
    settings = Settings(
        root=root,
        base=table.text("base"),
        embedder=table.text("embedder", "sentence-transformers/all-MiniLM-L6-v2"),
        store=table.text("store", "sqlite:///reports/harness.db"),
        benchmarks=_folder(root, table, "benchmarks"),
        adapters=_folder(root, table, "adapters"),
        reports=_folder(root, table, "reports"),
        engine=table.text("engine", "transformers"),
        generation=read_generation(table.table("generation"), Generation()),
        openai=read_endpoint(table.table("openai")),
        ray=read_cluster(table.table("ray")),
        monitor=read_lines(table.table("monitor")),
        privacy=read_privacy(table.table("privacy")),
        tracker=read_tracker(table.table("mlflow")),
    )
    table.done()
    return settings


def _folder(root: Path, table: Table, key: str) -> Path:
    """A folder below the project, or anywhere; whether it is there is seen when it is needed."""
    told = table.text(key, key)
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in Path(told).parts):
        raise table.fail(f"`{key}` has a name of more than {LONGEST_NAME} bytes, no folder has")
    return root / told


def read_generation(table: Table, defaults: Generation) -> Generation:
    """`[generation]`, of the project or of one benchmark, over what held before."""
    found = replace(
        defaults,
        max_new_tokens=table.whole("max_new_tokens", defaults.max_new_tokens, 1, 8192),
        dtype=table.choice("dtype", defaults.dtype, DTYPES),
        batch=table.whole("batch", defaults.batch, 1, 1024),
        seed=table.whole("seed", defaults.seed, 0, 2**31 - 1),
        samples=table.whole("samples", defaults.samples, 1, 64),
        temperature=table.number("temperature", defaults.temperature, 0.0, 10.0),
        max_seconds=table.number("max_seconds", defaults.max_seconds, 0.1, 86_400),
    )
    table.done()
    return checked_generation(found, table)


def checked_generation(generation: Generation, table: Table) -> Generation:
    """Samples and temperature need each other."""
    if generation.samples > 1 and generation.temperature == 0:
        raise table.fail(
            "`samples` above 1 needs a `temperature` above 0: greedy samples are equal"
        )
    return generation
