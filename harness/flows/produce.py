"""One adapter on one benchmark becomes a run: only what the store does not know is generated.

Every finished batch is kept at once, so a killed process loses at most the batch it was in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.engines.embedder import Embedder
from harness.engines.protocol import Engine
from harness.errors import AdapterRefused
from harness.flows.opening import Room, Side, TransformersRoom
from harness.flows.origin import commit, machine, now
from harness.flows.project import Project
from harness.flows.prompts import prompts_for
from harness.libraries import versions
from harness.measure import METRICS, embedding_similarity, score_case
from harness.records import Benchmark, Case, CaseResult, Output, Prompt, Run
from harness.store import Store
from harness.store.keys import key_of, likelihood_key, output_key, vector_key
from harness.workspace.gguf import model_folder
from harness.workspace.inspection import base_shape, inspect
from harness.workspace.weights import NONE

MEASURES = ("rapidfuzz", "sacrebleu")
ALWAYS = ("ideal_likelihood", "edit_similarity", "embedding_similarity", "edit_rate", "clean_rate")
"""Scored on every benchmark; the benchmark says which of them count."""
NO_SHIFT = 1e-6

Heard = Callable[[str, int, int], None]
"""Called with what is being made, how much is there, how much is needed."""


@dataclass
class Producer:
    """Makes runs with one room and one store."""

    project: Project
    store: Store
    room: Room
    heard: Heard = lambda step, done, total: None
    seconds: dict[str, float] = field(default_factory=dict)
    _embedder: Embedder | None = None

    def run(
        self,
        side: Side,
        benchmark: Benchmark,
        cases: frozenset[str] | None = None,
        refresh: bool = False,
    ) -> Run:
        """The run of an adapter on a benchmark, or on some of its cases; `refresh` makes it anew."""
        chosen = [c for c in benchmark.cases if cases is None or c.id in cases]
        engine = self.room.engine(benchmark.name, side)
        work = _Work(self, side, benchmark, chosen, engine)
        if refresh:
            work.forget()
        known = self.store.runs.by_key(work.key)
        if known is not None:
            return known
        with self._alone(work.key):
            return self.store.runs.by_key(work.key) or work.done()

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """A second process that needs the same run waits for it instead of making it again."""
        from filelock import FileLock

        folder = self.project.settings.reports / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key[:32]}.lock"):
            yield

    @property
    def embedder(self) -> Embedder:
        """The embedding model, loaded when its first text comes."""
        if self._embedder is None:
            self._embedder = Embedder(self.project.embedder.path)
        return self._embedder

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Durations by step, for the record."""
        begun = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - begun
            self.seconds[step] = round(self.seconds.get(step, 0.0) + spent, 3)


class _Work:
    """Everything that one run is made of."""

    def __init__(
        self, by: Producer, side: Side, benchmark: Benchmark, cases: list[Case], engine: Engine
    ) -> None:
        self.by, self.side, self.benchmark, self.cases = by, side, benchmark, cases
        self.engine = engine
        self.base = by.room.base_digest
        self.origin = dict(engine.origin(benchmark.generation))
        self.prompts: dict[str, Prompt] = {}
        for case in cases:
            for prompt in prompts_for(benchmark, case, side.name):
                self.prompts[output_key(side.digest, self.base, self.origin, prompt)] = prompt
        self.metrics = _metrics(benchmark, by.project.embedder.digest != NONE)
        self.extra = user_metrics(self.metrics)
        self.key = key_of(
            "run",
            adapter=side.name,
            benchmark=benchmark.name,
            fingerprint=benchmark.fingerprint,
            outputs=list(self.prompts),
            embedder=by.project.embedder.digest,
            measures=versions(MEASURES),
            metrics=list(self.metrics),
        )

    def forget(self) -> None:
        """What was remembered of the outputs goes; runs that were made of it stay."""
        first = [p for p in self.prompts.values() if p.sample == 0]
        self.by.store.outputs.forget([*self.prompts, *self._likelihood_keys(first)])
        self.key = key_of("run again", key=self.key, at=now())

    def done(self) -> Run:
        """Generate, weigh and score what is missing, and keep the run."""
        started = now()
        by = self.by
        by.seconds = {}
        with by.timed("generate"):
            outputs = self._outputs()
        with by.timed("likelihood"):
            nlls = self._likelihoods()
        with by.timed("measure"):
            results = self._scored(outputs, nlls)
        run = Run(
            id=self._identity(started),
            adapter=self.side.name,
            benchmark=self.benchmark.name,
            task=self.benchmark.task,
            fingerprint=self.benchmark.fingerprint,
            results=results,
            complete=len(self.cases) == len(self.benchmark.cases),
            digests={
                "adapter": self.side.digest,
                "base": self.base,
                "embedder": by.project.embedder.digest,
            },
            origin=self.origin
            | {"measures": versions(MEASURES), "machine": machine()}
            | {"source": commit(by.project.settings.root)},
            started=started,
            seconds=dict(by.seconds),
        )
        return by.store.runs.keep(run, self.key)

    def _identity(self, started: str) -> str:
        moment = re.sub(r"[:.]", "-", started.removesuffix("Z"))
        return f"{moment[:19]}_{self.side.name.replace('/', '.')}_{self.benchmark.name}_{self.key[:6]}"

    # --- outputs -----------------------------------------------------------------------------

    def _outputs(self) -> dict[str, Output]:
        store = self.by.store.outputs
        known = store.texts({key: (p.case, p.sample) for key, p in self.prompts.items()})
        missing = {(p.case, p.sample): key for key, p in self.prompts.items() if key not in known}
        if not missing:
            return known
        self._prove()
        title = f"{self.side.name} on {self.benchmark.name}: writing"
        wanted = [self.prompts[key] for key in missing.values()]
        self.by.heard(title, len(known), len(self.prompts))
        mounted = self.by.room.mount(self.side)
        for batch in self.engine.generate(mounted, wanted, self.benchmark.generation):
            found = {missing[output.case, output.sample]: output for output in batch}
            store.keep_texts(found, now())
            known |= found
            self.by.heard(title, len(known), len(self.prompts))
        return known

    def _prove(self) -> None:
        """Before the first text of an adapter: it must change what the base answers."""
        files = self.side.files
        room = self.by.room
        if files is None or not isinstance(room, TransformersRoom):
            return
        key = key_of("proof", adapter=self.side.digest, base=self.base, origin=self.origin)
        if self.by.store.outputs.proof(key) is not None:
            return
        shift = applied_shift(room, self.engine, self.side, self.benchmark)
        self.by.store.outputs.keep_proof(key, shift, now())

    def _likelihoods(self) -> dict[tuple[str, int], float | None]:
        """By case and ideal; every sample shares them, since they do not depend on the output."""
        if not self.engine.likelihoods:
            return {}
        store = self.by.store.outputs
        firsts = [p for p in self.prompts.values() if p.sample == 0]
        keys = self._likelihood_keys(firsts)
        known = store.likelihoods(keys)
        missing = {place: key for key, place in keys.items() if key not in known}
        wanted = [p for p in firsts if any(case == p.case for case, _ in missing)]
        title = f"{self.side.name} on {self.benchmark.name}: weighing ideals"
        if wanted:
            mounted = self.by.room.mount(self.side)
            for batch in self.engine.likelihood(mounted, wanted, self.benchmark.generation):
                found = {missing[w.case, w.ideal]: w.nll for w in batch if (w.case, w.ideal) in missing}
                store.keep_likelihoods(found)
                known |= found
                self.by.heard(title, len(known), len(keys))
        return {place: known[key] for key, place in keys.items()}

    def _likelihood_keys(self, prompts: list[Prompt]) -> dict[str, tuple[str, int]]:
        return {
            likelihood_key(self.side.digest, self.base, self.origin, p, ideal): (p.case, index)
            for p in prompts
            for index, ideal in enumerate(p.ideals)
        }

    # --- scores ------------------------------------------------------------------------------

    def _scored(
        self, outputs: Mapping[str, Output], nlls: Mapping[tuple[str, int], float | None]
    ) -> tuple[CaseResult, ...]:
        written: dict[str, list[Output]] = {case.id: [] for case in self.cases}
        for key, prompt in self.prompts.items():
            weighed = tuple(nlls[prompt.case, i] for i in range(len(prompt.ideals))) if nlls else ()
            written[prompt.case].append(replace(outputs[key], ideal_nlls=weighed))
        vectors = self._vectors([o.text for o in outputs.values()])
        return tuple(self._result(case, tuple(written[case.id]), vectors) for case in self.cases)

    def _result(
        self, case: Case, outputs: tuple[Output, ...], vectors: Mapping[str, Any]
    ) -> CaseResult:
        similarities = None
        if vectors:
            found = embedding_similarity(
                [vectors[o.text] for o in outputs], [vectors[ideal] for ideal in case.ideals]
            )
            similarities = [[round(float(x), 6) for x in row] for row in found]
        return score_case(case, outputs, similarities, self.metrics, self.extra)

    def _vectors(self, texts: list[str]) -> dict[str, Any]:
        """Embeddings of outputs and ideals; an ideal is embedded once in a store's life."""
        if "embedding_similarity" not in self.metrics:
            return {}
        wanted = list(dict.fromkeys([*texts, *(i for case in self.cases for i in case.ideals)]))
        embedder, store = self.by.embedder, self.by.store.outputs
        digest = self.by.project.embedder.digest
        keys = {text: vector_key(digest, embedder.version, text) for text in wanted}
        known = store.vectors(keys.values())
        missing = [text for text in wanted if keys[text] not in known]
        if missing:
            self.by.heard(f"{self.side.name} on {self.benchmark.name}: embedding", 0, len(missing))
            found = dict(zip((keys[t] for t in missing), embedder.embed(missing), strict=True))
            store.keep_vectors(found)
            known |= found
        return {text: known[key] for text, key in keys.items()}


def _metrics(benchmark: Benchmark, embeddings: bool) -> tuple[str, ...]:
    more = ("consistency",) if benchmark.generation.samples > 1 else ()
    found = dict.fromkeys((*ALWAYS, *more, *(rule.name for rule in benchmark.metrics)))
    return tuple(name for name in found if embeddings or name != "embedding_similarity")


def user_metrics(names: tuple[str, ...]) -> dict[str, Any]:
    """Metrics that other packages registered under the entry point group `harness.metrics`."""
    wanted = [name for name in names if name not in METRICS]
    if not wanted:
        return {}
    found = entry_points(group="harness.metrics")
    return {name: found[name].load() for name in wanted if name in found.names}


def applied_shift(room: TransformersRoom, engine: Any, side: Side, benchmark: Benchmark) -> float:
    """How far the adapter moves the next token's logits; refused where it does not move them."""
    prompt = prompts_for(benchmark, benchmark.cases[0], side.name)[0]
    shift: float = engine.shift(room.mount(side), prompt, benchmark.generation)
    if not shift > NO_SHIFT:
        raise AdapterRefused(
            f"{side.name}: is loaded but changes nothing (logits move by {shift:g}), it is not applied"
        )
    return shift


def refuse_unsound(project: Project, side: Side) -> None:
    """The doctor's file checks; the first that fails is the line that the user reads."""
    if side.files is None:
        return
    folder: Path = model_folder(project.base)
    for found in inspect(side.files, base_shape(folder, project.base.digest)):
        if not found.ok:
            raise AdapterRefused(found.message)
