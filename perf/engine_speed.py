"""Compare this engine, a naive loop over `generate`, and the minimum, in one process after loading.

python perf/engine_speed.py PROJECT naive|ours|parts|equality|finals ADAPTER...    (says JSON)
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import naive_loop
from pairs import Turn, fixed_work, noise
from roofline import Phase, bandwidth, counted, matrix_rate, texts_of
from trial_project import BENCHMARK

from harness.engines.local.base import Base
from harness.engines.local.engine import Transformers
from harness.engines.protocol import Mounted
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.generation import applied_shift
from harness.flows.evaluation.session import Session, open_session
from harness.flows.evaluation.work import RunSpec
from harness.flows.project import Project
from harness.records import Case, Generation, Output, Prompt

BATCHES = (1, 8, 25)
TRIES = 4
"""Of bandwidth and matrix rate before every adapter, so that both halves are of the same minute."""
FINALS = 200
"""Texts that people sent, as many as a verdict weighs at most."""


@dataclass
class Work:
    """The prompts of a benchmark for one adapter, and what the engine does with them."""

    session: Session
    engine: Transformers
    prompts: list[Prompt]
    generation: Generation

    def mounted(self, name: str) -> Mounted:
        """Return a private copy of the adapter's files, as the flow has it."""
        return self.session.backend.mount(self.session.backend.adapter(name))

    def applied(self, name: str) -> None:
        """Ask for the shift, as the flow does before the first text; it mounts the adapter too."""
        backend, benchmark = self.session.backend, self.session.benchmark(BENCHMARK)
        applied_shift(backend, backend.adapter(name), benchmark)

    def written(self, name: str) -> dict[str, Output]:
        """Return the outputs by case."""
        made = self.engine.generate(self.mounted(name), self.prompts, self.generation)
        return {output.case: output for some in made for output in some}

    def weighed(self, name: str) -> None:
        """Compute the likelihood of every ideal."""
        list(self.engine.likelihood(self.mounted(name), self.prompts, self.generation))

    def base(self) -> Base[Any]:
        """Return the base, loaded."""
        return self.engine.runner(self.generation).base

    def counted(self, outputs: dict[str, Output]) -> list[Phase]:
        """Return the work as the roofline counts it."""
        return counted(self.base(), self.prompts, outputs, self.generation.batch)


@contextmanager
def opened(folder: Path) -> Iterator[Work]:
    """Yield the benchmark's prompts and an engine that has loaded no weights yet."""
    with open_session(Project.here(folder), Request(), lambda *_: None) as session:
        base, benchmark = session.backend.adapter("base"), session.benchmark(BENCHMARK)
        engine = session.backend.engine(BENCHMARK, base)
        assert isinstance(engine, Transformers)
        spec = RunSpec(base, benchmark, benchmark.cases, session.backend)
        yield Work(session, engine, spec.prompts, benchmark.generation)


def naive(folder: Path, names: list[str]) -> list[dict[str, Any]]:
    """Return what a naive loop over the first adapter takes, in float32 and the base's dtype."""
    found = []
    with opened(folder) as asked:
        base = asked.engine.base()
        fixed_work()
        for dtype in dict.fromkeys(("float32", asked.base().dtype)):
            before = fixed_work()
            made = naive_loop.run(
                base, folder / "adapters" / names[0], asked.prompts,
                asked.generation.max_new_tokens, dtype,
            )  # fmt: skip
            still = noise(Turn(dtype, before, fixed_work()))
            found.append(
                {"dtype": dtype, "noise": still, "seconds": made["seconds"],
                 "tokens": made["tokens"]}
            )  # fmt: skip
    return found


def ours(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return what writing and weighing took for each adapter, and the least in the same minute."""
    import torch

    with opened(folder) as asked:
        base = asked.base()
        found, counted = [], list[Phase]()
        fixed_work()
        for name in names:
            asked.applied(name)
            before, roof = fixed_work(), (bandwidth(TRIES), matrix_rate(base.model, TRIES))
            generate, outputs = spent(lambda name=name: asked.written(name))
            likelihood, _ = spent(lambda name=name: asked.weighed(name))
            counted = asked.counted(outputs)
            found.append(
                {"made": generate + likelihood,
                 "least": sum(phase.seconds(*roof) for phase in counted),
                 "noise": noise(Turn(name, before, fixed_work())),
                 "tokens": sum(output.tokens for output in outputs.values()),
                 "bandwidth": roof[0], "rate": roof[1]}
            )  # fmt: skip
    return {
        "adapters": found,
        "phases": [asdict(phase) | {"seconds": phase.seconds(*roof)} for phase in counted],
        "dtype": base.dtype,
        "threads": torch.get_num_threads(),
    }


def parts(folder: Path, names: list[str]) -> dict[str, float]:
    """Return seconds to load the base, imports included, and to run an adapter, in the mean."""
    with opened(folder) as asked:
        load, _ = spent(lambda: asked.engine.runner(asked.generation))
        made = 0.0
        for name in names:
            asked.applied(name)
            made += spent(lambda name=name: asked.written(name))[0]
            made += spent(lambda name=name: asked.weighed(name))[0]
    return {"load": load, "made": made / len(names)}


def finals(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return what weighing what people sent took for each adapter, beside the least time."""
    from ladder_outreach import outreach

    with opened(folder) as asked:
        cases = tuple(
            Case(f"sent-{place}", one.input, (one.ideal,))
            for place, one in enumerate(outreach().production[:FINALS])
        )
        base = asked.session.backend.adapter("base")
        benchmark = replace(asked.session.benchmark(BENCHMARK), cases=cases, reserve=())
        spec = RunSpec(base, benchmark, cases, asked.session.backend)
        sent = Work(asked.session, asked.engine, spec.prompts, benchmark.generation)
        found = []
        fixed_work()
        for name in names:
            sent.applied(name)
            before = fixed_work()
            roof = bandwidth(TRIES), matrix_rate(sent.base().model, TRIES)
            made = spent(lambda name=name: sent.weighed(name))[0]
            least = sum(phase.seconds(*roof) for phase in sent.counted({})[:2])
            still = noise(Turn(name, before, fixed_work()))
            found.append({"made": made, "least": least, "noise": still})
        tokens = [sum(text.ideals) for text in texts_of(sent.base(), sent.prompts, {})]
    told = [min(tokens), statistics.median(tokens), max(tokens)]
    return {"finals": len(cases), "tokens": told, "adapters": found}


def equality(folder: Path, names: list[str]) -> list[dict[str, Any]]:
    """Count the first adapter's texts that equal those of batch 1, merged, same dtype."""
    found = []
    with opened(folder) as asked:
        for dtype in ("float32", "bfloat16"):
            first: dict[str, str] | None = None
            for merge in (True, False):
                asked.engine = Transformers(asked.engine.base, asked.engine.device, merge=merge)
                for batch in BATCHES:
                    asked.generation = replace(asked.generation, dtype=dtype, batch=batch)
                    texts = {case: out.text for case, out in asked.written(names[0]).items()}
                    first = first or texts
                    same = sum(texts[case] == text for case, text in first.items())
                    how = {"dtype": dtype, "merged": merge, "batch": batch}
                    found.append(how | {"equal": same, "of": len(texts)})
    return found


def spent(what: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took, and its result."""
    begun = time.perf_counter()
    found = what()
    return time.perf_counter() - begun, found


if __name__ == "__main__":
    place, task, *adapters = sys.argv[1:]
    tasks: dict[str, Callable[[Path, list[str]], Any]] = {
        "naive": naive,
        "ours": ours,
        "parts": parts,
        "equality": equality,
        "finals": finals,
    }
    print(json.dumps(tasks[task](Path(place), adapters)))
