"""Training on the real base: what is refused before anything is trained."""

from __future__ import annotations

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.real


def test_a_name_that_is_taken_is_refused_before_anything_is_trained(fresh):
    data = str(ROOT / "adapters/datasets/outreach_50.jsonl")
    done = fresh("harness.cli", "train", "adapter_v1", "--data", data)
    assert done.returncode == 4
    assert "exists already" in done.stderr
