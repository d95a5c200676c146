"""Outputs become results: embeddings are looked up or made, every metric is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.engines.embedder import Embedder
from harness.flows.evaluation.embedding import vectors_of
from harness.flows.evaluation.generation import Heard
from harness.flows.evaluation.user_metrics import user_metrics
from harness.flows.evaluation.work import Order, Place
from harness.measure import embedding_similarity, score_case
from harness.records import Benchmark, Case, CaseResult, Output
from harness.store import Store

ALWAYS = ("ideal_likelihood", "edit_similarity", "embedding_similarity", "edit_rate", "clean_rate")
"""Scored on every benchmark; the benchmark says which of them count."""


def metrics_of(benchmark: Benchmark, embeddings: bool) -> tuple[str, ...]:
    """What is scored: the usual metrics and those that the benchmark asks for."""
    more = ("consistency",) if benchmark.generation.samples > 1 else ()
    found = dict.fromkeys((*ALWAYS, *more, *(rule.name for rule in benchmark.metrics)))
    return tuple(name for name in found if embeddings or name != "embedding_similarity")


@dataclass(frozen=True, slots=True)
class Scoring:
    """One order's outputs, measured."""

    order: Order
    store: Store
    embedder: Embedder
    digest: str
    """Of the embedder's weights."""
    metrics: tuple[str, ...]
    heard: Heard

    def results(
        self, outputs: Mapping[str, Output], nlls: Mapping[Place, float | None]
    ) -> tuple[CaseResult, ...]:
        """Every case with its outputs, in the benchmark's order."""
        written: dict[str, list[Output]] = {case.id: [] for case in self.order.cases}
        for prompt in self.order.prompts:
            weighed = tuple(nlls[prompt.case, i] for i in range(len(prompt.ideals))) if nlls else ()
            output = outputs[self.order.outputs[prompt.case, prompt.sample]]
            output = replace(output, case=prompt.case, sample=prompt.sample, ideal_nlls=weighed)
            written[prompt.case].append(output)
        vectors = self._vectors([output.text for output in outputs.values()])
        extra = user_metrics(self.metrics)
        return tuple(
            self._result(case, tuple(written[case.id]), vectors, extra) for case in self.order.cases
        )

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
                [vectors[o.text] for o in outputs], [vectors[ideal] for ideal in case.ideals]
            )
            similarities = [[round(float(x), 6) for x in row] for row in found]
        return score_case(case, outputs, similarities, self.metrics, extra)

    def _vectors(self, texts: list[str]) -> dict[str, Any]:
        """Embeddings of outputs and ideals; an ideal is embedded once in a store's life."""
        if "embedding_similarity" not in self.metrics:
            return {}
        ideals = [ideal for case in self.order.cases for ideal in case.ideals]
        return vectors_of(
            [*texts, *ideals],
            self.store,
            self.embedder,
            self.digest,
            lambda done, missing: self.heard(f"{self.order.title}: embedding", done, missing),
        )
