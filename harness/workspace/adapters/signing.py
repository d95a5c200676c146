"""Sign and verify adapter folders with a key pair, through OpenSSF's model-signing; no network.

The signature covers the whole folder except itself, the model card, the record of the origin and
git's own files: these may be written after signing, since no engine loads them. The library is
imported when used.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.errors import AdapterRefused, RequestError, WorldFailed, reason
from harness.workspace.adapters.files import CONFIG, AdapterFiles, digest_of, judged_names
from harness.workspace.adapters.keys import check_private, not_installed, public_pem
from harness.workspace.adapters.model_card import CARD
from harness.workspace.adapters.origin import ORIGIN
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import parse_json, read_text
from harness.workspace.formats.scratch import scratch_folder

SIGNATURE = "model.sig"
UNSIGNED = (SIGNATURE, CARD, ORIGIN)
"""Files that may be written after signing: an origin is written where the adapter arrives."""
_GIT = (".git", ".gitattributes", ".github", ".gitignore")
"""The library leaves these out by default, and no engine loads them."""
_STATEMENT = "https://model_signing/signature/v1.0"
_MISMATCH = "Signature mismatch"
_BUNDLE = {"mediaType", "verificationMaterial", "dsseEnvelope"}
_ENVELOPE = {"payload", "payloadType", "signatures"}
_LIMIT = 4 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signed:
    """The claims of a signature file; true only once the signature is verified."""

    name: str
    """Of the folder when it was signed."""
    files: Mapping[str, str]
    """sha256 by file."""
    ignored: frozenset[str]
    key: str
    """sha256 of the public key."""
    text: str
    """The signature file itself."""


def refuse_in_adapter(key: Path) -> None:
    """Refuse a private key in an adapter's folder, which is copied and published as a whole."""
    for folder in key.resolve().parents:
        if (folder / CONFIG).exists():
            raise RequestError(f"{key}: lies in the adapter's folder, keep the key elsewhere")


# --- sign -----------------------------------------------------------------------------------


def sign(adapter: AdapterFiles, private_key: Path, password: bytes | None = None) -> Path:
    """Write `model.sig` into the folder, for exactly the bytes that `adapter` was read with."""
    library = _library()
    refuse_in_adapter(private_key)
    check_private(private_key, password)
    for fault in _unsignable(adapter.folder):
        raise AdapterRefused(f"{adapter.name}: {fault}")
    with scratch_folder() as aside:
        made = aside / SIGNATURE
        try:
            signer = library.signing.Config().use_elliptic_key_signer(
                private_key=private_key, password=password
            )
            signer.set_hashing_config(_hashing(adapter.folder)).sign(adapter.folder, made)
        except (ValueError, OSError) as problem:
            raise AdapterRefused(
                f"{adapter.name}: cannot be signed ({reason(problem)})"
            ) from problem
        signed = _parsed(read_text(made, AdapterRefused, _LIMIT), str(made))
    # The library read the files again: only their digests in the signature say what was signed.
    if digest_of(signed.files) != adapter.digest:
        raise AdapterRefused(f"{adapter.name}: its files changed while they were signed, try again")
    file = adapter.folder / SIGNATURE
    try:
        write_atomically(file, signed.text)
        file.chmod((adapter.folder / CONFIG).stat().st_mode & 0o666)  # as readable as what it signs
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from problem
    return file


def _hashing(folder: Path) -> Any:
    hidden = (path.name for path in folder.glob(".*") if path.is_file())
    unsigned = {*UNSIGNED, *(name for name in hidden if _may_differ(name))}
    config = _library().hashing.Config()
    return config.set_ignored_paths(paths=sorted(unsigned), ignore_git_paths=True)


def _unsignable(folder: Path) -> Iterator[str]:
    """Yield a line for each link, pipe or device: their targets cannot be signed."""
    for path in sorted(folder.glob("**/*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            yield f"{path.relative_to(folder)}: is a link or a device, put the file itself there"


def _may_differ(name: str) -> bool:
    # An unfinished `.README.md.…`, left by a killed writer, counts as the card.
    return name in (*UNSIGNED, *_GIT) or name.startswith(tuple(f".{file}." for file in UNSIGNED))


# --- verify ---------------------------------------------------------------------------------


def signature_of(folder: Path) -> Signed | None:
    """Return the unverified claims of the folder's signature, or None if it is not signed."""
    file = folder / SIGNATURE
    if not file.exists():
        return None
    return _parsed(read_text(file, AdapterRefused, _LIMIT), str(file))


def mismatches(folder: Path, public_key: Path, name: str | None = None) -> list[str]:
    """Return a line for each difference from the signed folder; an empty list verifies.

    `name` is the name that the adapter was signed under; without it any name is accepted.
    """
    key = hashlib.sha256(public_pem(public_key)).hexdigest()
    try:
        signed = signature_of(folder)
    except AdapterRefused as problem:
        return [str(problem)]
    if signed is None:
        return [f"{SIGNATURE}: is missing, the adapter is not signed"]
    # The key first: with another key every further line would only repeat that.
    if signed.key != key:
        return [f"{SIGNATURE}: was made with another key than {public_key}"]
    if unsignable := list(_unsignable(folder)):
        return unsignable
    if not _authentic(folder, public_key, signed):
        return [f"{SIGNATURE}: is damaged, or was not made with this key"]
    found = list(_differences(folder, signed))
    # A valid signature may still cover too little: made by other software, or with other options.
    for file in judged_names(folder):
        if file not in signed.files:
            found.append(f"{file}: is not covered by the signature, sign the adapter again")
    for file in sorted(signed.ignored):
        if not _may_differ(file):
            found.append(f"{file}: was left out of the signature, sign the adapter again")
    if name is not None and signed.name != name:
        found.append(f"{SIGNATURE}: was made for {signed.name}, and lies under {name}")
    return found


def _authentic(folder: Path, public_key: Path, signed: Signed) -> bool:
    """Return whether the key's owner signed this text, even if the folder has changed since.

    The library verifies a copy of the text that was parsed here, so that both read the same. When
    it reports a mismatch with the folder, the signature itself was good.
    """
    with scratch_folder() as aside:
        copy = aside / SIGNATURE
        copy.write_text(signed.text, encoding="utf-8", newline="\n")
        config = _library().verifying.Config().use_elliptic_key_verifier(public_key=public_key)
        try:
            config.set_hashing_config(_hashing(folder)).verify(folder, copy)
        except Exception as problem:  # the library raises many kinds, some without a message
            _log.debug("%s: model-signing refused the signature", folder, exc_info=True)
            return str(problem).startswith(_MISMATCH)
    return True


def _differences(folder: Path, signed: Signed) -> Iterator[str]:
    """Yield a line per file that differs, by the library's own hashing of the folder."""
    try:
        manifest = _hashing(folder).hash(folder)
    except (OSError, ValueError) as problem:
        yield f"{folder}: cannot be read ({reason(problem)})"
        return
    now = {file.identifier: file.digest.digest_hex for file in manifest.resource_descriptors()}
    for file in sorted({*now, *signed.files}):
        if file not in now:
            yield f"{file}: is missing, it was there when the adapter was signed"
        elif file not in signed.files:
            yield f"{file}: was added after the adapter was signed"
        elif now[file] != signed.files[file]:
            yield f"{file}: is not what was signed"


def _parsed(text: str, where: str) -> Signed:
    """Return the claims of a signature file, read more strictly than the library does."""
    bundle = parse_json(text, where, AdapterRefused)
    try:
        if {*bundle} != _BUNDLE or {*bundle["dsseEnvelope"]} != _ENVELOPE:
            raise ValueError  # a further key might hold the content that the library reads instead
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True).decode()
        statement = parse_json(payload, where, AdapterRefused)
        if statement["predicateType"] != _STATEMENT:
            raise ValueError
        resources = statement["predicate"]["resources"]
        return Signed(
            name=str(statement["subject"][0]["name"]),
            files={str(file["name"]): str(file["digest"]) for file in resources},
            ignored=frozenset(map(str, statement["predicate"]["serialization"]["ignore_paths"])),
            key=str(bundle["verificationMaterial"]["publicKey"]["hint"]),
            text=text,
        )
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        raise AdapterRefused(f"{where}: is no signature of model-signing 1.0 or later") from problem


def _library() -> Any:
    try:
        from model_signing import hashing, signing, verifying
    except ImportError as problem:
        raise not_installed(problem) from problem
    return SimpleNamespace(hashing=hashing, signing=signing, verifying=verifying)
