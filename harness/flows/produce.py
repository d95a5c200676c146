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
from typing import Any

from harness.engines.embedder import Embedder
from harness.engines.protocol import Engine
from harness.engines.recorded import Recorded
from harness.errors import AdapterRefused, BenchmarkError, EngineFailed, HarnessError, StoreFailed
from harness.flows.opening import Room, Side, TransformersRoom
from harness.flows.origin import commit, machine, now
from harness.flows.project import Project
from harness.flows.prompts import prompts_for
from harness.libraries import versions
from harness.measure import METRICS, embedding_similarity, score_case
from harness.records import Benchmark, Case, CaseResult, Output, Prompt, Run
from harness.store import Store
from harness.store.keys import key_of, likelihood_key, output_key, vector_key
from harness.workspace.fields import suggestion
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
        """The run of an adapter on a benchmark, or on some cases; `refresh` makes it again."""
        chosen = [c for c in benchmark.cases if cases is None or c.id in cases]
        engine = self.room.engine(benchmark.name, side)
        work = _Work(self, side, benchmark, chosen, engine)
        known, key = self._newest(work.key)
        if known is not None and not refresh:
            return known
        if refresh:
            work.forget()
        with self._alone(key):
            return self.store.runs.by_key(key) or work.done(key)

    def _newest(self, key: str) -> tuple[Run | None, str]:
        """The last run made of exactly this, and the key for the next one (`refresh` makes it)."""
        known, place, again = None, key, 0
        while (found := self.store.runs.by_key(place)) is not None:
            known, again = found, again + 1
            place = key_of("run again", key=key, again=again)
        return known, place

    def known(self, side: Side, benchmark: Benchmark) -> Run | None:
        """The complete run, where the store has it."""
        engine = self.room.engine(benchmark.name, side)
        whole = _Work(self, side, benchmark, list(benchmark.cases), engine)
        return self._newest(whole.key)[0]

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """A second process that needs the same run waits for it instead of making it again."""
        from filelock import FileLock

        folder = self.project.settings.reports / ".locks"
        lock = FileLock(folder / f"{key[:2]}.lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as problem:
            raise StoreFailed(f"{folder}: cannot be written ({problem.strerror})") from None
        try:
            yield
        finally:
            lock.release()

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
        self.recorded = isinstance(engine, Recorded)
        self.prompts = [p for case in cases for p in prompts_for(benchmark, case, side.name)]
        self.keys = {
            (p.case, p.sample): output_key(side.digest, self.base, self._origin(p), p)
            for p in self.prompts
        }
        self.metrics = _metrics(benchmark, by.project.embedder.digest != NONE)
        self.extra = user_metrics(self.metrics)
        self.key = key_of(
            "run",
            adapter=side.name,
            benchmark=benchmark.name,
            fingerprint=benchmark.fingerprint,
            outputs=list(self.keys.values()),
            embedder=by.project.embedder.digest,
            measures=versions(MEASURES),
            metrics=list(self.metrics),
        )

    def _origin(self, prompt: Prompt) -> dict[str, object]:
        """A recorded output belongs to its case; any other follows from its prompt alone."""
        return self.origin | {"case": prompt.case} if self.recorded else self.origin

    def forget(self) -> None:
        """What was remembered of the outputs goes; runs that were made of it stay."""
        weights = self._likelihood_keys().values()
        self.by.store.outputs.forget([*self.keys.values(), *weights])

    def done(self, key: str) -> Run:
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
            id=self._identity(started, key),
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
        return by.store.runs.keep(run, key)

    def _identity(self, started: str, key: str) -> str:
        moment = re.sub(r"[:.]", "-", started.removesuffix("Z"))
        return f"{moment[:19]}_{self.side.name.replace('/', '.')}_{self.benchmark.name}_{key[:6]}"

    # --- outputs -----------------------------------------------------------------------------

    def _outputs(self) -> dict[str, Output]:
        store = self.by.store.outputs
        asked: dict[str, Prompt] = {}
        for prompt in self.prompts:  # equal prompts are written once
            asked.setdefault(self.keys[prompt.case, prompt.sample], prompt)
        known = store.texts({key: (p.case, p.sample) for key, p in asked.items()})
        wanted = [p for key, p in asked.items() if key not in known]
        if not wanted:
            return known
        with self._engine_said():
            self._prove()
            title = f"{self.side.name} on {self.benchmark.name}: writing"
            self.by.heard(title, len(known), len(asked))
            mounted = self.by.room.mount(self.side)
            for batch in self.engine.generate(mounted, wanted, self.benchmark.generation):
                found = {self.keys[output.case, output.sample]: output for output in batch}
                store.keep_texts(found, now())
                known |= found
                self.by.heard(title, len(known), len(asked))
        self._refuse_gaps([p.case for key, p in asked.items() if key not in known])
        return known

    @contextmanager
    def _engine_said(self) -> Iterator[None]:
        """Whatever breaks in an engine means the same: this could not be judged."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as problem:
            reason = str(problem).strip().split("\n")[0][:200] or "no reason given"
            raise EngineFailed(
                f"{self.side.name}: the engine {self.engine.name} failed"
                f" ({type(problem).__name__}: {reason}), run the same command again to go on"
            ) from problem

    def _refuse_gaps(self, cases: list[str]) -> None:
        if cases:
            raise EngineFailed(
                f"{self.side.name}: the engine {self.engine.name} gave nothing for"
                f" {len(cases)} cases, such as {cases[0]}; run the same command again to go on"
            )

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
        keys = self._likelihood_keys()
        known = store.likelihoods(keys.values())
        wanted, places = self._to_weigh(keys, set(known))
        title = f"{self.side.name} on {self.benchmark.name}: weighing ideals"
        if wanted:
            with self._engine_said():
                mounted = self.by.room.mount(self.side)
                for batch in self.engine.likelihood(mounted, wanted, self.benchmark.generation):
                    found = {places[w.case, w.ideal]: w.nll for w in batch}
                    store.keep_likelihoods(found)
                    known |= found
                    self.by.heard(title, len(known), len(set(keys.values())))
        self._refuse_gaps([case for (case, _), key in keys.items() if key not in known])
        return {place: known[key] for place, key in keys.items()}

    def _likelihood_keys(self) -> dict[tuple[str, int], str]:
        """By case and ideal; samples do not matter."""
        return {
            (p.case, index): likelihood_key(self.side.digest, self.base, self._origin(p), p, ideal)
            for p in self.prompts
            if p.sample == 0
            for index, ideal in enumerate(p.ideals)
        }

    def _to_weigh(
        self, keys: Mapping[tuple[str, int], str], known: set[str]
    ) -> tuple[list[Prompt], dict[tuple[str, int], str]]:
        """Prompts with only the ideals that nobody weighed yet, and the key of each of those."""
        wanted: list[Prompt] = []
        places: dict[tuple[str, int], str] = {}
        for prompt in (p for p in self.prompts if p.sample == 0):
            ideals = {keys[prompt.case, i]: ideal for i, ideal in enumerate(prompt.ideals)}
            missing = [key for key in ideals if key not in known]
            if not missing:
                continue
            if self.recorded:  # a recorded line knows its ideals by their place
                missing = [keys[prompt.case, i] for i in range(len(prompt.ideals))]
            known |= set(missing)
            wanted.append(replace(prompt, ideals=tuple(ideals[key] for key in missing)))
            places |= {(prompt.case, place): key for place, key in enumerate(missing)}
        return wanted, places

    # --- scores ------------------------------------------------------------------------------

    def _scored(
        self, outputs: Mapping[str, Output], nlls: Mapping[tuple[str, int], float | None]
    ) -> tuple[CaseResult, ...]:
        written: dict[str, list[Output]] = {case.id: [] for case in self.cases}
        for prompt in self.prompts:
            weighed = tuple(nlls[prompt.case, i] for i in range(len(prompt.ideals))) if nlls else ()
            output = outputs[self.keys[prompt.case, prompt.sample]]
            output = replace(output, case=prompt.case, sample=prompt.sample, ideal_nlls=weighed)
            written[prompt.case].append(output)
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
    for name in wanted:
        if name not in found.names:
            raise BenchmarkError(
                f"{name}: no such metric{suggestion(name, [*METRICS, *found.names])}"
            )
    return {name: found[name].load() for name in wanted}


def applied_shift(room: TransformersRoom, engine: Any, side: Side, benchmark: Benchmark) -> float:
    """How far the adapter moves the next token's logits; refused where it does not move them."""
    prompt = prompts_for(benchmark, benchmark.cases[0], side.name)[0]
    shift: float = engine.shift(room.mount(side), prompt, benchmark.generation)
    if not shift > NO_SHIFT:
        raise AdapterRefused(
            f"{side.name}: is loaded but changes nothing (logits move by {shift:g}),"
            " it is not applied"
        )
    return shift
