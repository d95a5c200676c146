"""Measure on this machine what a worker takes for a piece, a mount and a load.

    python perf/fleet_costs.py --cases 30

The shipped base in one process, with fresh copies of the shipped adapter. With `--processor-time`
seconds of the processor count, on one thread: on a machine that does other work they come close to
what a quiet one would take. Tested in tests/perf/test_fleet.py through what is made of the figures.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from fleet_cluster import Costs
from trial_project import TrialProject, machine, timed

FEW = 10
"""Cases of the smaller of two pieces: from both follows what a piece costs besides its cases."""
ROUNDS = 3
LOADING = """
import sys
from pathlib import Path
from harness.engines.ray.worker import transformers_on
from harness.records import Generation
transformers_on(Path(sys.argv[1]), 1).runner(Generation())
"""
"""What a worker does before its first piece, in a process of its own."""


def measured(cases: int, processor_time: bool = False, rounds: int = ROUNDS) -> Costs:
    """Return the medians over some adapters, each measured in all parts, the parts in turn."""
    import torch
    from engine_speed import opened

    clock = processor_seconds if processor_time else time.perf_counter
    if processor_time:
        torch.set_num_threads(1)

    def spent(what: Callable[[], object]) -> float:
        begun = clock()
        what()
        return clock() - begun

    with tempfile.TemporaryDirectory() as place:
        project = TrialProject(Path(place) / "project", cases, 3 * rounds)
        mounts, wrote, weighed, smaller, alone = ([] for _ in range(5))
        with opened(project.folder) as work:
            loading = [sys.executable, "-c", LOADING, str(work.engine.base())]
            load = spent(lambda: timed(loading, project.folder))
            prompts, few = work.prompts, work.prompts[:: max(1, cases // FEW)]
            work.applied("adapter_v1")  # loads the base, and has the base's own answer to the proof
            names = iter(project.candidates)
            for whole, part, weighing in zip(names, names, names, strict=True):
                mounts.append(spent(lambda name=whole: work.applied(name)))
                wrote.append(spent(lambda name=whole: work.written(name)))
                weighed.append(spent(lambda name=whole: work.weighed(name)))
                work.applied(weighing)
                alone.append(spent(lambda name=weighing: work.weighed(name)))
                work.applied(part)
                work.prompts = few
                smaller.append(spent(lambda name=part: work.written(name)))
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


def processor_seconds() -> float:
    """Return the processor's seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def main() -> None:
    """Print the figures in seconds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=30)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--processor-time", action="store_true")
    asked = options.parse_args()
    print("\n".join(machine()))
    for name, seconds in asdict(measured(asked.cases, asked.processor_time, asked.rounds)).items():
        print(f"{name:6} {seconds:8.4f} s")


if __name__ == "__main__":
    main()
