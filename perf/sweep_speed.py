"""Measure a sweep beside its generation: many adapters in one process, against the sum of parts.

    python perf/sweep_speed.py --adapters 8 --rounds 3

Each round, side by side: one sweep of N adapters in a new process; the base loaded and one
adapter's outputs and likelihoods made in a new process, each part timed; and the same N
adapters evaluated in N processes. The goal is sweep <= 1.1 x (load + N x generation).

On a machine that does other work the parts drift apart between processes; `beside` is taken inside
the sweep itself: its wall time over what its own runs say they spent loading and generating.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass
from typing import Any

from trial_project import TrialProject, machine, trial


@dataclass(frozen=True)
class Round:
    """One round, in seconds."""

    adapters: int
    swept: float
    load: float
    made: float
    """Generation and likelihoods of one adapter."""
    alone: float
    """The adapters one by one, each in a new process."""
    spent: float
    """What the sweep's own runs say they were loading and generating."""

    @property
    def parts(self) -> float:
        """Return the cost of a sweep that only loads and generates."""
        return self.load + self.adapters * self.made


def one_round(project: TrialProject) -> Round:
    """Run a sweep, its parts, and its adapters one by one."""
    names = project.candidates
    project.renew()
    swept = project.command("sweep", *names, "--json")
    spent = sum(one["generate"] + one["likelihood"] for one in project.seconds(names))
    parts: Any = project.script("engine_speed.py", "parts", names[0])
    project.renew()
    alone = sum(project.command("evaluate", name, "--json") for name in names)
    return Round(len(names), swept, parts["load"], parts["made"], alone, spent)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--adapters", type=int, default=8)
    options.add_argument("--cases", type=int, default=25)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    print("\n".join(machine()))
    with trial(asked.cases, asked.adapters) as project:
        rounds = [one_round(project) for _ in range(asked.rounds)]
    print(f"{asked.adapters} adapters on {asked.cases} cases, {asked.rounds} rounds")
    print("   sweep    load  generation  one by one   sweep/(load+N*gen)  beside  one by one/sweep")
    for one in rounds:
        print(
            f"{one.swept:7.1f}s {one.load:6.1f}s {one.made:10.1f}s {one.alone:10.1f}s"
            f" {one.swept / one.parts:20.2f} {one.swept / one.spent:7.2f}"
            f" {one.alone / one.swept:17.2f}"
        )
    ratio = statistics.median(one.swept / one.parts for one in rounds)
    print(f"median {ratio:.2f}, the goal is at most 1.10")


if __name__ == "__main__":
    main()
