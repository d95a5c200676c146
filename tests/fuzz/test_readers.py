"""Whatever lies in a file: the reader reads it, or refuses it in one printable line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.strategies import nonsense
from tests.fuzz.targets import TARGETS, ask

FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SOUND = sorted(set(TARGETS) - {"xlsx", "history", "signature", "name"})
"""Targets whose seeds are whole."""


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
@FEW
@given(data=st.data())
def test_any_bytes_are_read_or_refused_in_one_line(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    ask(TARGETS[name], data.draw(nonsense(TARGETS[name])), tmp_path)


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_example_is_read(name: str, tmp_path: Path) -> None:
    for seed in TARGETS[name].seeds:
        assert ask(TARGETS[name], seed, tmp_path) == ""
