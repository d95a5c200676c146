"""Measure a sweep beside its generation: many adapters in one process, against the sum of parts.

    python perf/sweep_speed.py --adapters 8 --rounds 3

Each round, in the same minute: the base loaded and adapters' outputs and likelihoods made in a new
process, each part timed; one sweep of N adapters in a new process; the parts again; and the same N
adapters evaluated in N processes. A sweep is compared with the mean of the parts before and after
it. The goal is sweep <= 1.1 x (load + N x generation).

`beside` is taken inside the sweep itself: its wall time over what its own runs say they spent
loading and generating.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass

from pairs import RULE, Comparison, Pair, Turn, fixed_work, in_turn, noise
from trial_project import TrialProject, machine, trial

GOAL = 1.1
PART = 2
"""Adapters whose generation is timed before a sweep, and again after it."""


@dataclass(frozen=True)
class SweepParts:
    """A sweep and its parts, in seconds."""

    adapters: int
    swept: float
    load: float
    made: float
    """Generation and likelihoods of one adapter."""
    spent: float
    """What the sweep's own runs say they were loading and generating."""
    noise: float
    """Of the machine, from the first parts to the last."""

    @property
    def parts(self) -> float:
        """Return the cost of a sweep that only loads and generates."""
        return self.load + self.adapters * self.made


def measured_sweep(project: TrialProject) -> SweepParts:
    """Run a sweep, with its parts before and after it."""
    names = project.candidates
    still = [fixed_work()]
    parts = [project.script("engine_speed.py", "parts", *names[:PART])]
    still.append(fixed_work())
    project.renew()
    swept = project.command("sweep", *names, "--json")
    still.append(fixed_work())
    spent = sum(one["generate"] + one["likelihood"] for one in project.seconds(names))
    parts.append(project.script("engine_speed.py", "parts", *names[-PART:]))
    still.append(fixed_work())
    load, made = (statistics.mean(one[key] for one in parts) for key in ("load", "made"))
    return SweepParts(len(names), swept, load, made, spent, max(still) / min(still) - 1)


def one_by_one(project: TrialProject) -> float:
    """Evaluate the adapters of a sweep in a new process each."""
    project.renew()
    return sum(project.command("evaluate", name, "--json") for name in project.candidates)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--adapters", type=int, default=8)
    options.add_argument("--cases", type=int, default=25)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    print("\n".join(f"- {line}" for line in machine()))
    with trial(asked.cases, asked.adapters) as project:
        turns = in_turn({"sweep": lambda: measured_sweep(project)}, asked.rounds)["sweep"]
    print(f"- {asked.adapters} adapters on {asked.cases} cases, {asked.rounds} rounds\n")
    print("| sweep | load | generation of one | sweep / (load + N x generation) | beside | noise |")
    print("|--:|--:|--:|--:|--:|--:|")
    for turn in turns:
        one = turn.found
        print(
            f"| {one.swept:.1f} s | {one.load:.1f} s | {one.made:.1f} s"
            f" | {one.swept / one.parts:.2f} | {one.swept / one.spent:.2f} | {one.noise:.0%} |"
        )
    beside = against_parts(turns)
    said = beside.too_noisy or f"{beside.ratio.told()}, {beside.ratio.reaches(GOAL)}"
    print(f"\nSweep over its parts, at most {GOAL}: {said}.\n\n{RULE}.")


def against_parts(turns: list[Turn[SweepParts]]) -> Comparison:
    """Compare each sweep with the mean of its parts before and after it."""
    return Comparison(
        tuple(
            Pair(turn.found.swept, turn.found.parts, max(turn.found.noise, noise(turn)))
            for turn in turns
        )
    )


if __name__ == "__main__":
    main()
