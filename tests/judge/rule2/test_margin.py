"""The margin is never larger than half of what there is to lose."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.rule2.margin import used_margin
from tests.judge.rule2.make import POLICY, gate, pair


@pytest.mark.parametrize(
    ("gain", "value", "source"),
    [
        (0.30, 0.03, "declared"),
        (0.06, 0.03, "declared"),
        (0.02, 0.01, "gain"),
        (0.0, 0.03, "none"),
        (-0.1, 0.03, "none"),
        (None, 0.03, "unknown"),
    ],
)
def test_the_gain_over_the_base_bounds_the_margin(
    gain: float | None, value: float, source: str
) -> None:
    found = used_margin(pair([0.0] * 25, base=gain), gate()[0], POLICY)
    assert (found.value, found.source) == (pytest.approx(value), source)


def test_a_yes_or_no_metric_keeps_its_declared_margin() -> None:
    paired = pair(np.zeros(25), level=1.0, base=0.02)
    assert used_margin(paired, gate(0.05)[0], POLICY).value == 0.05
