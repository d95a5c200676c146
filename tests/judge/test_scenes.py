"""The same scores get the same verdict in the same words, until somebody means to change that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.judge.scenes import ANSWERS, REFUSED, SCENES, told

KNOWN = json.loads(ANSWERS.read_text("utf-8"))


def alike(found: Any, known: Any) -> bool:
    """Equal, but for what another processor makes of the last digits."""
    if isinstance(found, float) or isinstance(known, float):
        return found == pytest.approx(known, rel=1e-6, abs=1e-6)
    if isinstance(found, dict) and isinstance(known, dict):
        return found.keys() == known.keys() and all(alike(found[k], known[k]) for k in found)
    if isinstance(found, list) and isinstance(known, list):
        return len(found) == len(known) and all(map(alike, found, known))
    return found == known and type(found) is type(known)


@pytest.mark.parametrize("name", SCENES | REFUSED)
def test_a_scene_ends_as_it_is_written_down(name: str) -> None:
    found = told((SCENES | REFUSED)[name])
    if not alike(found, KNOWN[name]):
        assert json.dumps(found, ensure_ascii=False) == json.dumps(KNOWN[name], ensure_ascii=False)


def test_every_scene_is_written_down_and_refusals_refuse() -> None:
    assert KNOWN.keys() == (SCENES | REFUSED).keys()
    assert all("refused" in KNOWN[name] for name in REFUSED)
    assert not any("refused" in KNOWN[name] for name in SCENES if isinstance(KNOWN[name], dict))
