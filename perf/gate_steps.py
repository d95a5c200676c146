"""Time the steps of a gate, as a pytest plugin: `python -m pytest -p perf.gate_steps --model NAME`.

GATE_STEPS names the file for the figures (JSON); GATE_BEGUN the moment at which the process was
started, by `time.monotonic`, so that starting counts; GATE_THROUGH=transformers loads every base
through transformers, where the usual kinds would be read with torch alone. Steps do not overlap:
reading a prompt while writing is reading. After the verdict the plugin measures this machine and
adds the least time that the same work can take. Tested in tests/perf/test_gate_steps.py.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent))  # the scripts here import each other by name

STEPS = {
    "start": "from the process's start until the base is loaded: imports, collecting, the store",
    "load": "torch, the libraries that this base needs, and its weights",
    "mount": "the adapter into the weights, and the proof that it moves the logits",
    "read": "the prompts",
    "write": "the outputs, token by token",
    "weigh": "the ideals",
    "embed": "embedding and measuring, the embedder's loading included",
    "judge": "the rest: keeping, judging, reporting",
}
"""Every step with what it covers."""


class StepClock:
    """Seconds by step; time belongs to the innermost step alone."""

    def __init__(self, begun: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._since = now, begun
        self._open = ["start"]
        self.seconds: Counter[str] = Counter()

    @property
    def current(self) -> str:
        """The step that time is counted for."""
        return self._open[-1]

    def stop(self) -> None:
        """Count the time until now for the current step."""
        now = self._now()
        self.seconds[self.current] += now - self._since
        self._since = now

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time within for a step, inner steps apart."""
        self.stop()
        self._open.append(name)
        try:
            yield
        finally:
            self.stop()
            self._open.pop()

    def outside(self, name: str) -> None:
        """Count the time outside of all steps for another one from now on."""
        self.stop()
        self._open[0] = name


@dataclass
class Gate:
    """What a gate's engine was asked and what it wrote."""

    clock: StepClock
    engine: Any = None
    through: str = ""
    """`torch alone` or `transformers`."""
    generation: Any = None
    prompts: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def watch(self) -> None:
        """Put clocks around the engine's steps."""
        from harness.engines.local import engine, packed
        from harness.flows.evaluation.runs import Producer

        kind: Any = engine.Transformers
        kind._load = self._loading(kind._load)
        kind.shift = self._within("mount", kind.shift)
        for name, step in (("generate", "write"), ("likelihood", "weigh")):
            setattr(kind, name, self._stepping(step, getattr(kind, name)))
        reader: Any = packed.Packed
        reader._reads = self._within("read", reader._reads)
        maker: Any = Producer
        maker.timed = self._timing(maker.timed)

    def _loading(self, load: Callable[..., Any]) -> Callable[..., Any]:
        def loading(asked: Any, dtype: str) -> Any:
            with self.clock.step("load"):
                loaded = load(asked, dtype)
            kind = type(loaded.mounting)
            if self.engine is None:
                self.clock.outside("judge")
            if not hasattr(kind, "watched"):
                kind.watched, kind.using = True, self._mounting(kind.using)
            self.engine = asked
            self.through = "torch alone" if kind.__name__ == "Merging" else "transformers"
            return loaded

        return loading

    def _within(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def within(*asked: Any) -> Any:
            if self.clock.current == "mount":  # reading that proves the mount is part of it
                return work(*asked)
            with self.clock.step(step):
                return work(*asked)

        return within

    def _mounting(self, using: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def mounting(*asked: Any) -> Iterator[None]:
            with ExitStack() as stack:
                with self.clock.step("mount"):
                    stack.enter_context(using(*asked))
                yield

        return mounting

    def _stepping(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(asked: Any, adapter: Any, prompts: Any, generation: Any) -> Iterator[Any]:
            found = work(asked, adapter, prompts, generation)
            self.generation = generation
            self.prompts |= {prompt.case: prompt for prompt in prompts}
            while True:
                with self.clock.step(step):
                    some = next(found, None)
                if some is None:
                    return
                if step == "write":
                    self.outputs |= {output.case: output for output in some}
                yield some

        return stepping

    def _timing(self, timed: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def timing(asked: Any, step: str) -> Iterator[None]:
            with ExitStack() as stack:
                stack.enter_context(timed(asked, step))
                if step == "measure":
                    stack.enter_context(self.clock.step("embed"))
                yield

        return timing

    def least(self) -> float | None:
        """Return the least time of reading, weighing and writing; None where nothing was done."""
        if not self.prompts or self.engine is None:
            return None
        from roofline import bandwidth, counted, matrix_rate

        base = self.engine.runner(self.generation).base
        roof = bandwidth(4), matrix_rate(base.model, 4)
        work = counted(base, list(self.prompts.values()), self.outputs, self.generation.batch)
        return sum(phase.seconds(*roof) for phase in work)


_gate: Gate | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch."""
    global _gate
    _gate = Gate(StepClock(float(os.environ.get("GATE_BEGUN") or time.monotonic())))
    if os.environ.get("GATE_THROUGH") == "transformers":
        from harness.engines.local import engine

        engine.fast_base = lambda *asked: None
    _gate.watch()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Write the figures down."""
    place = os.environ.get("GATE_STEPS")
    if _gate is None or not place:
        return
    _gate.clock.stop()
    seconds = {name: _gate.clock.seconds[name] for name in STEPS}
    told = {"through": _gate.through, "seconds": seconds, "least": _gate.least()}
    Path(place).write_text(json.dumps(told), encoding="utf-8")
