"""Signing keys of one's own, as PEM files on the curves that model-signing knows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.errors import RequestError, reason
from harness.workspace.formats.reading import read_text

_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_LIMIT = 64 * 1024


def make_keys(private: Path, public: Path, password: bytes | None = None) -> None:
    """A new P-256 key pair as PEM files; an existing file is never overwritten."""
    for path in (private, public):
        if path.exists():
            raise RequestError(f"{path}: is there already, keys are never overwritten")
    forms, ec = _crypto().forms, _crypto().ec
    key = ec.generate_private_key(ec.SECP256R1())
    locked = forms.BestAvailableEncryption(password) if password else forms.NoEncryption()
    secret = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, locked)
    _write_new(private, secret, 0o600)
    _write_new(public, _pem(key.public_key()), 0o644)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode, exist_ok=False)
        path.write_bytes(content)
    except OSError as problem:
        raise RequestError(f"{path}: cannot be written ({problem.strerror})") from None


def _pem(public: Any) -> bytes:
    forms = _crypto().forms
    found = public.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return bytes(found)


def check_private(path: Path, password: bytes | None) -> None:
    """Refuse what does not open, or is no key that can sign here."""
    pem = read_text(path, RequestError, _LIMIT).encode()
    try:
        key = _crypto().forms.load_pem_private_key(pem, password)
    except TypeError:  # so says cryptography that a password is missing, or is one too many
        said = "is encrypted, and no password was given" if password is None else "has no password"
        raise RequestError(f"{path}: the private key {said}") from None
    except Exception:  # cryptography raises many kinds; all mean: not this key
        told = "opens with this password" if password else "is here"
        raise RequestError(f"{path}: no private key in PEM {told}") from None
    _check_curve(path, key)


def public_pem(path: Path) -> bytes:
    """The public key in the one form that signatures name it by."""
    pem = read_text(path, RequestError, _LIMIT).encode()
    try:
        key = _crypto().forms.load_pem_public_key(pem)
    except Exception as problem:  # as above
        raise RequestError(f"{path}: is no public key in PEM ({reason(problem)})") from None
    _check_curve(path, key)
    return _pem(key)


def _check_curve(path: Path, key: Any) -> None:
    curve = getattr(getattr(key, "curve", None), "name", None)
    if curve not in _CURVES:
        raise RequestError(f"{path}: is no key on the curve P-256, P-384 or P-521")


def _crypto() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as problem:
        raise not_installed(problem) from None
    return SimpleNamespace(forms=serialization, ec=ec)


def not_installed(problem: ImportError) -> RequestError:
    """What to do where the libraries of the extra are not there."""
    return RequestError(
        f"signatures need the sign extra ({problem}), `pip install 'lora-harness[sign]'` brings it"
    )
