"""Five minutes to your own: a base in a folder, an adapter from plain PEFT, a CSV of 25 pairs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.installing.five_minutes import walk
from tests.installing.own_model import write_all

pytestmark = [pytest.mark.real, pytest.mark.long]


def test_a_strangers_model_is_imported_judged_promoted_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("streamlit", reason="the pages need lora-harness[dashboard]")
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "brought").mkdir()
    write_all(tmp_path / "brought")
    found = walk(tmp_path / "brought", tmp_path / "shop", Path(sys.executable).parent)
    assert "mine" in found["compare"]
    assert found["report"].startswith(("opens in a browser", "not opened: no chromium"))
