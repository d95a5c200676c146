"""Read the committed scores of the real ladder as arrays; on its own, print how its rungs differ.

    python perf/ladder_scores.py [--task support]

`perf/ladder.py` makes the scores. Every array has a row for each of `names`, the base first, and a
column for each case or production input.

Tested in tests/perf/test_ladder_scores.py.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

FOLDER = Path(__file__).resolve().parent / "ladder_scores"
TASKS = ("outreach", "support")


@dataclass(frozen=True, slots=True)
class PromotedFinals:
    """What people sent for the production inputs where one re-seed was the promoted adapter.

    Columns are in the order of time. The base weighed nothing here: its row is NaN.
    """

    done: tuple[str, ...]
    """accepted: sent verbatim; half: edited half-way to the ideal; whole: edited to the ideal."""
    sent: Scores
    """Likelihood of each final under every adapter."""
    verbatim: Scores
    """The same if every text had been sent as the promoted adapter wrote it: all finals lean."""


@dataclass(frozen=True, slots=True)
class LadderScores:
    """The scores of one task."""

    task: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """base, reseed, under, slice, terms or hot."""
    slices: tuple[str, ...]
    """The kind of text of each case."""
    production: tuple[str, ...]
    """The kind of text of each production input."""
    likelihood: Scores
    """Likelihood of each case's ideal."""
    similarity: Scores
    """Edit similarity of what is written to the ideal."""
    finals: Mapping[str, PromotedFinals]
    """By the name of the promoted adapter: each of `reseeds`."""

    @property
    def reseeds(self) -> tuple[str, ...]:
        """Return the adapters that differ by their seed only."""
        return tuple(n for n, kind in zip(self.names, self.kinds, strict=True) if kind == "reseed")

    def row(self, name: str) -> int:
        """Return the row of an adapter in every array."""
        return self.names.index(name)

    def differences(self, candidate: str, promoted: str) -> Scores:
        """Return candidate - promoted of every case, on the likelihood of its ideal."""
        return self.likelihood[self.row(candidate)] - self.likelihood[self.row(promoted)]

    def final_differences(self, candidate: str, promoted: str, verbatim: bool = False) -> Scores:
        """Return candidate - promoted of every final, on its likelihood."""
        found = self.finals[promoted]
        weighed = found.verbatim if verbatim else found.sent
        return weighed[self.row(candidate)] - weighed[self.row(promoted)]


def read_scores(task: str, folder: Path = FOLDER) -> LadderScores:
    """Return the committed scores of a task."""
    found = json.loads((folder / f"{task}.json").read_text("utf-8"))
    return LadderScores(
        task=found["task"],
        names=tuple(found["names"]),
        kinds=tuple(found["kinds"]),
        slices=tuple(found["slices"]["cases"]),
        production=tuple(found["slices"]["production"]),
        likelihood=_array(found["likelihood"]),
        similarity=_array(found["similarity"]),
        finals={
            name: PromotedFinals(
                tuple(one["done"]), _array(one["sent"], True), _array(one["verbatim"], True)
            )
            for name, one in found["finals"].items()
        },
    )


def _array(rows: list[list[float]], without_base: bool = False) -> Any:
    import numpy as np

    table = np.array(rows, dtype=np.float64)
    return np.vstack([np.full((1, table.shape[1]), np.nan), table]) if without_base else table


def table(scores: LadderScores) -> str:
    """Return each rung's mean difference from every re-seed (the cases' sd below the finals')."""
    head = f"{scores.task:<9}| likelihood | similarity |" + "".join(
        f" {name:>17} |" for name in scores.reseeds
    )
    lines = [head]
    for name in scores.names:
        row = scores.row(name)
        line = f"{name:<9}| {scores.likelihood[row].mean():>10.3f} | "
        line += f"{scores.similarity[row].mean():>10.3f} |"
        for promoted in scores.reseeds:
            d = scores.differences(name, promoted)
            line += f" {d.mean():+.3f} sd {d.std(ddof=1):.3f}   |"
        lines.append(line)
    lines.append("finals: mean as sent / all verbatim, and collapses (-.25 or more)")
    for name in scores.names[1:]:
        line = f"{name:<9}|            |            |"
        for promoted in scores.reseeds:
            sent = scores.final_differences(name, promoted)
            lean = scores.final_differences(name, promoted, verbatim=True)
            line += f" {sent.mean():+.3f}/{lean.mean():+.3f} {(sent <= -0.25).sum():>3} |"
        lines.append(line)
    for promoted in scores.reseeds:
        done = scores.finals[promoted].done
        counts = ", ".join(f"{done.count(x)} {x}" for x in ("accepted", "half", "whole"))
        lines.append(f"{promoted} promoted: {counts}")
    return "\n".join(lines)


def main() -> int:
    """Print the table of the tasks that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=TASKS, action="append", help="default: both")
    parser.add_argument("--scores", type=Path, default=FOLDER, help="default: perf/ladder_scores")
    asked = parser.parse_args()
    print("\n\n".join(table(read_scores(t, asked.scores)) for t in asked.task or TASKS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
