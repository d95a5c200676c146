"""A damaged store is refused in one line, wherever the damage is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.damage import damaged


@pytest.mark.long
def test_a_damaged_store_opens_or_is_refused_in_a_line(tmp_path: Path) -> None:
    assert damaged(tmp_path, seed=5, wanted=60) == []
