"""Outputs and likelihoods: what the store lacks is asked of the engine and kept batch by batch.

A killed process loses at most the batch it was in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from harness.engines.batches import NO_SHIFT, STRETCH, failed
from harness.engines.protocol import Weighed
from harness.errors import AdapterRefused, EngineFailed, HarnessError
from harness.flows.evaluation.backends import (
    AdapterRef,
    Backend,
    OpenAIBackend,
    TransformersBackend,
)
from harness.flows.evaluation.work import Place, RunSpec, prompts_for
from harness.flows.project import utc_now
from harness.records import Benchmark, Output, Prompt
from harness.store import Store
from harness.store.keys import key_of

OnProgress = Callable[[str, int, int], None]
"""Called with what is being made, how much is there, how much is needed."""


@dataclass(frozen=True, slots=True)
class GenerationWork:
    """One order, written and weighed with one room and one store."""

    order: RunSpec
    room: Backend
    store: Store
    heard: OnProgress

    def forget(self) -> None:
        """What was remembered of the outputs goes; runs that were made of it stay."""
        order = self.order
        self.store.outputs.forget([*order.outputs.values(), *order.likelihoods.values()])

    def outputs(self) -> dict[str, Output]:
        """Every output of the order, by key."""
        order, asked = self.order, self._asked()
        known = self._written(asked)
        wanted = [p for key, p in asked.items() if key not in known]
        if not wanted:
            return known
        title = f"{order.title}: writing"
        with self._engine_said():
            self._prove()
            self.heard(title, len(known), len(asked))
            mounted = self.room.mount(order.side)
            for batch in order.engine.generate(mounted, wanted, order.benchmark.generation):
                known |= self.keep_texts(batch)
                self.heard(title, len(known), len(asked))
        self._refuse_gaps([p.case for key, p in asked.items() if key not in known])
        return known

    def unwritten(self) -> list[Prompt]:
        """Prompts that nobody has answered yet."""
        asked = self._asked()
        known = self._written(asked)
        return [prompt for key, prompt in asked.items() if key not in known]

    def keep_texts(self, batch: Sequence[Output]) -> dict[str, Output]:
        """What came, kept and by its key."""
        found = {self.order.outputs[output.case, output.sample]: output for output in batch}
        self.store.outputs.keep_texts(found, utc_now())
        return found

    def _asked(self) -> dict[str, Prompt]:
        asked: dict[str, Prompt] = {}
        for prompt in self.order.prompts:  # equal prompts are written once
            asked.setdefault(self.order.outputs[prompt.case, prompt.sample], prompt)
        return asked

    def _written(self, asked: Mapping[str, Prompt]) -> dict[str, Output]:
        return self.store.outputs.texts({key: (p.case, p.sample) for key, p in asked.items()})

    def likelihoods(self) -> dict[Place, float | None]:
        """The NLL of every ideal, by case and ideal; none where the engine has none."""
        order = self.order
        if not order.engine.likelihoods:
            return {}
        keys = order.likelihoods
        known = self.store.outputs.likelihoods(keys.values())
        wanted, places = self._to_weigh(set(known))
        if wanted:
            with self._engine_said():
                mounted = self.room.mount(order.side)
                for batch in order.engine.likelihood(mounted, wanted, order.benchmark.generation):
                    known |= self.keep_weighed(batch, places)
                    total = len(set(keys.values()))
                    self.heard(f"{order.title}: weighing ideals", len(known), total)
        self._refuse_gaps([case for (case, _), key in keys.items() if key not in known])
        return {place: known[key] for place, key in keys.items()}

    def unweighed(self) -> tuple[list[Prompt], dict[Place, str]]:
        """Prompts with the ideals that nobody weighed yet, and the key of each of those."""
        if not self.order.engine.likelihoods:
            return [], {}
        keys = self.order.likelihoods.values()
        return self._to_weigh(set(self.store.outputs.likelihoods(keys)))

    def keep_weighed(
        self, batch: Sequence[Weighed], places: Mapping[Place, str]
    ) -> dict[str, float | None]:
        """What came, kept and by its key."""
        found = {places[weighed.case, weighed.ideal]: weighed.nll for weighed in batch}
        self.store.outputs.keep_likelihoods(found)
        return found

    def _to_weigh(self, known: set[str]) -> tuple[list[Prompt], dict[Place, str]]:
        """Prompts with only the ideals that nobody weighed yet, and the key of each of those."""
        keys: Mapping[Place, str] = self.order.likelihoods
        wanted: list[Prompt] = []
        places: dict[Place, str] = {}
        for prompt in (p for p in self.order.prompts if p.sample == 0):
            ideals = {keys[prompt.case, i]: ideal for i, ideal in enumerate(prompt.ideals)}
            missing = [key for key in ideals if key not in known]
            if not missing:
                continue
            if self.order.recorded:  # a recorded line knows its ideals by their place
                missing = [keys[prompt.case, i] for i in range(len(prompt.ideals))]
            known |= set(missing)
            wanted.append(replace(prompt, ideals=tuple(ideals[key] for key in missing)))
            places |= {(prompt.case, place): key for place, key in enumerate(missing)}
        return wanted, places

    def unproven(self) -> str | None:
        """The key of the proof that is still to be given; an adapter is proven once for all."""
        order = self.order
        if order.side.files is None or not isinstance(
            self.room, TransformersBackend | OpenAIBackend
        ):
            return None
        key = key_of("proof", adapter=order.side.digest, base=order.base, origin=_ways(order))
        return key if self.store.outputs.proof(key) is None else None

    def _prove(self) -> None:
        """Before the first text of an adapter: it must change what the base answers."""
        order, room = self.order, self.room
        key = self.unproven()
        if key is None or not isinstance(room, TransformersBackend | OpenAIBackend):
            return
        shift = applied_shift(room, order.engine, order.side, order.benchmark)
        if shift is not None:
            self.store.outputs.keep_proof(key, shift, utc_now())

    @contextmanager
    def _engine_said(self) -> Iterator[None]:
        """Whatever breaks in an engine becomes one line."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as problem:  # torch, CUDA and plugins raise whatever they like
            raise failed(self.order.engine.name, self.order.side.name, problem) from problem

    def _refuse_gaps(self, cases: list[str]) -> None:
        if cases:
            raise EngineFailed(
                f"{self.order.side.name}: the engine {self.order.engine.name} gave nothing for"
                f" {len(cases)} cases, such as {cases[0]}; run the same command again to go on"
            )


def _ways(order: RunSpec) -> Mapping[str, object]:
    """What a proof depends on: of the decoding only the dtype, so that benchmarks share it."""
    decoding = order.origin.get("decoding")
    dtype = decoding.get("dtype") if isinstance(decoding, dict) else None
    return order.origin | {"decoding": {"dtype": dtype}}


def proof_prompt(side: AdapterRef, benchmark: Benchmark) -> Prompt:
    """After which an adapter must move the logits."""
    return prompts_for(benchmark, benchmark.cases[0], side.name)[0]


def applied_shift(
    room: TransformersBackend | OpenAIBackend, engine: Any, side: AdapterRef, benchmark: Benchmark
) -> float | None:
    """How far the adapter moves the logits; refused where it does not, None where none can tell."""
    prompt = proof_prompt(side, benchmark)
    shift: float | None = engine.shift(room.mount(side), prompt, benchmark.generation)
    refuse_unapplied(side, shift)
    return shift


def refuse_unapplied(side: AdapterRef, shift: float | None) -> None:
    """An adapter that changes nothing would be judged as if it were the base."""
    if shift is not None and not shift > NO_SHIFT:
        raise AdapterRefused(
            f"{side.name}: is loaded but changes nothing (logits move by {shift:g}),"
            " it is not applied"
        )


def chunks(writing: GenerationWork) -> Iterator[GenerationWork]:
    """The same order, some of its cases at a time; progress counts outputs and ideals of all."""
    order = writing.order
    generation = order.benchmark.generation
    size = max(1, STRETCH * generation.batch // generation.samples)
    total, done = sum(_steps(order)), 0
    for start in range(0, len(order.cases), size):
        some = order.of(order.cases[start : start + size])
        texts, ideals = _steps(some)
        yield replace(writing, order=some, heard=_counted(writing.heard, done, texts, total))
        done += texts + ideals


def _steps(order: RunSpec) -> tuple[int, int]:
    """Outputs to write and ideals to weigh; equal ones count once."""
    ideals = len(set(order.likelihoods.values())) if order.engine.likelihoods else 0
    return len(set(order.outputs.values())), ideals


def _counted(heard: OnProgress, before: int, texts: int, total: int) -> OnProgress:
    """A stretch's own count as part of the whole: its ideals come after its texts."""

    def told(step: str, done: int, of: int) -> None:
        weighing = step.endswith("weighing ideals")
        heard(step, min(before + done + texts * weighing, total), total)

    return told
