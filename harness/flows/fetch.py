"""Fetch an adapter by reference into the project: from a Hub, MLflow's registry, or a folder.

No other flow fetches an adapter. Bytes that a decision rests on are never replaced by other bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from harness import __version__
from harness.errors import AdapterRefused, RequestError, SettingsError
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.records import RESERVED, Decision
from harness.records.holds import EXACT, QUOTING
from harness.store.artifacts import MLflowArtifacts
from harness.store.in_production import in_production, pinned, puts_in_production
from harness.workspace.adapters.fetching import (
    Arrived,
    Listing,
    OnBytes,
    Source,
    bring,
    copied,
)
from harness.workspace.adapters.files import CONFIG, AdapterFiles, read_adapter
from harness.workspace.adapters.folder_source import FolderSource
from harness.workspace.adapters.hub_source import HubSource
from harness.workspace.adapters.origin import AdapterOrigin, read_origin
from harness.workspace.adapters.reference import (
    HubReference,
    ModelReference,
    RunReference,
    parse_reference,
)
from harness.workspace.adapters.staging import folder_beside
from harness.workspace.formats.names import check_name, inside
from harness.workspace.formats.reading import opened

_TRACKING, _REGISTRY = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """An adapter that lies in the project now."""

    name: str = field(metadata=EXACT)
    folder: Path
    digest: str = field(metadata=EXACT)
    files: tuple[str, ...] = field(metadata=EXACT)
    changed: bool
    """False if the same bytes were there already."""
    origin: AdapterOrigin | None
    """As recorded beside the files; None for a copy made by hand."""
    notes: tuple[str, ...] = field(metadata=QUOTING)


def fetch(
    project: Project,
    name: str,
    reference: str,
    *,
    replace: bool = False,
    store_url: str | None = None,
    mlflow: str | None = None,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Fetched:
    """Bring the files of an adapter into `adapters/NAME`, inspected, and record their origin."""
    adapters = project.settings.adapters
    target = _free_name(adapters, name)
    source, ref = _source(project, reference, mlflow)
    with folder_beside(adapters, name) as aside:
        arrived = bring(source, ref, name, aside, on_progress)
        digest = arrived.files.digest
        there = _there(adapters, name)
        if there is not None and there.digest == digest:
            origin = read_origin(target)
            return Fetched(name, target, digest, arrived.names, False, origin, arrived.notes)
        if there is not None and not replace:
            raise AdapterRefused(
                f"{name}: lies there already with other bytes ({there.digest[:12]}, not"
                f" {digest[:12]}), choose another name, or --replace"
            )
        _refuse_decided(project, store_url, name, arrived.files, there)
        origin = _origin(ref, arrived)
        arrived.put(target, origin, target if there is not None else None)
    return Fetched(name, target, digest, arrived.names, True, origin, arrived.notes)


def _free_name(adapters: Path, name: str) -> Path:
    """Return the adapter's folder; refuse a name that is taken by something else."""
    if name in RESERVED:
        raise RequestError(f"{name} is a reserved name, choose another")
    target = adapters / check_name(name)
    inside(adapters, target, AdapterRefused)
    client = target.parent
    if client != adapters and (client / CONFIG).exists():
        raise RequestError(f"{name}: {client.name} is an adapter itself, choose another name")
    if target.exists() and not target.is_dir():
        raise RequestError(f"{target}: is a file, choose another name")
    if target.is_dir() and not (target / CONFIG).exists() and any(target.iterdir()):
        raise RequestError(f"{target}: holds no adapter but other files, choose another name")
    below = sorted(target.glob(f"*/{CONFIG}")) if target.is_dir() else []
    if below:
        raise RequestError(
            f"{name}: {below[0].parent} is an adapter too and would go with it, choose another name"
        )
    return target


def _there(adapters: Path, name: str) -> AdapterFiles | None:
    return read_adapter(adapters, name) if (adapters / name / CONFIG).exists() else None


def _origin(ref: str, arrived: Arrived) -> AdapterOrigin:
    found = arrived.listing
    by = f"lora-harness {__version__}"
    digest = arrived.files.digest
    return AdapterOrigin(ref, found.resolved, found.revision, found.where, utc_now(), digest, by)


# --- what is promoted -----------------------------------------------------------------------


def _refuse_decided(
    project: Project,
    store_url: str | None,
    name: str,
    new: AdapterFiles,
    there: AdapterFiles | None,
) -> None:
    """Refuse to put other bytes under a name that a task's decisions rest on."""
    with closing(open_store(project, store_url)) as store:
        decisions = store.decisions.all()
    for what, held in (("promoted", in_production(decisions)), ("pinned", pinned(decisions))):
        for task, decision in held.items():
            if decision.adapter == name and not new.has_judged_bytes(decision.digest):
                raise AdapterRefused(
                    f"{name}: is {what} for {task} with other bytes ({decision.digest[:12]}, not"
                    f" {new.digest[:12]}), which are never replaced; choose another name"
                )
    earlier = _rests_on(decisions, there)
    if earlier is not None:
        raise AdapterRefused(
            f"{name}: its bytes were in production for {earlier.task}, a rollback needs them;"
            " choose another name"
        )


def _rests_on(decisions: list[Decision], there: AdapterFiles | None) -> Decision | None:
    """Return a promotion of the bytes that lie there now."""
    mine = [
        d
        for d in puts_in_production(decisions)
        if there is not None and d.adapter == there.name and there.has_judged_bytes(d.digest)
    ]
    return mine[-1] if mine else None


# --- where from -----------------------------------------------------------------------------


def _source(project: Project, text: str, mlflow: str | None) -> tuple[Source, str]:
    """Return what the reference leads to, and the reference as it is recorded."""
    found = parse_reference(text, Path.cwd())
    if isinstance(found, HubReference):
        return HubSource(found), found.at(found.revision) if found.named else text
    if isinstance(found, ModelReference | RunReference):
        return MLflowSource(_mlflow(project, mlflow), found), text
    return FolderSource(found), str(found)


def _mlflow(project: Project, uri: str | None) -> MLflowArtifacts:
    root = project.settings.root
    if asked := uri or project.settings.tracker.uri:
        return MLflowArtifacts(asked, root)
    named = os.environ.get(_TRACKING)
    if not named:
        raise SettingsError(
            f"no MLflow is named: `tracking_uri` under [tool.harness.mlflow], {_TRACKING}, or"
            " --mlflow URI"
        )
    return MLflowArtifacts(named, root, os.environ.get(_REGISTRY))


class MLflowSource:
    """A model version or a run in MLflow, as a source of an adapter."""

    def __init__(
        self, artifacts: MLflowArtifacts, reference: ModelReference | RunReference
    ) -> None:
        self._artifacts = artifacts
        self._ref = reference

    def listing(self) -> Listing:
        """Resolve an alias to its version and return the files below it."""
        ref, where = self._ref, self._artifacts.shown
        if isinstance(ref, RunReference):
            self._artifacts.open_run(ref.run, ref.folder)
            resolved = f"runs:/{ref.run}/{ref.folder}".rstrip("/")
            return Listing(resolved, ref.run, where, self._artifacts.files())
        version = self._artifacts.open_version(ref.model, ref.version, ref.alias, ref.folder)
        files = self._artifacts.files()
        resolved = ref.at(version)
        if not files:
            raise AdapterRefused(
                f"{resolved}: MLflow holds no files for it; what `promote` tells MLflow is a name"
                " and a digest, the weights stay where they are"
            )
        return Listing(resolved, version or ref.model, where, files)

    def bring(self, name: str, to: Path, limit: int, on_bytes: OnBytes) -> None:
        """Download a file beside its place, then copy its bytes there."""
        aside = to.parent.with_name("mlflow")
        place = self._artifacts.download(name, aside)
        with opened(place, AdapterRefused, limit) as file:
            copied(_chunks(file.read), to, limit, on_bytes)
        place.unlink()


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    return iter(lambda: read(_BLOCK), b"")
