"""Measure on this machine what a worker takes for a piece, a mount and a load.

    python perf/fleet_costs.py --cases 30

The shipped base in one process, with fresh copies of the shipped adapter. Tested in
tests/perf/test_fleet.py through what is made of the figures.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import asdict
from pathlib import Path

from fleet_cluster import Costs
from trial_project import TrialProject, machine

FEW = 10
"""Cases of the smaller of two pieces: from both follows what a piece costs besides its cases."""
REPEATED = 3


def measured(cases: int) -> Costs:
    """Return the medians over some adapters, each measured in all parts."""
    from engine_speed import opened, spent

    with tempfile.TemporaryDirectory() as place:
        project = TrialProject(Path(place) / "project", cases, 3 * REPEATED)
        whole, few, weighing = (project.candidates[i::3] for i in range(3))
        with opened(project.folder) as work:
            load, _ = spent(lambda: work.engine.runner(work.generation))
            work.applied("adapter_v1")  # the base's own answer to the proof is computed once
            mounts, wrote, weighed, smaller, alone = [], [], [], [], []
            for name in whole:
                mounts.append(spent(lambda name=name: work.applied(name))[0])
                wrote.append(spent(lambda name=name: work.written(name))[0])
                weighed.append(spent(lambda name=name: work.weighed(name))[0])
            for name in weighing:
                work.applied(name)
                alone.append(spent(lambda name=name: work.weighed(name))[0])
            prompts, work.prompts = work.prompts, work.prompts[::3][:FEW]
            for name in few:
                work.applied(name)
                smaller.append(spent(lambda name=name: work.written(name))[0])
    count, fewer = len(prompts), len(work.prompts)
    large, small = statistics.median(wrote), statistics.median(smaller)
    case = max(0.0, large - small) / (count - fewer)
    weigh = statistics.median(weighed) / count
    return Costs(
        load=load,
        mount=statistics.median(mounts),
        piece=max(0.0, large - case * count),
        case=case,
        weigh=weigh,
        read=max(0.0, statistics.median(alone) / count - weigh),
    )


def main() -> None:
    """Print the figures in seconds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=30)
    print("\n".join(machine()))
    for name, seconds in asdict(measured(options.parse_args().cases)).items():
        print(f"{name:6} {seconds:8.4f} s")


if __name__ == "__main__":
    main()
