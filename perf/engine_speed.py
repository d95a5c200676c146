"""Compare this engine, a naive loop over `generate`, and the minimum, in one process after loading.

python perf/engine_speed.py PROJECT work|parts|equality|finals ADAPTER...    (says JSON)
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
from roofline import Phase, Text, bandwidth, matrix_rate, phases, shape_of
from trial_project import BENCHMARK

from harness.engines.local.engine import Transformers
from harness.engines.protocol import Mounted
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.generation import applied_shift
from harness.flows.evaluation.session import Session, open_session
from harness.flows.evaluation.work import RunSpec
from harness.flows.project import Project
from harness.records import Case, Generation, Output, Prompt

BATCHES = (1, 8, 25)
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

    def texts(self, outputs: dict[str, Output]) -> list[Text]:
        """Return the tokens of every prompt, ideal and output; a text not written has none."""
        form = self.engine.runner(self.generation).base.formats.of(self.prompts[0].chat)
        written = {case: one.tokens + (one.finish == "stop") for case, one in outputs.items()}
        return [
            Text(
                form.ids(prompt.messages),
                tuple(len(form.pair(prompt.messages, ideal)[1]) for ideal in prompt.ideals),
                written.get(prompt.case, 0),
            )
            for prompt in self.prompts
        ]

    def counted(self, outputs: dict[str, Output]) -> list[Phase]:
        """Return the work as the roofline counts it; merged adapters cost no extra per token."""
        model = self.engine.runner(self.generation).base.model
        return phases(shape_of(model), self.texts(outputs), self.generation.batch)


@contextmanager
def opened(folder: Path) -> Iterator[Work]:
    """Yield the benchmark's prompts and an engine that has loaded no weights yet."""
    with open_session(Project.here(folder), Request(), lambda *_: None) as session:
        base, benchmark = session.backend.adapter("base"), session.benchmark(BENCHMARK)
        engine = session.backend.engine(BENCHMARK, base)
        assert isinstance(engine, Transformers)
        spec = RunSpec(base, benchmark, benchmark.cases, session.backend)
        yield Work(session, engine, spec.prompts, benchmark.generation)


def work(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return medians over the adapters for this engine; the naive loop runs the first of them."""
    import torch

    with opened(folder) as asked:
        base = asked.engine.runner(asked.generation).base
        roof = bandwidth(), matrix_rate(base.model)
        found, counted = [], list[Phase]()
        for name in names:
            asked.applied(name)
            generate, outputs = spent(lambda name=name: asked.written(name))
            likelihood, _ = spent(lambda name=name: asked.weighed(name))
            counted = asked.counted(outputs)
            least = sum(phase.seconds(*roof) for phase in counted)
            found.append(
                {"generate": generate, "likelihood": likelihood, "least": least,
                 "ratio": (generate + likelihood) / least,
                 "tokens": sum(output.tokens for output in outputs.values())}
            )  # fmt: skip
        kinds = dict.fromkeys(("float32", base.dtype))
        naive = {
            kind: naive_loop.run(
                asked.engine.base(), folder / "adapters" / names[0], asked.prompts,
                asked.generation.max_new_tokens, kind,
            )
            for kind in kinds
        }  # fmt: skip
    return {
        "ours": {key: statistics.median(one[key] for one in found) for key in found[0]},
        "phases": [asdict(phase) | {"seconds": phase.seconds(*roof)} for phase in counted],
        "bandwidth": roof[0],
        "rate": roof[1],
        "dtype": base.dtype,
        "threads": torch.get_num_threads(),
        "naive": naive,
    }


def parts(folder: Path, names: list[str]) -> dict[str, float]:
    """Return seconds to load the base, imports included, and to run the first adapter."""
    with opened(folder) as asked:
        load, _ = spent(lambda: asked.engine.runner(asked.generation))
        asked.applied(names[0])
        generate, _ = spent(lambda: asked.written(names[0]))
        likelihood, _ = spent(lambda: asked.weighed(names[0]))
    return {"load": load, "made": generate + likelihood}


def finals(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return medians over the adapters of weighing what people sent, beside the least time."""
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
        model = asked.engine.runner(sent.generation).base.model
        roof, least, found = (bandwidth(), matrix_rate(model)), 0.0, []
        for name in names:
            sent.applied(name)
            least = sum(phase.seconds(*roof) for phase in sent.counted({})[:2])
            found.append(spent(lambda name=name: sent.weighed(name))[0])
    tokens = [sum(text.ideals) for text in sent.texts({})]
    return {
        "finals": len(cases),
        "tokens": [min(tokens), statistics.median(tokens), max(tokens)],
        "seconds": statistics.median(found),
        "least": least,
        "ratio": statistics.median(found) / least,
        "ratios": [one / least for one in found],
    }


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
    tasks = {"work": work, "parts": parts, "equality": equality, "finals": finals}
    print(json.dumps(tasks[task](Path(place), adapters)))
