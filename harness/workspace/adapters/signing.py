"""Adapter folders signed with a key of one's own, through OpenSSF's model-signing; no network.

Everything in the folder is signed but the signature itself, the model card and git's own files:
a card may be written after signing, since nothing loads it. The library is imported when used.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.errors import AdapterRefused, RequestError, WorldFailed, reason
from harness.workspace.adapters.files import CONFIG, JUDGED, AdapterFiles
from harness.workspace.adapters.keys import check_private, not_installed, public_pem
from harness.workspace.adapters.model_card import CARD
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import parse_json, read_text

SIGNATURE = "model.sig"
UNSIGNED = (SIGNATURE, CARD)
_GIT = (".git", ".gitattributes", ".github", ".gitignore")
"""The library leaves these out unless told otherwise; nothing loads them either."""
_STATEMENT = "https://model_signing/signature/v1.0"
_MISMATCH = "Signature mismatch"
_BUNDLE = {"mediaType", "verificationMaterial", "dsseEnvelope"}
_ENVELOPE = {"payload", "payloadType", "signatures"}
_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature file says was signed; true only once the signature is verified."""

    name: str
    """Of the folder when it was signed."""
    files: Mapping[str, str]
    """sha256 by file."""
    ignored: frozenset[str]
    key: str
    """sha256 of the public key."""
    text: str
    """The signature file itself."""


# --- sign -----------------------------------------------------------------------------------


def sign(adapter: AdapterFiles, private_key: Path, password: bytes | None = None) -> Path:
    """Write `model.sig` into the folder, for exactly the bytes that the adapter was read with."""
    library = _library()
    if adapter.folder.resolve() in private_key.resolve().parents:
        raise RequestError(f"{private_key}: lies in the adapter's folder, keep the key elsewhere")
    check_private(private_key, password)
    for odd in _odd(adapter.folder):
        raise AdapterRefused(f"{adapter.name}: {odd}")
    with tempfile.TemporaryDirectory(prefix="lora-harness-") as aside:
        made = Path(aside) / SIGNATURE
        try:
            signer = library.signing.Config().use_elliptic_key_signer(
                private_key=private_key, password=password
            )
            signer.set_hashing_config(_hashing(adapter.folder)).sign(adapter.folder, made)
        except (ValueError, OSError) as problem:
            raise AdapterRefused(f"{adapter.name}: cannot be signed ({reason(problem)})") from None
        signed = _parsed(read_text(made, AdapterRefused, _LIMIT), str(made))
    if judged_digest(signed.files) != adapter.digest:
        raise AdapterRefused(f"{adapter.name}: its files changed while they were signed, try again")
    file = adapter.folder / SIGNATURE
    try:
        write_atomically(file, signed.text)
        file.chmod((adapter.folder / CONFIG).stat().st_mode & 0o666)  # as readable as what it signs
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from None
    return file


def judged_digest(files: Mapping[str, str]) -> str:
    """The adapter's digest from the sha256 of each judged file."""
    whole = hashlib.sha256()
    for name in JUDGED:
        if name in files:
            whole.update(f"{name}\0{files[name]}\0".encode())
    return whole.hexdigest()


def _hashing(folder: Path) -> Any:
    return (
        _library()
        .hashing.Config()
        .set_ignored_paths(paths=sorted(_unsigned(folder)), ignore_git_paths=True)
    )


def _odd(folder: Path) -> Iterator[str]:
    """Links and pipes: what they lead to could not be signed."""
    for path in sorted(folder.glob("**/*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            yield f"{path.relative_to(folder)}: is a link or a device, put the file itself there"


def _unsigned(folder: Path) -> set[str]:
    """The names that are left out of the hashing of this folder."""
    return {*UNSIGNED, *(p.name for p in folder.glob(".*") if p.is_file() and _may_differ(p.name))}


def _may_differ(name: str) -> bool:
    """A killed writer's unfinished `.README.md.…` counts as the card."""
    return name in (*UNSIGNED, *_GIT) or name.startswith(tuple(f".{one}." for one in UNSIGNED))


# --- verify ---------------------------------------------------------------------------------


def signature_of(folder: Path) -> Signed | None:
    """What the folder's signature claims, unverified; None where there is none."""
    file = folder / SIGNATURE
    if not file.exists():
        return None
    return _parsed(read_text(file, AdapterRefused, _LIMIT), str(file))


def mismatches(folder: Path, public_key: Path, name: str | None = None) -> list[str]:
    """One line for each thing that is not as it was signed; none where all is.

    `name` is what the folder should be called; without it the adapter may lie under any name.
    """
    key = hashlib.sha256(public_pem(public_key)).hexdigest()
    try:
        signed = signature_of(folder)
    except AdapterRefused as problem:
        return [str(problem)]
    if signed is None:
        return [f"{SIGNATURE}: is missing, the adapter is not signed"]
    if signed.key != key:
        return [f"{SIGNATURE}: was made with another key than {public_key}"]
    return list(_found(folder, public_key, signed, name))


def _found(folder: Path, public_key: Path, signed: Signed, name: str | None) -> Iterator[str]:
    odd = list(_odd(folder))
    if odd:
        yield from odd
        return
    if not _authentic(folder, public_key, signed):
        yield f"{SIGNATURE}: is damaged, or was not made with this key"
        return
    yield from _differences(folder, signed)
    for missing in (file for file in JUDGED if file not in signed.files):
        yield f"{missing}: is not covered by the signature, sign the adapter again"
    for left in sorted(name for name in signed.ignored if not _may_differ(name)):
        yield f"{left}: was left out of the signature, sign the adapter again"
    if name is not None and signed.name != name:
        yield f"{SIGNATURE}: was made for {signed.name}, and lies under {name}"


def _authentic(folder: Path, public_key: Path, signed: Signed) -> bool:
    """Whether the key's owner signed this text, whatever lies in the folder now.

    The library verifies a copy of the very text that we have read; where it goes on to find that
    the folder differs, the signature itself was good.
    """
    with tempfile.TemporaryDirectory(prefix="lora-harness-") as aside:
        copy = Path(aside) / SIGNATURE
        copy.write_text(signed.text, encoding="utf-8", newline="\n")
        config = _library().verifying.Config().use_elliptic_key_verifier(public_key=public_key)
        try:
            config.set_hashing_config(_hashing(folder)).verify(folder, copy)
        except Exception as problem:  # the library raises many kinds, some without a word
            return str(problem).startswith(_MISMATCH)
    return True


def _differences(folder: Path, signed: Signed) -> Iterator[str]:
    """File by file, by the library's own hashing of the folder."""
    try:
        manifest = _hashing(folder).hash(folder)
    except (OSError, ValueError) as problem:
        yield f"{folder}: cannot be read ({reason(problem)})"
        return
    lies = {one.identifier: one.digest.digest_hex for one in manifest.resource_descriptors()}
    for file in sorted({*lies, *signed.files}):
        if file not in lies:
            yield f"{file}: is missing, it was there when the adapter was signed"
        elif file not in signed.files:
            yield f"{file}: was added after the adapter was signed"
        elif lies[file] != signed.files[file]:
            yield f"{file}: is not what was signed"


def _parsed(text: str, where: str) -> Signed:
    """The claims of a signature file; a strict reader goes before the library's."""
    bundle = parse_json(text, where, AdapterRefused)
    try:
        if {*bundle} != _BUNDLE or {*bundle["dsseEnvelope"]} != _ENVELOPE:
            raise ValueError  # nothing that the library might read in place of what we read
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True).decode()
        told = parse_json(payload, where, AdapterRefused)
        if told["predicateType"] != _STATEMENT:
            raise ValueError
        resources = told["predicate"]["resources"]
        return Signed(
            name=str(told["subject"][0]["name"]),
            files={str(one["name"]): str(one["digest"]) for one in resources},
            ignored=frozenset(map(str, told["predicate"]["serialization"]["ignore_paths"])),
            key=str(bundle["verificationMaterial"]["publicKey"]["hint"]),
            text=text,
        )
    except (KeyError, IndexError, TypeError, ValueError):
        raise AdapterRefused(f"{where}: is no signature of model-signing 1.0 or later") from None


def _library() -> Any:
    try:
        from model_signing import hashing, signing, verifying
    except ImportError as problem:
        raise not_installed(problem) from None
    return SimpleNamespace(hashing=hashing, signing=signing, verifying=verifying)
