"""Which reviewed inputs are kept for judging."""

from __future__ import annotations

import pytest

from harness.findings.set_aside import is_set_aside


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_about_the_share_is_set_aside(share: float) -> None:
    found = sum(is_set_aside(f"input {n} of many", share) for n in range(4000)) / 4000
    assert found == pytest.approx(share, abs=0.02)


def test_equal_inputs_stay_together_however_they_are_written() -> None:
    for n in range(200):
        assert is_set_aside(f"To: Ana {n}", 0.2) == is_set_aside(f"to:  ana {n}!", 0.2)


def test_a_larger_share_keeps_what_a_smaller_one_kept() -> None:
    texts = [f"input {n}" for n in range(500)]
    kept = {text for text in texts if is_set_aside(text, 0.2)}
    assert kept <= {text for text in texts if is_set_aside(text, 0.3)}
