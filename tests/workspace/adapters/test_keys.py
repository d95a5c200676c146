"""Keys are made once, for their owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.workspace.adapters.keys import check_private, make_keys, public_pem


def test_a_key_is_readable_by_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    keys = tmp_path / "keys" / "team.pem", tmp_path / "keys" / "team.pub"
    make_keys(*keys)
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    before = keys[0].read_bytes()
    with pytest.raises(RequestError, match="never overwritten"):
        make_keys(keys[0], tmp_path / "new.pub")
    with pytest.raises(RequestError, match="never overwritten"):
        make_keys(tmp_path / "new.pem", keys[1])
    assert keys[0].read_bytes() == before
    assert not (tmp_path / "new.pem").exists()


def test_a_pair_is_usable_as_it_was_made(tmp_path: Path) -> None:
    make_keys(tmp_path / "a.pem", tmp_path / "a.pub", b"a word")
    check_private(tmp_path / "a.pem", b"a word")
    assert public_pem(tmp_path / "a.pub") == (tmp_path / "a.pub").read_bytes()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RequestError, match="cannot be written"):
        make_keys(tmp_path / "file" / "a.pem", tmp_path / "a.pub")
