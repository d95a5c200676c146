"""Outputs and likelihoods: what the store lacks is asked of the engine and kept batch by batch.

A killed process loses at most the batch it was in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import AdapterRefused, EngineFailed, HarnessError
from harness.flows.order import Order, Place
from harness.flows.origin import now
from harness.flows.prompts import prompts_for
from harness.flows.rooms import OpenAIRoom, Room, Side, TransformersRoom
from harness.records import Benchmark, Output, Prompt
from harness.store import Store
from harness.store.keys import key_of

NO_SHIFT = 1e-6

Heard = Callable[[str, int, int], None]
"""Called with what is being made, how much is there, how much is needed."""


@dataclass(frozen=True, slots=True)
class Writing:
    """One order, written and weighed with one room and one store."""

    order: Order
    room: Room
    store: Store
    heard: Heard

    def forget(self) -> None:
        """What was remembered of the outputs goes; runs that were made of it stay."""
        order = self.order
        self.store.outputs.forget([*order.outputs.values(), *order.likelihoods.values()])

    def outputs(self) -> dict[str, Output]:
        """Every output of the order, by key."""
        order, shelf = self.order, self.store.outputs
        asked: dict[str, Prompt] = {}
        for prompt in order.prompts:  # equal prompts are written once
            asked.setdefault(order.outputs[prompt.case, prompt.sample], prompt)
        known = shelf.texts({key: (p.case, p.sample) for key, p in asked.items()})
        wanted = [p for key, p in asked.items() if key not in known]
        if not wanted:
            return known
        title = f"{order.title}: writing"
        with self._engine_said():
            self._prove()
            self.heard(title, len(known), len(asked))
            mounted = self.room.mount(order.side)
            for batch in order.engine.generate(mounted, wanted, order.benchmark.generation):
                found = {order.outputs[output.case, output.sample]: output for output in batch}
                shelf.keep_texts(found, now())
                known |= found
                self.heard(title, len(known), len(asked))
        self._refuse_gaps([p.case for key, p in asked.items() if key not in known])
        return known

    def likelihoods(self) -> dict[Place, float | None]:
        """The NLL of every ideal, by case and ideal; none where the engine has none."""
        order, shelf = self.order, self.store.outputs
        if not order.engine.likelihoods:
            return {}
        keys = order.likelihoods
        known = shelf.likelihoods(keys.values())
        wanted, places = self._to_weigh(set(known))
        if wanted:
            with self._engine_said():
                mounted = self.room.mount(order.side)
                for batch in order.engine.likelihood(mounted, wanted, order.benchmark.generation):
                    found = {places[w.case, w.ideal]: w.nll for w in batch}
                    shelf.keep_likelihoods(found)
                    known |= found
                    total = len(set(keys.values()))
                    self.heard(f"{order.title}: weighing ideals", len(known), total)
        self._refuse_gaps([case for (case, _), key in keys.items() if key not in known])
        return {place: known[key] for place, key in keys.items()}

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

    def _prove(self) -> None:
        """Before the first text of an adapter: it must change what the base answers."""
        order, room = self.order, self.room
        if order.side.files is None or not isinstance(room, TransformersRoom | OpenAIRoom):
            return
        key = key_of("proof", adapter=order.side.digest, base=order.base, origin=order.origin)
        if self.store.outputs.proof(key) is not None:
            return
        shift = applied_shift(room, order.engine, order.side, order.benchmark)
        if shift is not None:
            self.store.outputs.keep_proof(key, shift, now())

    @contextmanager
    def _engine_said(self) -> Iterator[None]:
        """Whatever breaks in an engine means the same: this could not be judged."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as problem:  # torch, CUDA and plugins raise whatever they like
            reason = str(problem).strip().split("\n")[0][:200] or "no reason given"
            raise EngineFailed(
                f"{self.order.side.name}: the engine {self.order.engine.name} failed"
                f" ({type(problem).__name__}: {reason}), run the same command again to go on"
            ) from problem

    def _refuse_gaps(self, cases: list[str]) -> None:
        if cases:
            raise EngineFailed(
                f"{self.order.side.name}: the engine {self.order.engine.name} gave nothing for"
                f" {len(cases)} cases, such as {cases[0]}; run the same command again to go on"
            )


def applied_shift(
    room: TransformersRoom | OpenAIRoom, engine: Any, side: Side, benchmark: Benchmark
) -> float | None:
    """How far the adapter moves the logits; refused where it does not, None where none can tell."""
    prompt = prompts_for(benchmark, benchmark.cases[0], side.name)[0]
    shift: float | None = engine.shift(room.mount(side), prompt, benchmark.generation)
    if shift is not None and not shift > NO_SHIFT:
        raise AdapterRefused(
            f"{side.name}: is loaded but changes nothing (logits move by {shift:g}),"
            " it is not applied"
        )
    return shift
