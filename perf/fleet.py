"""Plan a night of 10,000 adapters x 30 cases: how long, how busy, how much is done twice.

    python perf/fleet.py --adapters 10000 --cases 30 --workers 1 8 64

The product's own code cuts the work into pieces, hands them to workers, and gives them again after
a loss; only the workers and the clock are simulated (`fleet_cluster`), with a worker lost at random
moments, once an hour on average. What a worker takes for a load, a mount and a piece is measured
first, on this machine with the shipped base (`fleet_costs`), unless it is given; so is what the
driver takes for an adapter (`fleet_driver`). Tested in tests/perf/test_fleet.py.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from fleet_cluster import HOUR, Costs, SimulatedRay
from fleet_driver import DriverCosts
from trial_project import BENCHMARK, ROOT, here, machine

from harness.engines.batches import Batch, batches_of, concurrency, each, sizes
from harness.engines.protocol import Mounted
from harness.engines.ray.engine import Ray
from harness.records import Cluster, Generation, Message, Prompt

BUSY, TWICE = 0.90, 0.01
"""The goals: workers at least so busy, and at most so much of their work done twice."""
WORK = ("mount", "write", "weigh")
"""What an adapter needs once."""
AGAIN = ("mounted again", "read again", "lost")
"""What is done twice, or was lost with its worker and is done again."""


class Described:
    """An engine that only says what it is."""

    name = "transformers"
    likelihoods = True

    def origin(self, generation: Generation) -> dict[str, object]:
        return {"engine": self.name}


@dataclass(frozen=True, slots=True)
class Night:
    """A simulated sweep, in seconds."""

    workers: int
    before: float
    """From the start of the command to the first piece."""
    stream: float
    """From there to the last piece."""
    after: float
    """The verdicts."""
    spent: Counter[str]
    """Worker seconds by what they went to."""
    driver: float
    """The driver's own seconds in the stream."""
    store: float
    losses: int

    @property
    def whole(self) -> float:
        return self.before + self.stream + self.after

    @property
    def worked(self) -> float:
        return sum(self.spent[name] for name in WORK)

    @property
    def twice(self) -> float:
        """The share of what workers did that another one had done, or will do again."""
        again = sum(self.spent[name] for name in AGAIN)
        return again / max(self.worked + again, 1e-9)

    def busy(self, seconds: float) -> float:
        """Return the share of the workers' time that went into needed work, out of so long."""
        return self.worked / (self.workers * seconds)


def prompts(cases: int) -> list[Prompt]:
    """Return the prompts of the shipped benchmark's cases, over and over."""
    file = ROOT / "benchmarks" / BENCHMARK / "cases.jsonl"
    known = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    chosen = (known[number % len(known)] for number in range(cases))
    return [
        Prompt(f"case-{number}", (Message("user", case["input"]),), (case["ideal"],))
        for number, case in enumerate(chosen)
    ]


def simulated(
    adapters: int, asked: Sequence[Prompt], cluster: SimulatedRay, driver: DriverCosts
) -> Night:
    """Run a sweep's stream of pieces through the product's engine, by the simulated clock."""
    engine = Ray(
        cluster.here, lambda: None, Cluster(cluster.workers, 1, 1e9), True, cluster.reached
    )
    generation, total = Generation(), 2 * adapters * len(asked)
    keep = driver.store / len(list(_cut(asked, generation, total, engine)))
    hand = driver.stream - driver.store

    def batches(number: int) -> Iterator[tuple[None, Batch]]:
        cluster.pass_time(hand)
        mounted = Mounted(f"client-{number}", str(number), Path())
        size = sizes(total, generation.batch, concurrency(engine))
        for batch in batches_of(mounted, asked, asked, generation, size):
            yield None, batch

    cluster.pass_time(driver.before * adapters)
    begun = cluster.now
    with contextlib.redirect_stderr(io.StringIO()):  # a real sweep says that a worker was lost
        for _ in each(engine, map(batches, range(adapters))):
            cluster.pass_time(keep)
    return Night(
        cluster.workers, begun, cluster.now - begun, driver.judge * adapters, cluster.spent,
        driver.stream * adapters, driver.store * adapters, cluster.losses,
    )  # fmt: skip


def _cut(
    asked: Sequence[Prompt], generation: Generation, total: int, engine: Ray
) -> Iterator[Batch]:
    size = sizes(total, generation.batch, concurrency(engine))
    return batches_of(Mounted("one", "", None), asked, asked, generation, size)


def rows(nights: Sequence[Night]) -> Iterator[str]:
    """Yield the table."""
    yield (
        f"{'workers':>7}{'before':>10}{'stream':>10}{'verdicts':>10}{'busy, stream':>14}"
        f"{'busy, whole':>13}{'twice':>8}{'lost':>6}{'driver':>8}{'store':>7}"
    )
    for one in nights:
        yield (
            f"{one.workers:>7}{_long(one.before):>10}{_long(one.stream):>10}{_long(one.after):>10}"
            f"{one.busy(one.stream):>14.1%}{one.busy(one.whole):>13.1%}{one.twice:>8.2%}"
            f"{one.losses:>6}{one.driver / one.stream:>8.1%}{one.store / one.stream:>7.1%}"
        )


def advice(night: Night, adapters: int) -> Iterator[str]:
    """Yield what keeps a night from the goals, and what would have to change."""
    again = {name: night.spent[name] / (night.worked + 1e-9) for name in AGAIN}
    if night.twice > TWICE:
        parts = ", ".join(f"{name} {share:.2%}" for name, share in again.items())
        yield f"{night.workers} workers: more than {TWICE:.0%} is done twice ({parts})"
    if night.busy(night.stream) < BUSY:
        idle = 1 - night.spent.total() / (night.workers * night.stream)
        yield (
            f"{night.workers} workers: busy {night.busy(night.stream):.1%} of the stream, they wait"
            f" {idle:.1%} of it; the driver works {night.driver / night.stream:.0%} of it"
        )
    fed = night.worked / (night.driver * BUSY) if night.driver else float("inf")
    yield (
        f"a driver that takes {night.driver / adapters * 1e3:.0f} ms for an adapter keeps"
        f" {fed:.0f} such workers {BUSY:.0%} busy"
    )
    beside = (night.before + night.after) / night.whole
    if beside > 1 - BUSY:
        yield (
            f"{night.workers} workers: {beside:.0%} of the whole is the driver alone, checking"
            " adapters before and judging after; that would have to be done by several processes,"
            " or while workers work"
        )


def _long(seconds: float) -> str:
    return f"{seconds / HOUR:.2f} h" if seconds >= HOUR else f"{seconds:.0f} s"


def measured_driver(adapters: int, cases: int, more: Sequence[str]) -> DriverCosts:
    """Measure the driver in a process of its own, so that its memory is its own too."""
    words = ["--adapters", str(adapters), "--cases", str(cases), "--json", *more]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("fleet_driver.py")), *words],
        env=here(), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return DriverCosts(**json.loads(done.stdout))


def options() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__)
    found.add_argument("--adapters", type=int, default=10_000)
    found.add_argument("--cases", type=int, default=30)
    found.add_argument("--workers", type=int, nargs="+", default=[1, 8, 64])
    found.add_argument("--lost-every", type=float, default=HOUR, help="Seconds; 0 for never.")
    found.add_argument("--seed", type=int, default=0)
    for one in fields(Costs):
        found.add_argument(f"--{one.name}", type=float, help="Seconds, measured where left out.")
    said = "Seconds of the driver for an adapter, measured where left out."
    parts = ("BEFORE", "STREAM", "STORE", "JUDGE")
    found.add_argument("--driver", type=float, nargs=4, metavar=parts, help=said)
    found.add_argument("--driver-adapters", type=int, default=200, help="To measure it with.")
    found.add_argument("--rounds", type=int, default=3, help="To measure the workers' with.")
    said = "Measure the processor's seconds: for a machine that does other work."
    found.add_argument("--processor-time", action="store_true", help=said)
    return found


def costs(asked: Any) -> Costs:
    """Return what was given, and measure what was not."""
    given = {one.name: getattr(asked, one.name) for one in fields(Costs)}
    known = {name: value for name, value in given.items() if value is not None}
    if len(known) == len(given):
        return Costs(**known)
    from fleet_costs import measured

    return replace(measured(asked.cases, asked.processor_time, asked.rounds), **known)


def main() -> None:
    """Print the table; exit with 1 where a goal is missed with the most workers."""
    asked = options().parse_args()
    print("\n".join(machine()))
    worker = costs(asked)
    driver = DriverCosts(*asked.driver) if asked.driver else measured_driver(
        asked.driver_adapters, asked.cases, ["--processor-time"] * asked.processor_time
    )  # fmt: skip
    given = {one.name for one in fields(Costs) if getattr(asked, one.name) is not None}
    print("a worker's seconds: " + ", ".join(
        f"{one.name} {getattr(worker, one.name):.3f}{' (given)' if one.name in given else ''}"
        for one in fields(Costs)
    ))  # fmt: skip
    print(
        f"the driver's seconds for an adapter{' (given)' if asked.driver else ''}: before"
        f" {driver.before:.4f}, stream {driver.stream:.4f} (store {driver.store:.4f}), judge"
        f" {driver.judge:.4f}"
    )
    print(f"{asked.adapters:,} adapters x {asked.cases} cases, seed {asked.seed}")
    nights = [
        simulated(
            asked.adapters,
            prompts(asked.cases),
            SimulatedRay(Described(), worker, many, seed=asked.seed, lost_every=asked.lost_every),
            driver,
        )
        for many in asked.workers
    ]
    print("\n".join(rows(nights)))
    for one in nights:
        print("\n".join(advice(one, asked.adapters)))
    print(f"the goals: busy at least {BUSY:.0%} of the stream, twice at most {TWICE:.0%}")
    last = nights[-1]
    sys.exit(0 if last.busy(last.stream) >= BUSY and last.twice <= TWICE else 1)


if __name__ == "__main__":
    main()
