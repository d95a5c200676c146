"""A store on a server: the client killed, the connection cut, the server gone, midway.

`make faults` does it at many more steps.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.postgresql import PostgreSQL
from tests.faults.scenes import SCENES
from tests.faults.server_trials import Loss, ServerTrials

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "loss", "count"),
    [("evaluate", "cut", 1), ("promote", "cut", 2), ("promote", "stopped", 1)],
)
def test_what_was_lost_in_the_middle_is_done_by_the_same_command_once_more(
    name: str,
    loss: Loss,
    count: int,
    postgresql_server: PostgreSQL,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", "set by every trial")
    trials = ServerTrials(SCENES[name], tmp_path / "scene", postgresql_server, loss)
    steps = trials.steps("kill")
    for number in range(count):
        found = trials.broken("kill", 1 + (2 * number + 1) * steps // (2 * count))
        assert found.ended.hit
        assert found.wrong == [], found
        assert found.lost == frozenset()
