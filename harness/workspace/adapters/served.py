"""Read `served.toml` in an adapter's folder: a model that is only a name on a server.

No bytes of it are here, so what is known of it is its address and its name there. The file holds
the name of the variable with the server's key, never the key.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import AdapterRefused, HarnessError
from harness.records import RESERVED, Endpoint
from harness.records.holds import EXACT, QUOTING
from harness.workspace.formats.fields import toml_table
from harness.workspace.formats.names import check_name, folder_of, inside
from harness.workspace.project.endpoint import read_endpoint

SERVED = "served.toml"
RENEW = 30
"""Days after which a name's answers are asked for again, where `renew` says nothing else."""
MAX_RENEW = 3650
_MAX_NOTE = 500
_LORA = "adapter_config.json"
_MODEL = re.compile(r"[!#-&(-_a-~]{1,200}", re.ASCII)
"""Printable, without blanks and quotation marks: sentences name the model without quoting it."""
_KEY = re.compile(r"(?:[A-Z0-9_]*_)?API_KEY", re.ASCII)
"""Other variables hold secrets that no model server should be sent, whatever a file asks for."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that is known by its name on a server."""

    name: str = field(metadata=EXACT)
    folder: Path
    endpoint: Endpoint
    note: str = field(default="", metadata=QUOTING)
    """What a person says about it, such as how it was trained."""
    task: str = field(default="", metadata=EXACT)
    """The task that it is for; empty where it may be for any."""
    renew: int = RENEW
    """Days after which its answers are asked for again."""

    @property
    def digest(self) -> str:
        """The digest of address and model name: all that can be known of its identity."""
        said = f"served\0{self.endpoint.url}\0{self.endpoint.model}"
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def called(self) -> str:
        """The model and its address, for people."""
        return f"{self.endpoint.model} at {self.endpoint.url}"


def is_served(root: Path, name: str) -> bool:
    """Return whether a name of the adapters' folder stands for a model on a server."""
    if name in RESERVED:
        return False
    return os.path.lexists(root / check_name(name) / SERVED)


def read_served(root: Path, name: str) -> ServedModel:
    """Return the model that a `served.toml` names; refuse a folder that has weights as well."""
    folder = folder_of(root, check_name(name))
    file = folder / SERVED
    inside(root, file, AdapterRefused)
    if (folder / _LORA).exists():
        raise AdapterRefused(
            f"{name}: has both {SERVED} and {_LORA}, so it is unclear what is judged; keep one"
        )
    table = toml_table(file, AdapterRefused)
    table.text("url")
    model, note = table.text("model"), table.text("note", "", blank=True)
    task, renew = table.text("task", "", blank=True), table.whole("renew", RENEW, 1, MAX_RENEW)
    has_key = table.has("key")
    if table.has("adapters"):
        raise table.fail("`adapters` is for a server that loads adapters, a name has none")
    try:
        endpoint = read_endpoint(table)
    except HarnessError as problem:
        raise AdapterRefused(str(problem)) from problem
    if not _MODEL.fullmatch(model):
        raise table.fail("`model` must be the server's name of it, without blanks and quotes")
    if len(note) > _MAX_NOTE or not note.isprintable():
        raise table.fail(f"`note` must be one line of at most {_MAX_NOTE} letters")
    if has_key and not _KEY.fullmatch(endpoint.key):
        raise table.fail(
            "`key` must name a variable that ends in API_KEY: no other secret is sent to a server"
        )
    if has_key and not (endpoint.url.startswith("https:") or endpoint.on_this_machine):
        raise table.fail("`url` must be https where a `key` is sent")
    endpoint = endpoint if has_key else replace(endpoint, key="")
    return ServedModel(name, folder, endpoint, note.strip(), task, renew)


def served_of(root: Path, name: str, digest: str) -> ServedModel | None:
    """Return the model of a digest; None where the name is no such model, or another one now."""
    try:
        found = read_served(root, name) if is_served(root, name) else None
    except HarnessError:
        return None
    return found if found is not None and found.digest == digest else None


def served_names(root: Path) -> list[str]:
    """Return the names of the models on servers, sorted; a client's has a `/`."""
    found = [*root.glob(f"*/{SERVED}"), *root.glob(f"*/*/{SERVED}")]
    return sorted(file.parent.relative_to(root).as_posix() for file in found)
