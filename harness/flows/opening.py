"""Open what a flow needs: the store with the shipped history, an engine, an adapter on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from harness.engines.device import Device, machine_key, probe
from harness.engines.protocol import Engine, Mounted
from harness.errors import AdapterRefused, DataError, SettingsError
from harness.flows.project import Project
from harness.records import BASE, BASE_PROMPT, RESERVED
from harness.store import Store
from harness.workspace.adapters import AdapterFiles, file_digest, read_adapter, snapshot
from harness.workspace.cache import remember, remembered
from harness.workspace.gguf import model_folder
from harness.workspace.inspection import base_shape, inspect
from harness.workspace.names import check_name, inside
from harness.workspace.reading import read_jsonl, regular_file

ENGINES = ("transformers", "recorded")
NO_ADAPTER = hashlib.sha256(b"").hexdigest()
"""The digest of the base's missing adapter: no bytes at all."""
HISTORY = "history.jsonl"


def open_store(project: Project, url: str | None = None) -> Store:
    """The store; an empty one begins with the history that lies beside the reports."""
    from harness.flows.history import import_history

    store = Store(url or project.settings.store, project.settings.root)
    shipped = project.settings.reports / HISTORY
    try:
        if shipped.is_file() and store.is_empty:
            import_history(store, shipped)
    except BaseException:
        store.close()
        raise
    return store


def open_device() -> Device:
    """What an earlier process found out about this machine, else what torch says now."""
    key = machine_key()
    known = remembered("device.json").get(key)
    if isinstance(known, dict) and set(known) == {field.name for field in fields(Device)}:
        return Device(**known)
    found = probe()
    remember("device.json", key, asdict(found))
    return found


@dataclass(frozen=True, slots=True)
class Side:
    """An adapter as a flow handles it: name, digest of its bytes, the files if there are any."""

    name: str
    digest: str
    files: AdapterFiles | None = None


class TransformersRoom:
    """The in-process engine with its adapters: one base, private copies of the judged files."""

    def __init__(self, project: Project, copies: Path) -> None:
        self._project = project
        self._copies = copies
        self._engine: Engine | None = None

    @property
    def base_digest(self) -> str:
        """Of the base's weights and tokenizer."""
        return self._project.base.digest

    def side(self, name: str) -> Side:
        """The adapter's bytes as they are now."""
        if name in RESERVED:
            return Side(name, NO_ADAPTER)
        files = read_adapter(self._project.settings.adapters, name)
        return Side(name, files.digest, files)

    def engine(self, benchmark: str, side: Side) -> Engine:
        """The same engine for every benchmark and adapter."""
        if self._engine is None:
            from harness.engines.transformers import Transformers

            self._engine = Transformers(lambda: model_folder(self._project.base), open_device())
        return self._engine

    def mount(self, side: Side) -> Mounted:
        """A private copy of the judged bytes; what happens to the folder now changes nothing."""
        if side.files is None:
            return Mounted(side.name, side.digest, None)
        folder = self._copies / side.digest
        if not folder.is_dir():
            snapshot(side.files, folder)
            self.refuse_unsound(replace(side, files=replace(side.files, folder=folder)))
        return Mounted(side.name, side.digest, folder)

    def refuse_unsound(self, side: Side) -> None:
        """The doctor's file checks; the first that fails is the line that the user reads."""
        if side.files is None:
            return
        base = self._project.base
        for found in inspect(side.files, base_shape(model_folder(base), base.digest)):
            if not found.ok:
                raise AdapterRefused(found.message)


class RecordedRoom:
    """Outputs that ran elsewhere: `<folder>/<adapter>/<benchmark>.jsonl`."""

    base_digest = "recorded"

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def side(self, name: str) -> Side:
        """The digest is that of all its recorded files."""
        if name not in RESERVED:
            check_name(name, DataError)
        place = self._folder / name
        inside(self._folder, place, DataError)
        files = sorted(place.glob("*.jsonl"))
        if not files:
            raise DataError(f"{place}: no recorded outputs, one <benchmark>.jsonl is needed")
        whole = hashlib.sha256()
        for file in files:
            inside(self._folder, file, DataError)
            regular_file(file, DataError)
            whole.update(f"{file.name}\0{file_digest(file)}\0".encode())
        return Side(name, whole.hexdigest())

    def engine(self, benchmark: str, side: Side) -> Engine:
        """One reader per file."""
        from harness.engines.recorded import Recorded

        file = self._folder / side.name / f"{benchmark}.jsonl"
        return Recorded(list(read_jsonl(file, DataError)), file)

    def refuse_unsound(self, side: Side) -> None:
        """There is no adapter to look at."""

    def mount(self, side: Side) -> Mounted:
        """Nothing to load."""
        return Mounted(side.name, side.digest, None)


Room = TransformersRoom | RecordedRoom


def open_room(project: Project, engine: str | None, copies: Callable[[], Path]) -> Room:
    """`transformers`, `recorded` (folder `recorded/`) or `recorded:FOLDER`."""
    asked = engine or project.settings.engine
    kind, _, place = asked.partition(":")
    if kind == "transformers" and not place:
        return TransformersRoom(project, copies())
    if kind == "recorded":
        return RecordedRoom(project, project.settings.root / (place or "recorded"))
    raise SettingsError(f"{asked}: no such engine, known are {', '.join(ENGINES)}")


def is_base(name: str) -> bool:
    """Whether a name stands for the base model."""
    return name in (BASE, BASE_PROMPT)
