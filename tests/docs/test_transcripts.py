"""README.md shows verdicts as they were really given."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from harness.flows.opening import open_store
from harness.flows.project import Project
from harness.render import verdict_text
from tests.docs.markdown import ROOT
from tests.docs.shipped import shipped
from tests.docs.transcripts import CUT, PLACE, parts, transcript

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = {name: text for _, name, text, _ in PLACE.findall(README)}


def stored(folder: Path, adapter: str) -> str:
    """The verdict of the shipped history, in the words of the command."""
    with closing(open_store(Project.here(folder))) as store:
        kept = [one for one in store.verdicts.all() if one.verdict.candidate == adapter]
        [found] = [one for one in kept if one.verdict.benchmark == "outreach"]
        held = store.decisions.all()[1]
        assert held.adapter == found.verdict.promoted
        return verdict_text(found.verdict, promoted_at=held.at)


def test_the_refusal_is_the_one_in_the_shipped_history(tmp_path: Path) -> None:
    said = stored(shipped(tmp_path / "project", recorded=False), "adapter_v4").splitlines()
    place = 0
    for line in SHOWN["adapter_v4"].splitlines():
        if line != CUT and not line.lstrip().startswith("report "):
            assert line in said[place:], f"README.md has another line: {line}"
            place = said.index(line, place) + 1


def test_a_promotion_and_a_refusal_are_shown() -> None:
    assert "PROMOTE  adapter_v3 ·" in SHOWN["adapter_v3"]
    assert "REJECT  adapter_v4 ·" in SHOWN["adapter_v4"]


def test_what_decides_and_what_to_do_stays_in_a_transcript(tmp_path: Path) -> None:
    whole = stored(shipped(tmp_path / "project", recorded=False), "adapter_v4")
    cut = transcript(whole)
    names = [name for name, _ in parts(whole.splitlines())]
    assert names.count("case") > 2 and "worth it?" in names
    for word in ("REJECT", "  why ", "ideal likelihood gate", "worth it?", "  next "):
        assert word in cut
    assert "words that vanished" not in cut
    assert len(cut.splitlines()) < 45


@pytest.mark.parametrize("adapter", ["adapter_v3", "adapter_v4"])
def test_a_transcript_cut_again_stays_as_it_is(adapter: str) -> None:
    assert transcript(SHOWN[adapter]) == SHOWN[adapter]
