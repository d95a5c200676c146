"""Measure how often the verdict is wrong, beside a plain threshold on the mean: `make calibrate`.

Prints a table of outcomes on simulated benchmarks whose truth is known, then how fast it was.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
from calibrate_alarm import alarm_table
from calibrate_simulation import SCENARIOS, WORLDS, World, benchmarks

from harness.judge import Paired, verdict_from_paired
from harness.judge.paired import memberships
from harness.records import Policy

SIZES = (20, 25, 30, 100)
THRESHOLD = 0.02
"""The plain rule: promote while the mean drop of the gate is at most this."""


def outcomes(world: World, scenario: str, n: int, draws: int, seed: int) -> Counter[str]:
    """Count verdicts, and under `plain` the promotions of a threshold on the mean."""
    counts: Counter[str] = Counter()
    for paired in benchmarks(world, scenario, n, draws, seed):
        counts[verdict_from_paired(paired).outcome] += 1
        gate = paired.metrics.index(world.gate)
        mean = float((paired.candidate[gate] - paired.references["promoted"][gate]).mean())
        counts["plain"] += mean >= -THRESHOLD
    return counts


def table(sizes: tuple[int, ...], draws: int, seed: int) -> None:
    """Print a line per world, scenario and number of cases; percentages of draws."""
    print(f"{draws} draws a line, seed {seed}; per cent of draws")
    print(f"{'':25}{'':25}{'':>5}   verdict{'':27}mean drop <= {THRESHOLD}")
    header = f"{'world':25}{'truth':25}{'n':>5}"
    print(f"{header}{'promote':>10}{'inconclusive':>15}{'reject':>9}{'promote':>12}{'reject':>9}")
    for world in WORLDS:
        for scenario in SCENARIOS:
            for n in sizes:
                counts = outcomes(world, scenario, n, draws, seed)
                share = {key: 100 * count / draws for key, count in counts.items()}
                plain = share.get("plain", 0.0)
                print(
                    f"{world.name:25}{scenario:25}{n:>5}{share.get('promote', 0):>10.1f}"
                    f"{share.get('inconclusive', 0):>15.1f}{share.get('reject', 0):>9.1f}"
                    f"{plain:>12.1f}{100 - plain:>9.1f}",
                    flush=True,
                )
        print()


def large(cases: int = 100_000, slices: int = 50, overlapping: bool = False) -> Paired:
    """Return three metrics on many cases."""
    rng = np.random.default_rng(0)
    metrics = ("edit_similarity", "embedding_similarity", "ideal_likelihood")
    promoted = rng.beta(5, 2, (3, cases))
    candidate = np.clip(promoted + rng.normal(0, 0.1, promoted.shape), 0, 1)
    names = [[f"s={i % slices}"] for i in range(cases)]
    if overlapping:
        names = [[f"s={i % (slices // 2)}", f"t={i % 7 % (slices // 2)}"] for i in range(cases)]
    slice_names, members = memberships(names)
    return Paired(
        cases=tuple(f"case-{i:06d}" for i in range(cases)),
        metrics=metrics,
        candidate=candidate,
        references={"promoted": promoted},
        slices=slice_names,
        members=members,
        critical=np.zeros(cases, dtype=np.bool_),
    )


def speed() -> None:
    """Measure the promised speeds on this machine."""
    for overlapping in (False, True):
        paired = large(overlapping=overlapping)
        start = time.perf_counter()
        verdict_from_paired(paired)
        seconds = time.perf_counter() - start
        how = "overlapping" if overlapping else "apart"
        print(
            f"{paired.n:,} cases x {len(paired.metrics)} metrics x {len(paired.slices)} slices "
            f"({how}): {seconds:.2f} s"
        )
    many = list(benchmarks(WORLDS[5], "unchanged", 25, 1000, 0))
    start = time.perf_counter()
    for paired in many:
        verdict_from_paired(paired, Policy())
    print(f"1,000 benchmarks of 25 cases: {time.perf_counter() - start:.2f} s")


def main() -> None:
    """Print the table and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    table(tuple(options.sizes), options.draws, options.seed)
    alarm_table(options.draws, options.seed)
    speed()


if __name__ == "__main__":
    main()
