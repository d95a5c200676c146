"""Score outputs: look up or make embeddings, then measure every metric of every case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.engines.embedder import Embedder
from harness.errors import BenchmarkError
from harness.flows.evaluation.work import Place, RunSpec
from harness.libraries import versions
from harness.measure import (
    METRICS,
    UserMetric,
    embedding_similarity,
    may_begin_inside,
    score_case,
    without_thoughts,
)
from harness.progress import OnProgress
from harness.records import Benchmark, Case, CaseResult, Output
from harness.registered import METRICS as GROUP
from harness.registered import Registered, names, registered
from harness.store import Store
from harness.store.keys import vector_key
from harness.workspace.formats.fields import kind_of, suggestion

TOGETHER = 512
"""Texts that are embedded before their vectors are stored."""


def vectors_of(
    texts: Sequence[str],
    store: Store,
    embedder: Embedder,
    digest: str,
    on_progress: Callable[[int, int], None] = lambda done, missing: None,
) -> dict[str, NDArray[np.float32]]:
    """Return the vector of every text; `digest` is that of the embedder's weights.

    `on_progress` gets how many are done and how many were missing, first before the model is
    loaded.
    """
    wanted = list(dict.fromkeys(texts))
    keys = {text: vector_key(digest, embedder.version, text) for text in wanted}
    known = store.outputs.vectors(keys.values())
    missing = [text for text in wanted if keys[text] not in known]
    for start in range(0, len(missing), TOGETHER):
        on_progress(start, len(missing))
        some = missing[start : start + TOGETHER]
        found = dict(zip((keys[text] for text in some), embedder.embed(some), strict=True))
        store.outputs.keep_vectors(found)
        known |= found
    return {text: known[key] for text, key in keys.items()}


_MEASURES = ("rapidfuzz", "sacrebleu")


def user_metrics(wanted: tuple[str, ...]) -> dict[str, UserMetric]:
    """Return the functions of other packages' metrics: text and case in, a number in 0..1 out."""
    return {name: _found(name).value for name in wanted if name not in METRICS}


def measures(wanted: tuple[str, ...], benchmark: str = "") -> Mapping[str, str]:
    """Return the versions of everything that scores rest on; another version scores anew.

    An unknown metric's error names `benchmark`, whose `[metrics]` ask for it.
    """
    where = f"benchmark {benchmark}: [metrics] " if benchmark else ""
    others = {
        f"metric {name}": _found(name, where).package for name in wanted if name not in METRICS
    }
    return versions(_MEASURES) | others


@cache
def _found(name: str, where: str = "") -> Registered:
    """Return another package's metric, cached since each lookup reads every package's files."""
    found = registered(GROUP, name, BenchmarkError)
    if found is None:
        known = suggestion(name, [*METRICS, *names(GROUP)])
        raise BenchmarkError(f"{where}{name}: no such metric{known}")
    if not callable(found.value):
        raise BenchmarkError(
            f"{name}: {found.place} of {found.package} is {kind_of(found.value)},"
            " a function of output and case is needed"
        )
    return found


ALWAYS = ("ideal_likelihood", "edit_similarity", "embedding_similarity", "edit_rate", "clean_rate")
"""Scored on every benchmark; the benchmark says which of them count."""


def metrics_of(benchmark: Benchmark, embeddings: bool) -> tuple[str, ...]:
    """Return the metrics to score: those of every benchmark, then those this benchmark names."""
    more = ("consistency",) if benchmark.generation.samples > 1 else ()
    found = dict.fromkeys((*ALWAYS, *more, *(rule.name for rule in benchmark.metrics)))
    return tuple(name for name in found if embeddings or name != "embedding_similarity")


@dataclass(frozen=True, slots=True)
class Scoring:
    """The scoring of a run's outputs."""

    spec: RunSpec
    store: Store
    embedder: Embedder
    digest: str
    """The digest of the embedder's weights."""
    metrics: tuple[str, ...]
    on_progress: OnProgress
    opens_thought: Callable[[], bool] = lambda: False
    """Tells whether the chat template begins a thought in the prompt; asked only if it matters."""

    def results(
        self, outputs: Mapping[str, Output], nlls: Mapping[Place, float | None]
    ) -> tuple[CaseResult, ...]:
        """Return every case with its outputs and scores, in the benchmark's order."""
        written: dict[str, list[Output]] = {case.id: [] for case in self.spec.cases}
        for prompt in self.spec.prompts:
            weighed = tuple(nlls[prompt.case, i] for i in range(len(prompt.ideals))) if nlls else ()
            output = outputs[self.spec.outputs[prompt.case, prompt.sample]]
            # equal prompts share a stored output, which may carry another case's place
            output = replace(output, case=prompt.case, sample=prompt.sample, ideal_nlls=weighed)
            written[prompt.case].append(self._answered(output))
        vectors = self._vectors([o.scored for some in written.values() for o in some])
        extra = user_metrics(self.metrics)
        return tuple(
            self._result(case, tuple(written[case.id]), vectors, extra) for case in self.spec.cases
        )

    def _answered(self, output: Output) -> Output:
        """Take the thoughts out where the benchmark says so; the record keeps the whole text."""
        if self.spec.benchmark.chat.strip != "think":
            return output
        # A text without any mark is an answer, or all thought where the prompt began the thought.
        opened = may_begin_inside(output.text) and self.opens_thought()
        answer = without_thoughts(output.text, opened=opened)
        if answer is None:
            return replace(output, answer="", unended=True)
        return output if answer == output.text else replace(output, answer=answer)

    def _result(
        self,
        case: Case,
        outputs: tuple[Output, ...],
        vectors: Mapping[str, Any],
        extra: Mapping[str, Any],
    ) -> CaseResult:
        similarities = None
        if vectors:
            found = embedding_similarity(
                [vectors[o.scored] for o in outputs], [vectors[ideal] for ideal in case.ideals]
            )
            # rounded, since a cosine's last bits depend on the machine's linear algebra library
            similarities = [[round(float(x), 6) for x in row] for row in found]
        return score_case(case, outputs, similarities, self.metrics, extra)

    def _vectors(self, texts: list[str]) -> dict[str, Any]:
        """Return the embeddings of outputs and ideals; the store keeps each for later runs."""
        if "embedding_similarity" not in self.metrics:
            return {}
        ideals = [ideal for case in self.spec.cases for ideal in case.ideals]
        return vectors_of(
            [*texts, *ideals],
            self.store,
            self.embedder,
            self.digest,
            lambda done, missing: self.on_progress(f"{self.spec.title}: embedding", done, missing),
        )
