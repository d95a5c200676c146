"""Several `--model`: one session, one backend, and so one base."""

from __future__ import annotations

from typing import Any

import pytest

import harness.flows.evaluation.session
from tests.plugin.conftest import Gate


@pytest.mark.long
def test_all_adapters_of_a_session_share_one_room(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    real = harness.flows.evaluation.session.open_backend

    def counted(*asked: Any) -> Any:
        opened.append(asked)
        return real(*asked)

    monkeypatch.setattr(harness.flows.evaluation.session, "open_backend", counted)
    result = gate("--model", "good", "--model", "same", "--model", "bad", "-q")
    assert len([line for line in result.outlines if line.endswith(" on openers")]) == 3
    assert len(opened) == 1
