"""Two people, or many machines, at once: one wins, the other is told, and nothing is lost.

`make races` does the same a thousand times.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perf.races import cross, race, record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///reports/harness.db"
    return str(request.getfixturevalue("postgresql"))


@pytest.mark.long
def test_of_two_promotions_at_once_exactly_one_wins(url: str, tmp_path: Path) -> None:
    found = race(tmp_path / "project", url, 30)
    assert found.one_winner == 30
    assert found.losers_told == 30, "one line and exit code 4"
    assert found.whole == 30, "ledger and pointer name the winner"


@pytest.mark.long
def test_a_promotion_while_another_rolls_back_is_before_it_or_refused(
    url: str, tmp_path: Path
) -> None:
    found = cross(tmp_path / "project", url, 20)
    assert found.whole == 20, "ledger, exit codes and pointer agree; v3 never follows on v1"
    assert found.told == 20, "one line and exit code 4"


def test_all_that_is_recorded_at_once_is_there(url: str, tmp_path: Path) -> None:
    found = record(tmp_path, url, writers=4, each=50)
    assert (found.kept, found.changed, found.errors) == (200, 0, 0)
