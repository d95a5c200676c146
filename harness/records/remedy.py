"""From alarm to remedy in words: what to train on, and what to add to the benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING
from harness.records.monitoring import Health


@dataclass(frozen=True, slots=True)
class Plan:
    """What `monitor --plan` wrote."""

    task: str = field(metadata=EXACT)
    promoted: str = field(metadata=EXACT)
    state: Health = field(metadata=EXACT)
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Why, as `monitor` says it."""
    folder: str = field(metadata=EXACT)
    edited: int
    """Examples whose output editors changed, the most edited first."""
    accepted: int
    """Examples that were sent as they were: what the adapter must not unlearn."""
    old: int
    """Examples of the promoted adapter's own training set that go on being learnt."""
    old_from: str = field(metadata=QUOTING)
    """Where they were found, or why they were not."""
    replaced: int
    """Of the old ones, those whose input has a newer final."""
    left_out: int
    """Of the old ones, those that a benchmark holds."""
    examples: int
    """In the training file."""
    rejected_cases: int
    """Proposed cases whose ideal a person has to write."""
    edited_cases: int
    """Proposed cases with the editor's final as ideal; kept out of the training file."""
    training: str = field(metadata=EXACT)
    """The training file."""
    name: str = field(metadata=EXACT)
    """Of the next adapter."""
    train: str = field(metadata=EXACT)
    """The command."""
