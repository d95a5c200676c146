"""`[tool.harness]` of the nearest pyproject.toml: where things lie and how outputs are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import NoProject, SettingsError
from harness.records import Endpoint, Generation, Privacy, RetrainLine
from harness.workspace.endpoint import read_endpoint
from harness.workspace.fields import Table
from harness.workspace.privacy import read_privacy
from harness.workspace.reading import read_toml
from harness.workspace.retrain_lines import read_lines

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
    monitor: Mapping[str, Mapping[str, RetrainLine]] = field(default_factory=dict)
    """The lines that the team draws, by task and rate."""
    privacy: Privacy = field(default_factory=Privacy)
    """What reports, pages, logs and exports may show of texts."""


def read_settings(start: Path | None = None) -> Settings:
    """The settings that hold in `start` (the working directory): the nearest that has any."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        tool = read_toml(file, SettingsError).get("tool", {})
        if isinstance(tool, dict) and "harness" in tool:
            return _settings(
                folder, Table(tool["harness"], f"{file} [tool.harness]", SettingsError)
            )
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
        benchmarks=root / table.text("benchmarks", "benchmarks"),
        adapters=root / table.text("adapters", "adapters"),
        reports=root / table.text("reports", "reports"),
        engine=table.text("engine", "transformers"),
        generation=read_generation(table.table("generation"), Generation()),
        openai=read_endpoint(table.table("openai")),
        monitor=read_lines(table.table("monitor")),
        privacy=read_privacy(table.table("privacy")),
    )
    table.done()
    return settings


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
        max_seconds=table.number("max_seconds", defaults.max_seconds, 0.001, 86_400.0),
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
