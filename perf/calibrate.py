"""Measure how often the verdict is wrong, beside other rules: `make calibrate`.

Prints what becomes of real adapters whose truth is known (`perf/ladder.py`), of simulated scores,
and of the alarm, each beside the rules of other tools on the same draws; then how fast it was.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from itertools import chain

import numpy as np
from calibrate_alarm import alarm_table
from calibrate_ladder import ladder_table
from calibrate_simulation import HARDER, SCENARIOS, WORLDS, World, benchmarks
from ladder_scores import TASKS
from peer_rules import PEERS

from harness.judge import Paired, verdict_from_paired
from harness.judge.paired import memberships
from harness.judge.policy import default_rules
from harness.judge.rule2.decide import Trial, decide
from harness.records import Policy

SIZES = (25, 55)


def outcomes(world: World, scenario: str, n: int, draws: int, seed: int) -> Counter[str]:
    """Count verdicts, and the promotions of other tools' rules by their names."""
    counts: Counter[str] = Counter()
    for paired in benchmarks(world, scenario, n, draws, seed):
        counts[_outcome(paired)] += 1
        gate = paired.metrics.index(world.gate)
        d = paired.candidate[gate] - paired.references["promoted"][gate]
        slices = paired.members.argmax(axis=0)
        for name, rule in PEERS.items():
            counts[name] += rule(d, slices)
    return counts


def table(sizes: tuple[int, ...], draws: int, seed: int) -> None:
    """Print a line per world, scenario and number of cases; per cent of draws."""
    print(f"simulated scores: {draws} draws a line, seed {seed}; per cent of draws")
    header = f"{'world':24}{'truth':24}{'n':>4}{'promote':>9}{'inconcl.':>10}{'reject':>8}"
    print(header + "".join(f"{name:>13}" for name in PEERS) + "   (other rules: promote)")
    for world in (*WORLDS, *HARDER):
        for scenario in SCENARIOS:
            for n in sizes:
                counts = outcomes(world, scenario, n, draws, seed)
                share = {key: 100 * count / draws for key, count in counts.items()}
                print(
                    f"{world.name:24}{scenario:24}{n:>4}{share.get('promote', 0):>9.1f}"
                    f"{share.get('inconclusive', 0):>10.1f}{share.get('reject', 0):>8.1f}"
                    + "".join(f"{share.get(name, 0):>13.1f}" for name in PEERS),
                    flush=True,
                )
        print()


def lucky_cases(draws: int, seed: int) -> None:
    """Count open verdicts that become promotions where one case's score is lowered.

    A rejection never becomes one, but a case that rose far widens the scatter under any t.
    """
    opened, flipped, example = 0, 0, ""
    drawn = [benchmarks(world, "unchanged", 25, draws, seed) for world in (WORLDS[0], *HARDER)]
    for paired in chain.from_iterable(drawn):
        if _outcome(paired) != "inconclusive":
            continue
        opened += 1
        d = paired.candidate[0] - paired.references["promoted"][0]
        highest = int(d.argmax())
        for to in (float(np.median(d)), float(d.mean())):
            lowered = paired.candidate.copy()
            lowered[0, highest] += to - d[highest]
            if _outcome(replace(paired, candidate=lowered)) == "promote":
                flipped += 1
                example = example or f"such as a case at {d[highest]:+.3f} that falls to {to:+.3f}"
                break
    print(
        f"open verdicts that lowering the luckiest case promotes: {flipped} of {opened} ({example})"
    )


def _outcome(paired: Paired) -> str:
    return decide(Trial(paired, default_rules(paired.metrics), Policy(), Policy().alpha)).outcome


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
    parser.add_argument("--pair-draws", type=int, default=50, help="of each pair of real adapters")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    for task in TASKS:
        ladder_table(task, options.pair_draws, options.seed)
    table(tuple(options.sizes), options.draws, options.seed)
    lucky_cases(options.draws, options.seed)
    alarm_table(options.draws, options.seed)
    speed()


if __name__ == "__main__":
    main()
