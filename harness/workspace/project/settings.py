"""Read `[tool.harness]` of the nearest pyproject.toml.

Each section has a reader of its own, in the module of its name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import NoProject, SettingsError
from harness.records import (
    Calendar,
    CiSettings,
    Cluster,
    Endpoint,
    Generation,
    Notify,
    Privacy,
    RetrainLine,
    Tracker,
    WorthSettings,
)
from harness.workspace.formats.fields import Table, toml_table
from harness.workspace.project.calendar import read_calendar
from harness.workspace.project.ci import read_ci
from harness.workspace.project.cluster import read_cluster
from harness.workspace.project.endpoint import read_endpoint
from harness.workspace.project.generation import read_generation
from harness.workspace.project.notify import read_notify
from harness.workspace.project.privacy import read_privacy
from harness.workspace.project.retrain_lines import read_lines
from harness.workspace.project.worth import read_worth

QUANTIZE = ("none", "nf4", "int8")
SETTINGS = "pyproject.toml"
"""The file whose `[tool.harness]` makes a folder a project."""
HISTORY = "history.jsonl"
"""The history in the reports' folder, where `history` names no other file."""
MAX_NAME = 255
"""Bytes in the name of a file or folder, as file systems have it."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
"""A project's id; it becomes part of the name of a file, and of a schema on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a project, with absolute paths."""

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
    """The lines at which a review rate says retrain, by task and rate."""
    privacy: Privacy = field(default_factory=Privacy)
    """How much of the texts reports, pages, logs and exports may show."""
    tracker: Tracker = field(default_factory=Tracker)
    quantize: str = "none"
    """How the base's weights are quantised when it is loaded: nf4, int8 or none."""
    promotion_keys: tuple[Path, ...] = ()
    """Public keys whose owners may decide; empty where decisions need no signature."""
    project: str = ""
    """The id that keeps its rows apart in a store that several projects name; `init` writes it."""
    history: Path | None = None
    """The history that is committed with the project; every decision writes it anew."""
    worth: WorthSettings = field(default_factory=WorthSettings)
    """What the team declares about its work, for the page Worth."""
    notify: Notify = field(default_factory=Notify)
    """Whom to tell of alarms, decisions and verdicts, by a webhook."""
    ci: CiSettings = field(default_factory=CiSettings)
    """How CI installs the package."""
    calendar: Calendar = field(default_factory=Calendar)
    """The declared calendar of a replayed history; without it the clock tells the time."""
    history_texts: bool = False
    """Whether the committed history has inputs, ideals and outputs besides the scores."""

    @property
    def history_file(self) -> Path:
        """The history that a new store begins with, and that `history export` writes by itself."""
        return self.history or self.reports / HISTORY


def read_settings(start: Path | None = None) -> Settings:
    """Return the settings that hold in `start` (default: the working directory)."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / SETTINGS
        if not os.path.lexists(file):  # a link that leads nowhere is read, and refused
            continue
        found = settings_of(file, folder)
        if found is not None:
            return found
    raise NoProject(
        f"{here}: no pyproject.toml with [tool.harness] here or above, add one with at least `base`"
        " (`lora-harness init` writes one)"
    )


def settings_of(file: Path, root: Path) -> Settings | None:
    """Return the settings of a file for the project in `root`; None without [tool.harness]."""
    whole = toml_table(file, SettingsError)
    tool = whole.any("tool", {})
    if not isinstance(tool, dict) or "harness" not in tool:
        return None
    return _settings(root, whole.inside(tool["harness"], "tool", "harness"))


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
        quantize=table.choice("quantize", "none", QUANTIZE),
        promotion_keys=read_promotion(root, table.table("promotion")),
        history=_folder(root, table, "history") if table.has("history") else None,
        worth=read_worth(table.table("worth")),
        notify=read_notify(table.table("notify")),
        ci=read_ci(table.table("ci")),
        calendar=read_calendar(table.table("calendar")),
        history_texts=table.flag("history_texts", False),
        project=_project(table),
    )
    table.done()
    return settings


def _project(table: Table) -> str:
    """Return the project's id; empty where the settings name none."""
    named = table.text("project") if table.has("project") else ""
    if named and not _ID.fullmatch(named):
        raise table.fail(
            f"`project` is {named[:60]!r}, an id of at most 40 of a-z, 0-9 and - is needed"
        )
    return named


def _folder(root: Path, table: Table, key: str) -> Path:
    """Return a folder or file, relative to the project or absolute; it need not exist yet."""
    named = table.text(key, key)
    if any(len(os.fsencode(part)) > MAX_NAME for part in Path(named).parts):
        raise table.fail(f"`{key}` has a name of more than {MAX_NAME} bytes, no folder has")
    return root / named


def read_tracker(table: Table) -> Tracker:
    """Read `[mlflow]`; without the section no run is logged there."""
    given = bool(table.raw)
    found = Tracker(
        uri=table.text("tracking_uri") if given else "",
        experiment=table.text("experiment", Tracker().experiment),
    )
    table.done()
    return found


def read_promotion(root: Path, table: Table) -> tuple[Path, ...]:
    """Read `[promotion]`: files of public keys, relative to the project or absolute."""
    given = bool(table.raw)
    names = table.any("keys", [])
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise table.fail('`keys` must be a list of files, such as ["lead.pub"]')
    if given and not names:
        raise table.fail("`keys` names no file, so nobody could decide; leave the section out")
    table.done()
    return tuple(root / name for name in names)
