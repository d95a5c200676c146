"""README.md shows verdicts as they were really given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import ROOT
from tests.docs.shipped import shipped
from tests.docs.transcripts import PLACE, parts, stored, transcript

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = {name: text for _, name, text, _ in PLACE.findall(README)}


def test_a_promotion_and_a_refusal_are_shown() -> None:
    assert "PROMOTE  adapter_v3 ·" in SHOWN["adapter_v3"]
    assert "REJECT  adapter_v4 ·" in SHOWN["adapter_v4"]


@pytest.mark.slow
def test_what_is_shown_is_what_the_shipped_history_says(tmp_path: Path) -> None:
    folder = shipped(tmp_path / "project", recorded=False)
    told = {name: stored(name, folder) for name in SHOWN}
    assert told["adapter_v4"] is not None
    for name, whole in told.items():
        if whole is not None:
            assert transcript(whole) == SHOWN[name], "python tests/docs/transcripts.py --write"


@pytest.mark.long
def test_what_decides_and_what_to_do_stays_in_a_transcript(tmp_path: Path) -> None:
    whole = stored("adapter_v4", shipped(tmp_path / "project", recorded=False))
    assert whole is not None
    cut = transcript(whole)
    names = [name for name, _ in parts(whole.splitlines())]
    assert names.count("case") > 2
    for word in ("REJECT", "  why ", "ideal likelihood gate", "worth it?", "  next "):
        assert word in cut
    assert "words that vanished" not in cut
    assert len(cut.splitlines()) < 40
