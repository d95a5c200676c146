"""Make and read signing keys: PEM files on the curves that model-signing supports, or Ed25519.

Adapters are signed on those curves, decisions with Ed25519.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.errors import RequestError, reason
from harness.workspace.formats.reading import read_text

_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_LIMIT = 64 * 1024
_MAKE = "`lora-harness history sign --key FILE --new-key`"
_log = logging.getLogger(__name__)


@contextmanager
def new_keys(private: Path) -> Iterator[None]:
    """Make a P-256 key pair for what is signed inside; where that fails, remove it again."""
    public = private.with_suffix(".pub")
    missing = [folder for folder in private.parents if not folder.exists()]
    make_keys(private, public)
    try:
        yield
    except BaseException:  # also on Ctrl-C
        for path in (private, public):
            path.unlink(missing_ok=True)
        for folder in missing:
            with suppress(OSError):  # something else was put there meanwhile
                folder.rmdir()
        raise


def make_keys(
    private: Path, public: Path, password: bytes | None = None, *, for_decisions: bool = False
) -> None:
    """Write a new P-256 or Ed25519 key pair as PEM files; never overwrite an existing file."""
    for path in (private, public):
        if path.exists() or path.is_symlink():
            raise RequestError(f"{path}: is there already, keys are never overwritten")
    forms, ec = _crypto().forms, _crypto().ec
    if for_decisions:
        key = _crypto().ed25519.Ed25519PrivateKey.generate()
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    locked = forms.BestAvailableEncryption(password) if password else forms.NoEncryption()
    secret = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, locked)
    _write_new(private, secret, 0o600)
    try:
        _write_new(public, _pem(key.public_key()), 0o644)
    except RequestError:
        private.unlink()
        raise


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The mode is set before the content is there: a private key is never readable by others.
        path.touch(mode, exist_ok=False)
        path.write_bytes(content)
    except OSError as problem:
        raise RequestError(f"{path}: cannot be written ({problem.strerror})") from problem


def _pem(public: Any) -> bytes:
    forms = _crypto().forms
    found = public.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return bytes(found)


def check_private(path: Path, password: bytes | None) -> None:
    """Refuse a file that is no private key for signing, or does not open with the password."""
    _check_curve(path, _private(path, password))


def public_pem(path: Path) -> bytes:
    """Return the public key in the form whose digest signatures carry."""
    key = _public(path)
    _check_curve(path, key)
    return _pem(key)


def signing_key(path: Path, password: bytes | None) -> Any:
    """Return the private Ed25519 key of a file."""
    key = _private(path, password)
    if not isinstance(key, _crypto().ed25519.Ed25519PrivateKey):
        raise RequestError(f"{path}: is no Ed25519 key, {_MAKE} makes one")
    return key


def verifying_key(path: Path) -> tuple[str, bytes]:
    """Return the 32 bytes of a public Ed25519 key, after the digest that signatures name it by."""
    key = _public(path)
    if not isinstance(key, _crypto().ed25519.Ed25519PublicKey):
        raise RequestError(f"{path}: is no public Ed25519 key, {_MAKE} makes one")
    return key_name(key), key.public_bytes_raw()


def key_name(public: Any) -> str:
    """Return the digest by which signatures name a public key."""
    return hashlib.sha256(_pem(public)).hexdigest()


def _private(path: Path, password: bytes | None) -> Any:
    pem = read_text(path, RequestError, _LIMIT).encode()
    try:
        return _crypto().forms.load_pem_private_key(pem, password)
    except TypeError as problem:  # cryptography's way to say: password missing, or not needed
        said = "is encrypted, and no password was given" if password is None else "has no password"
        raise RequestError(f"{path}: the private key {said}") from problem
    except Exception as problem:  # cryptography raises many kinds; all mean: not this key
        _log.debug("%s: the private key cannot be loaded", path, exc_info=True)
        said = "opens with this password" if password else "is here"
        raise RequestError(f"{path}: no private key in PEM {said}") from problem


def _public(path: Path) -> Any:
    pem = read_text(path, RequestError, _LIMIT).encode()
    try:
        return _crypto().forms.load_pem_public_key(pem)
    except Exception as problem:  # as above
        _log.debug("%s: the public key cannot be loaded", path, exc_info=True)
        raise RequestError(f"{path}: is no public key in PEM ({reason(problem)})") from problem


def _check_curve(path: Path, key: Any) -> None:
    curve = getattr(getattr(key, "curve", None), "name", None)
    if curve not in _CURVES:
        raise RequestError(f"{path}: is no key on the curve P-256, P-384 or P-521")


def _crypto() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    except ImportError as problem:
        raise not_installed(problem) from problem
    return SimpleNamespace(forms=serialization, ec=ec, ed25519=ed25519)


def not_installed(problem: ImportError) -> RequestError:
    """Return the error that says how to install the libraries for signatures."""
    return RequestError(
        f"signatures need the sign extra ({problem}), `pip install 'lora-harness[sign]'` brings it"
    )
