"""Sign decisions with a private Ed25519 key, and check them against the project's public keys.

A signature covers the decision's hash, and with it all that it rests on and every decision before
it; kind, task, adapter and digest stand in it once more, so that serving code can check
`promoted.json` without a store.

Tested in tests/workspace/adapters/test_decision_keys.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from harness.errors import RequestError
from harness.records import Decision
from harness.workspace.adapters.keys import key_name, signing_key, verifying_key

PRIVATE_KEY = "LORA_HARNESS_KEY"
"""Environment variable with the private key's file, where no `--key` names one."""
PASSWORD = "LORA_HARNESS_KEY_PASSWORD"
"""Environment variable with the private key's password, where it has one."""

Sign = Callable[[Decision], str]


def signer(private: Path) -> Sign:
    """Return the function that signs a decision, whose hash is set, with a private key."""
    password = os.environ.get(PASSWORD)
    key = signing_key(private, password.encode() if password else None)
    name = key_name(key.public_key())

    def sign(decision: Decision) -> str:
        return f"{name}:{base64.b64encode(key.sign(_statement(decision))).decode()}"

    return sign


class DecisionKeys:
    """The public keys whose owners may decide."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._keys = dict(map(verifying_key, files))

    def fault(self, decision: Decision) -> str | None:
        """Return why a decision is not signed by one of the keys, None if it is."""
        if decision.signature is None:
            return "is not signed"
        name, _, signature = decision.signature.partition(":")
        key = self._keys.get(name)
        if key is None:
            return "is signed with a key that is none of the project's"
        return None if _holds(key, signature, decision) else "does not fit its signature"


# A ledger is read many times, and each row costs a tenth of a millisecond.
@lru_cache(maxsize=65_536)
def _holds(key: bytes, signature: str, decision: Decision) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(
            base64.b64decode(signature, validate=True), _statement(decision)
        )
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _statement(decision: Decision) -> bytes:
    """Return the bytes that are signed."""
    if not decision.hash:
        raise RequestError("a decision is signed when it is recorded, not before")
    names = ("hash", "kind", "task", "adapter", "digest")
    said = {name: getattr(decision, name) for name in names}
    return b"lora-harness decision 1\n" + json.dumps(said, sort_keys=True).encode()
