"""Measure on this machine what a worker takes for a piece, a mount and a load.

    python perf/fleet_costs.py --cases 30

The shipped base in one process, with fresh copies of the shipped adapter. Tested in
tests/perf/test_fleet.py through what is made of the figures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from fleet_cluster import Costs
from trial_project import TrialProject, machine, timed

FEW = 10
"""Cases of the smaller of two pieces: from both follows what a piece costs besides its cases."""
REPEATED = 3
LOADING = """
import sys
from pathlib import Path
from harness.engines.ray.worker import transformers_on
from harness.records import Generation
transformers_on(Path(sys.argv[1]), 1).runner(Generation())
"""
"""What a worker does before its first piece, in a process of its own."""


def measured(cases: int) -> Costs:
    """Return the medians over some adapters, each measured in all parts, the parts in turn."""
    from engine_speed import opened, spent

    with tempfile.TemporaryDirectory() as place:
        project = TrialProject(Path(place) / "project", cases, 3 * REPEATED)
        mounts, wrote, weighed, smaller, alone = ([] for _ in range(5))
        with opened(project.folder) as work:
            load = timed([sys.executable, "-c", LOADING, str(work.engine.base())], project.folder)
            prompts, few = work.prompts, work.prompts[:: max(1, cases // FEW)]
            work.applied("adapter_v1")  # loads the base, and has the base's own answer to the proof
            names = iter(project.candidates)
            for whole, part, weighing in zip(names, names, names, strict=True):
                mounts.append(spent(lambda name=whole: work.applied(name))[0])
                wrote.append(spent(lambda name=whole: work.written(name))[0])
                weighed.append(spent(lambda name=whole: work.weighed(name))[0])
                work.applied(weighing)
                alone.append(spent(lambda name=weighing: work.weighed(name))[0])
                work.applied(part)
                work.prompts = few
                smaller.append(spent(lambda name=part: work.written(name))[0])
                work.prompts = prompts
    large, small = statistics.median(wrote), statistics.median(smaller)
    case = max(0.0, large - small) / (cases - len(few))
    weigh = statistics.median(weighed) / cases
    return Costs(
        load=load,
        mount=statistics.median(mounts),
        piece=max(0.0, large - case * cases),
        case=case,
        weigh=weigh,
        read=max(0.0, statistics.median(alone) / cases - weigh),
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
