"""Simulate the people who review what the promoted adapter of the ladder wrote.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

import random

from harness.measure import edit_similarity

ACCEPTED = 0.90
"""A text this similar to the ideal is sent verbatim."""


def review(text: str, ideal: str, rng: random.Random) -> tuple[str, str]:
    """Return what was done (accepted, half or whole) and the text that was sent.

    Half of the edited texts become the ideal. In the others the first half of the words is the
    ideal's and the rest is left, as editors who stop where it reads well leave it.
    """
    if edit_similarity(text, ideal) >= ACCEPTED:
        return "accepted", text
    if rng.random() < 0.5:
        return "whole", ideal
    wanted, written = ideal.split(), text.split()
    half = [*wanted[: (len(wanted) + 1) // 2], *written[(len(written) + 1) // 2 :]]
    return "half", " ".join(half)
