"""How often two people who reviewed the same output decided alike.

Tested in tests/alarm/test_agreement.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.alarm.wilson import wilson
from harness.records import Agreement, Rate, TwoLooks


def agreement(pairs: Sequence[TwoLooks]) -> Agreement:
    """Return how often the pairs agree, and how far their edits are apart."""
    n, same = len(pairs), sum(pair.one == pair.other for pair in pairs)
    low, high = wilson(same / n if n else 0.0, n)
    used = Counter(word for pair in pairs for word in (pair.one, pair.other))
    # Pooled over both sides: who looked first and who second means nothing.
    by_chance = sum((count / (2 * n)) ** 2 for count in used.values()) if n else 1.0
    distances = [
        abs(pair.one_rate - pair.other_rate)
        for pair in pairs
        if pair.one_rate is not None and pair.other_rate is not None
    ]
    return Agreement(
        Rate(same / n if n else None, n, low, high),
        None if by_chance == 1.0 else (same / n - by_chance) / (1 - by_chance),
        sum(distances) / len(distances) if distances else None,
        len(distances),
    )
