"""A signed adapter stays what it was, or the file that changed is named."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from harness.errors import AdapterRefused, RequestError, WorldFailed
from harness.workspace.adapters import signing
from harness.workspace.adapters.files import digest_of
from harness.workspace.adapters.keys import make_keys
from harness.workspace.adapters.signing import (
    SIGNATURE,
    mismatches,
    sign,
    signature_of,
)
from tests.fakes.adapters import TinyAdapter, TinyBase


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("signing went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    private, public = tmp_path / "keys" / "team.pem", tmp_path / "keys" / "team.pub"
    make_keys(private, public)
    return private, public


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    return TinyAdapter(tmp_path / "adapters", "adapter_v1", base).write()


@pytest.fixture
def signed(adapter: TinyAdapter, keys: tuple[Path, Path]) -> TinyAdapter:
    sign(adapter.files(), keys[0])
    return adapter


def test_a_signed_adapter_verifies_with_the_public_key(signed: TinyAdapter, keys: Any) -> None:
    assert mismatches(signed.folder, keys[1]) == []
    assert mismatches(signed.folder, keys[1], "adapter_v1") == []


def test_the_signature_changes_no_judged_byte(adapter: TinyAdapter, keys: Any) -> None:
    before = adapter.files().digest
    sign(adapter.files(), keys[0])
    assert adapter.files().digest == before
    found = signature_of(adapter.folder)
    assert found is not None
    assert digest_of(found.files) == before


def test_it_is_as_readable_as_what_it_signs(signed: TinyAdapter) -> None:
    modes = [
        stat.S_IMODE((signed.folder / name).stat().st_mode)
        for name in (SIGNATURE, "adapter_config.json")
    ]
    assert modes[0] == modes[1]


def _one_byte(folder: Path) -> None:
    file = folder / "adapter_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


TAMPERED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "one byte of the weights": (_one_byte, "adapter_model.safetensors: is not what was signed"),
    "the configuration": (
        lambda f: (f / "adapter_config.json").write_text("{}"),
        "adapter_config.json: is not what was signed",
    ),
    "the provenance": (
        lambda f: (f / "training.json").write_text("{}"),
        "training.json: is not what was signed",
    ),
    "a pickle beside": (
        lambda f: (f / "adapter_model.bin").write_bytes(b"x"),
        "adapter_model.bin: was added after the adapter was signed",
    ),
    "a file in a folder": (
        lambda f: ((f / "more").mkdir(), (f / "more" / "x.py").write_text("x")),
        f"more{os.sep}x.py: was added after the adapter was signed",
    ),
    "a missing file": (
        lambda f: (f / "training.json").unlink(),
        "training.json: is missing, it was there when the adapter was signed",
    ),
    "a missing signature": (
        lambda f: (f / SIGNATURE).unlink(),
        "model.sig: is missing, the adapter is not signed",
    ),
    "a link": (
        lambda f: (f / "link").symlink_to(f / "training.json"),
        "link: is a link or a device, put the file itself there",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_tampered_with_is_named_in_one_line(
    what: str, signed: TinyAdapter, keys: Any
) -> None:
    tamper, line = TAMPERED[what]
    tamper(signed.folder)
    assert mismatches(signed.folder, keys[1]) == [line]


def test_a_pipe_is_named_and_never_waited_for(signed: TinyAdapter, keys: Any) -> None:
    os.mkfifo(signed.folder / "pipe")
    assert mismatches(signed.folder, keys[1]) == [
        "pipe: is a link or a device, put the file itself there"
    ]


def test_several_changes_have_a_line_each(signed: TinyAdapter, keys: Any) -> None:
    _one_byte(signed.folder)
    (signed.folder / "extra.txt").write_text("x")
    (signed.folder / "training.json").unlink()
    found = [line.split(":")[0] for line in mismatches(signed.folder, keys[1])]
    assert found == ["adapter_model.safetensors", "extra.txt", "training.json"]


def test_a_model_card_may_be_written_after_signing(signed: TinyAdapter, keys: Any) -> None:
    (signed.folder / "README.md").write_text("# adapter_v1\n")
    assert mismatches(signed.folder, keys[1]) == []
    (signed.folder / "README.md").write_text("# other words\n")
    assert mismatches(signed.folder, keys[1]) == []


def test_what_a_killed_writer_left_of_a_card_or_signature_does_no_harm(
    signed: TinyAdapter, keys: Any
) -> None:
    for name in (".README.md.k2j9x_1a", ".model.sig.00aabbcc"):
        (signed.folder / name).write_text("half")
    assert mismatches(signed.folder, keys[1]) == []
    sign(signed.files(), keys[0])
    (signed.folder / ".README.md.k2j9x_1a").unlink()
    assert mismatches(signed.folder, keys[1]) == []


# --- the signature itself -----------------------------------------------------------------------


def _edited(adapter: TinyAdapter, edit: Callable[[dict[str, Any]], None]) -> None:
    file = adapter.folder / SIGNATURE
    bundle = json.loads(file.read_text())
    edit(bundle)
    file.write_text(json.dumps(bundle))


def _payload(bundle: dict[str, Any], edit: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    edit(told)
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(told).encode()).decode()


def test_a_forged_list_of_files_is_refused(signed: TinyAdapter, keys: Any) -> None:
    _one_byte(signed.folder)

    def forge(bundle: dict[str, Any]) -> None:
        def repaint(told: dict[str, Any]) -> None:
            for one in told["predicate"]["resources"]:
                if one["name"] == "adapter_model.safetensors":
                    one["digest"] = judged_now
            _refresh_root(told)

        _payload(bundle, repaint)

    from harness.workspace.adapters.files import file_digest

    judged_now = file_digest(signed.weights)
    _edited(signed, forge)
    assert mismatches(signed.folder, keys[1]) == [
        "model.sig: is damaged, or was not made with this key"
    ]


def _refresh_root(told: dict[str, Any]) -> None:
    import hashlib

    whole = b"".join(bytes.fromhex(one["digest"]) for one in told["predicate"]["resources"])
    told["subject"][0]["digest"]["sha256"] = hashlib.sha256(whole).hexdigest()


def test_another_key_is_told_apart_from_damage(
    signed: TinyAdapter, keys: Any, tmp_path: Path
) -> None:
    make_keys(tmp_path / "other.pem", tmp_path / "other.pub")
    assert mismatches(signed.folder, tmp_path / "other.pub") == [
        f"model.sig: was made with another key than {tmp_path / 'other.pub'}"
    ]


def test_a_signature_that_only_claims_our_key_is_refused(
    signed: TinyAdapter, keys: Any, tmp_path: Path
) -> None:
    ours = signature_of(signed.folder)
    assert ours is not None
    make_keys(tmp_path / "other.pem", tmp_path / "other.pub")
    sign(signed.files(), tmp_path / "other.pem")
    _edited(signed, lambda b: b["verificationMaterial"]["publicKey"].update(hint=ours.key))
    assert mismatches(signed.folder, keys[1]) == [
        "model.sig: is damaged, or was not made with this key"
    ]


def test_a_second_envelope_beside_the_signed_one_is_refused(signed: TinyAdapter, keys: Any) -> None:
    _edited(signed, lambda b: b.update(dsse_envelope=b["dsseEnvelope"]))
    (line,) = mismatches(signed.folder, keys[1])
    assert line.endswith("is no signature of model-signing 1.0 or later")


DAMAGED = {
    "empty": b"",
    "cut off": b'{"mediaType": "application/vnd',
    "not text": b"\xff\x00\x80",
    "another object": b"{}",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "twice": b'{"a": 1, "a": 2}',
    "payload is no base64": b'{"dsseEnvelope": {"payload": "%%%"}}',
    "payload is no statement": b'{"dsseEnvelope": {"payload": "e30="}}',
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_signature_is_one_line(what: str, signed: TinyAdapter, keys: Any) -> None:
    (signed.folder / SIGNATURE).write_bytes(DAMAGED[what])
    (line,) = mismatches(signed.folder, keys[1])
    assert SIGNATURE in line
    assert "\n" not in line


def test_every_single_flipped_byte_of_the_signature_is_noticed_or_means_nothing(
    signed: TinyAdapter, keys: Any
) -> None:
    file = signed.folder / SIGNATURE
    whole = file.read_bytes()
    claimed = signature_of(signed.folder)
    assert claimed is not None
    for place in range(0, len(whole), 97):
        changed = bytearray(whole)
        changed[place] ^= 1
        file.write_bytes(changed)
        wrong = mismatches(signed.folder, keys[1])
        if not wrong:  # a key that nobody reads: what was signed is still the same
            still = signature_of(signed.folder)
            assert still is not None
            assert replace(still, text="") == replace(claimed, text="")


def test_a_signature_that_leaves_the_weights_out_is_not_enough(
    adapter: TinyAdapter, keys: Any
) -> None:
    """The stock command can sign around a file; the key being ours does not make that good."""
    from model_signing import hashing
    from model_signing import signing as stock

    left = hashing.Config().set_ignored_paths(paths=[SIGNATURE, "adapter_model.safetensors"])
    stock.Config().use_elliptic_key_signer(private_key=keys[0]).set_hashing_config(left).sign(
        adapter.folder, adapter.folder / SIGNATURE
    )
    found = mismatches(adapter.folder, keys[1])
    assert "adapter_model.safetensors: is not covered by the signature, sign the adapter again" in (
        found
    )


def test_the_stock_verifier_takes_our_signature(signed: TinyAdapter, keys: Any) -> None:
    from model_signing import verifying

    (signed.folder / "README.md").write_text("written later")
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=keys[1])
    verifier.verify(signed.folder, signed.folder / SIGNATURE)
    _one_byte(signed.folder)
    with pytest.raises(ValueError, match="mismatch"):
        verifier.verify(signed.folder, signed.folder / SIGNATURE)


def test_an_old_adapter_under_a_new_name_is_noticed_where_the_name_is_asked(
    signed: TinyAdapter, keys: Any, tmp_path: Path
) -> None:
    moved = signed.folder.rename(signed.root / "adapter_v2")
    assert mismatches(moved, keys[1]) == []
    assert mismatches(moved, keys[1], "adapter_v2") == [
        "model.sig: was made for adapter_v1, and lies under adapter_v2"
    ]


# --- keys ---------------------------------------------------------------------------------------


def test_a_key_with_a_password_opens_with_it_alone(adapter: TinyAdapter, tmp_path: Path) -> None:
    private, public = tmp_path / "locked.pem", tmp_path / "locked.pub"
    make_keys(private, public, b"a word")
    with pytest.raises(RequestError, match="encrypted"):
        sign(adapter.files(), private)
    with pytest.raises(RequestError, match=r"locked\.pem"):
        sign(adapter.files(), private, b"another")
    sign(adapter.files(), private, b"a word")
    assert mismatches(adapter.folder, public) == []


def _foreign_key(kind: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    curve: Any = ed25519.Ed25519PrivateKey.generate()
    if kind == "secp256k1":
        curve = ec.generate_private_key(ec.SECP256K1())
    from cryptography.hazmat.primitives import serialization as form

    return bytes(
        curve.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\xfe", "ed25519", "secp256k1"])
def test_what_is_no_usable_key_is_one_line(
    content: bytes | str, adapter: TinyAdapter, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.pem"
    file.write_bytes(_foreign_key(content) if isinstance(content, str) else content)
    with pytest.raises(RequestError, match=r"wrong\.pem"):
        sign(adapter.files(), file)
    with pytest.raises(RequestError, match=r"wrong\.pem"):
        mismatches(adapter.folder, file)
    assert not (adapter.folder / SIGNATURE).exists()


def test_a_public_key_in_place_of_the_private_one_is_one_line(
    adapter: TinyAdapter, keys: Any
) -> None:
    with pytest.raises(RequestError, match="private"):
        sign(adapter.files(), keys[1])
    with pytest.raises(RequestError, match="public"):
        mismatches(adapter.folder, keys[0])


def test_a_full_disk_leaves_the_old_signature(
    signed: TinyAdapter, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (signed.folder / SIGNATURE).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorldFailed, match="No space"):
        sign(signed.files(), keys[0])
    assert (signed.folder / SIGNATURE).read_bytes() == before
    assert mismatches(signed.folder, keys[1]) == []


def test_a_key_in_the_adapter_s_folder_is_refused(adapter: TinyAdapter) -> None:
    make_keys(adapter.folder / "key.pem", adapter.root / "key.pub")
    with pytest.raises(RequestError, match="keep the key elsewhere"):
        sign(adapter.files(), adapter.folder / "key.pem")


def test_files_that_change_while_they_are_signed_are_not_signed(
    adapter: TinyAdapter, keys: Any
) -> None:
    read = adapter.files()
    _one_byte(adapter.folder)
    with pytest.raises(AdapterRefused, match="changed while they were signed"):
        sign(read, keys[0])
    assert not (adapter.folder / SIGNATURE).exists()


def test_without_the_extra_it_says_what_brings_it(
    adapter: TinyAdapter, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "model_signing", None)
    with pytest.raises(RequestError, match=r"lora-harness\[sign\]"):
        sign(adapter.files(), keys[0])


def test_the_library_s_private_word_for_a_changed_folder_is_still_the_same(
    signed: TinyAdapter, keys: Any
) -> None:
    """`mismatches` tells a changed folder from a forged signature by it."""
    from model_signing import verifying

    _one_byte(signed.folder)
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=keys[1])
    with pytest.raises(ValueError) as caught:
        verifier.verify(signed.folder, signed.folder / SIGNATURE)
    assert str(caught.value).startswith(signing._MISMATCH)
