"""Ask the engine for the outputs and likelihoods that the store lacks, and keep each batch.

A killed process loses at most the batch that was under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from harness.engines.batches import CHUNK, NO_SHIFT, failed
from harness.engines.protocol import Weighed
from harness.errors import AdapterRefused, EngineFailed, HarnessError
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.evaluation.work import Place, RunSpec, prompts_for
from harness.flows.project import utc_now
from harness.progress import OnProgress
from harness.records import Benchmark, Output, Prompt
from harness.store import Store
from harness.store.keys import key_of


@dataclass(frozen=True, slots=True)
class GenerationWork:
    """The writing and weighing of a run: looked up in the store, else asked of its backend."""

    spec: RunSpec
    store: Store
    on_progress: OnProgress

    def forget(self) -> None:
        """Remove outputs and likelihoods from the store; runs that were made of them stay."""
        spec = self.spec
        self.store.outputs.forget([*spec.outputs.values(), *spec.likelihoods.values()])

    def refuse_long(self) -> None:
        """Refuse a case that the base has too few positions for, before any text is generated."""
        spec = self.spec
        formats = spec.backend.formats(spec.adapter, spec.benchmark)
        if formats is not None:
            prompts = [prompt for prompt in spec.prompts if prompt.sample == 0]
            formats.refuse_long(prompts, spec.backend.mount(spec.adapter).folder)

    def check_server(self) -> None:
        """Refuse a server that answers otherwise than this process, before it is asked."""
        if (check := self.spec.backend.server_check) is not None:
            check.refuse_unlike(self.spec, self.store)

    def outputs(self) -> dict[str, Output]:
        """Return every output of the run, by key."""
        spec, asked = self.spec, self._asked()
        known = self._written(asked)
        wanted = [p for key, p in asked.items() if key not in known]
        if not wanted:
            return known
        title = f"{spec.title}: writing"
        with self._engine_failures():
            self.check_server()
            self._prove()
            self.on_progress(title, len(known), len(asked))
            for batch in spec.backend.generate(spec.adapter, spec.benchmark, wanted):
                known |= self.keep_texts(batch)
                self.on_progress(title, len(known), len(asked))
        self._refuse_gaps([p.case for key, p in asked.items() if key not in known])
        return known

    def unwritten(self) -> list[Prompt]:
        """Return the prompts whose outputs the store lacks."""
        asked = self._asked()
        known = self._written(asked)
        return [prompt for key, prompt in asked.items() if key not in known]

    def keep_texts(self, batch: Sequence[Output]) -> dict[str, Output]:
        """Store outputs and return them by key."""
        found = {self.spec.outputs[output.case, output.sample]: output for output in batch}
        self.store.outputs.keep_texts(found, utc_now())
        return found

    def _asked(self) -> dict[str, Prompt]:
        asked: dict[str, Prompt] = {}
        for prompt in self.spec.prompts:  # equal prompts are written once
            asked.setdefault(self.spec.outputs[prompt.case, prompt.sample], prompt)
        return asked

    def _written(self, asked: Mapping[str, Prompt]) -> dict[str, Output]:
        return self.store.outputs.texts({key: (p.case, p.sample) for key, p in asked.items()})

    def likelihoods(self) -> dict[Place, float | None]:
        """Return the NLL of every ideal, by case and ideal; empty where the engine has none."""
        spec = self.spec
        if not spec.weighs:
            return {}
        keys = spec.likelihoods
        known = self.store.outputs.likelihoods(keys.values())
        wanted, places = self._to_weigh(set(known))
        if wanted:
            with self._engine_failures():
                self.check_server()
                for batch in spec.backend.score_ideals(spec.adapter, spec.benchmark, wanted):
                    known |= self.keep_weighed(batch, places)
                    total = len(set(keys.values()))
                    self.on_progress(f"{spec.title}: weighing ideals", len(known), total)
        self._refuse_gaps([case for (case, _), key in keys.items() if key not in known])
        return {place: known[key] for place, key in keys.items()}

    def unweighed(self) -> tuple[list[Prompt], dict[Place, str]]:
        """Return prompts with the ideals that the store lacks, and the keys of those ideals."""
        if not self.spec.weighs:
            return [], {}
        keys = self.spec.likelihoods.values()
        return self._to_weigh(set(self.store.outputs.likelihoods(keys)))

    def keep_weighed(
        self, batch: Sequence[Weighed], places: Mapping[Place, str]
    ) -> dict[str, float | None]:
        """Store likelihoods and return them by key."""
        found = {places[weighed.case, weighed.ideal]: weighed.nll for weighed in batch}
        self.store.outputs.keep_likelihoods(found)
        return found

    def _to_weigh(self, known: set[str]) -> tuple[list[Prompt], dict[Place, str]]:
        """Return prompts with only the ideals that are not `known`, and the key of each ideal."""
        keys: Mapping[Place, str] = self.spec.likelihoods
        wanted: list[Prompt] = []
        places: dict[Place, str] = {}
        for prompt in (p for p in self.spec.prompts if p.sample == 0):
            ideals = {keys[prompt.case, i]: ideal for i, ideal in enumerate(prompt.ideals)}
            missing = [key for key in ideals if key not in known]
            if not missing:
                continue
            # a recorded line knows its ideals by their place
            if self.spec.backend.from_files(self.spec.adapter):
                missing = [keys[prompt.case, i] for i in range(len(prompt.ideals))]
            known |= set(missing)
            wanted.append(replace(prompt, ideals=tuple(ideals[key] for key in missing)))
            places |= {(prompt.case, place): key for place, key in enumerate(missing)}
        return wanted, places

    def unproven(self) -> str | None:
        """Return the key of the proof that an adapter is applied, None once it was given."""
        spec = self.spec
        if spec.adapter.files is None:
            return None
        # of the decoding only the dtype counts, so that benchmarks share a proof
        decoding = spec.origin.get("decoding")
        dtype = decoding.get("dtype") if isinstance(decoding, dict) else None
        key = key_of(
            "proof",
            adapter=spec.adapter.digest,
            base=spec.backend.base_digest,
            origin=spec.origin | {"decoding": {"dtype": dtype}},
        )
        return key if self.store.outputs.proof(key) is None else None

    def _prove(self) -> None:
        """Show before an adapter's first text that it changes what the base answers."""
        key = self.unproven()
        if key is None:
            return
        shift = applied_shift(self.spec.backend, self.spec.adapter, self.spec.benchmark)
        if shift is not None:
            self.store.outputs.keep_proof(key, shift, utc_now())

    @contextmanager
    def _engine_failures(self) -> Iterator[None]:
        """Turn an exception of the engine into an error with a single line, and log it."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as problem:  # torch, CUDA and plugins raise exceptions of any kind
            raise failed(self.spec.engine_name, self.spec.adapter.name, problem) from problem

    def _refuse_gaps(self, cases: list[str]) -> None:
        if cases:
            raise EngineFailed(
                f"{self.spec.adapter.name}: the engine {self.spec.engine_name} gave nothing for"
                f" {len(cases)} cases, such as {cases[0]}; run the same command again to go on"
            )


def proof_prompt(adapter: AdapterRef, benchmark: Benchmark) -> Prompt:
    """Return the prompt after which an adapter must move the logits."""
    return prompts_for(benchmark, benchmark.cases[0], adapter.name)[0]


def applied_shift(backend: Backend, adapter: AdapterRef, benchmark: Benchmark) -> float | None:
    """Return how far an adapter moves the logits; refuse it if it does not move them.

    None where the engine can't tell.
    """
    shift = backend.shift(adapter, benchmark, proof_prompt(adapter, benchmark))
    refuse_unapplied(adapter, shift)
    return shift


def refuse_unapplied(adapter: AdapterRef, shift: float | None) -> None:
    """Refuse an adapter without effect, since it would be judged as if it were the base."""
    if shift is not None and not shift > NO_SHIFT:
        raise AdapterRefused(
            f"{adapter.name}: is loaded but changes nothing (logits move by {shift:g}),"
            " it is not applied"
        )


def chunks(work: GenerationWork) -> Iterator[GenerationWork]:
    """Yield the work some cases at a time; progress counts the outputs and ideals of all."""
    spec = work.spec
    generation = spec.benchmark.generation
    size = max(1, CHUNK * generation.batch // generation.samples)
    total, done = sum(_steps(spec)), 0
    for start in range(0, len(spec.cases), size):
        some = spec.of(spec.cases[start : start + size])
        texts, ideals = _steps(some)
        yield replace(work, spec=some, on_progress=_part(work.on_progress, done, texts, total))
        done += texts + ideals


def _steps(spec: RunSpec) -> tuple[int, int]:
    """Return how many outputs to write and ideals to weigh; duplicates count once."""
    ideals = len(set(spec.likelihoods.values())) if spec.weighs else 0
    return len(set(spec.outputs.values())), ideals


def _part(on_progress: OnProgress, before: int, texts: int, total: int) -> OnProgress:
    """Show a chunk's progress as part of the whole: its ideals come after its texts."""

    def show(step: str, done: int, of: int) -> None:
        weighing = step.endswith("weighing ideals")
        on_progress(step, min(before + done + texts * weighing, total), total)

    return show
