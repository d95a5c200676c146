"""Weigh texts that people sent, under the candidate and the promoted adapter.

Only their likelihood is needed: one forward pass a side, kept in the store by its content.

Tested in tests/flows/evaluation/test_finals.py.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import BenchmarkError
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.context import Context
from harness.flows.evaluation.finals import choose_finals, final_case
from harness.flows.evaluation.generation import GenerationWork, chunks
from harness.flows.evaluation.work import RunSpec
from harness.progress import about
from harness.records import Benchmark, MetricRule, Prompt, Review, WeighedFinal

LIKELIHOOD = "ideal_likelihood"
NOT_HERE = "finals: not available here, "

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SentTexts:
    """Finals that were weighed, or the reason why none were."""

    weighed: tuple[WeighedFinal, ...] = ()
    why_not: str = ""


def weigh_finals(
    context: Context, benchmark: Benchmark, candidate: AdapterRef, promoted: AdapterRef
) -> SentTexts:
    """Weigh finals of the benchmark's task where the store has enough of them."""
    why_not = _unavailable(context, benchmark, candidate)
    if why_not is not None:
        return SentTexts(why_not=why_not)
    chosen = choose_finals(context, benchmark, (candidate.name, promoted.name))
    sides = (candidate, promoted)
    if not any(map(context.backend.from_files, sides)):
        long = set[str]().union(*(_too_long(context, benchmark, one, chosen) for one in sides))
        chosen = [review for review in chosen if review.id not in long]
    needed = benchmark.policy.finals_reject
    if len(chosen) < needed:
        return SentTexts(why_not=f"finals: {len(chosen)} of the {needed} that are needed")
    found = [_likelihoods(context, benchmark, one, chosen) for one in sides]
    if not all(found):
        name = next((one.name for one in sides if one.served), None)
        who = "recorded outputs have none for this benchmark"
        return SentTexts(why_not=NOT_HERE + (f"{name} gives no likelihoods" if name else who))
    return SentTexts(
        tuple(
            WeighedFinal(
                review.id,
                found[0].get(review.id),
                found[1].get(review.id),
                review.at,
                tuple(f"{key}={value}" for key, value in sorted(review.slices.items())),
            )
            for review in chosen
        )
    )


def _unavailable(context: Context, benchmark: Benchmark, adapter: AdapterRef) -> str | None:
    """Return why no final can be weighed; an empty reason where none is asked for."""
    if not benchmark.policy.finals:
        return ""
    rules: Sequence[MetricRule] = benchmark.metrics
    if rules and not any(rule.name == LIKELIHOOD and rule.role != "report" for rule in rules):
        return "finals: not weighed, the benchmark does not judge the likelihood"
    if not context.backend.engine(benchmark.name, adapter).likelihoods:
        return f"{NOT_HERE}the engine gives no likelihoods"
    if not context.store.reviews.count(benchmark.task):
        return f"{NOT_HERE}no review is in the store"
    return None


def _likelihoods(
    context: Context, benchmark: Benchmark, adapter: AdapterRef, reviews: Sequence[Review]
) -> Mapping[str, float]:
    """Return the likelihood of each final under an adapter; those that have none are missing."""
    if context.backend.from_files(adapter):
        known = context.backend.recorded_finals(benchmark.name, adapter)
        return {name: math.exp(-nll) for name, nll in known.items()}
    work = _work(context, benchmark, adapter, reviews)
    left, _ = work.unweighed()
    if left:
        title = f"{work.spec.title}: weighing {len(left)} finals"
        guess = _seconds(context, benchmark, adapter, left)
        title += f" ({about(guess)})" if guess else ""
        _log.info(title)
        show = context.producer.on_progress
        work = replace(work, on_progress=lambda _, done, total: show(title, done, total))
    found: dict[str, float] = {}
    for part in chunks(work):  # a killed process loses one of them at most
        for (case, _), nll in part.likelihoods().items():
            if nll is not None:
                found[case] = math.exp(-nll)
    return found


def _work(
    context: Context, benchmark: Benchmark, adapter: AdapterRef, reviews: Iterable[Review]
) -> GenerationWork:
    single = replace(benchmark.generation, samples=1, temperature=0.0)
    cases = tuple(final_case(review) for review in reviews)
    asked = replace(benchmark, cases=cases, reserve=(), generation=single)
    spec = RunSpec(adapter, asked, cases, context.backend)
    return GenerationWork(spec, context.store, context.producer.on_progress)


def _seconds(
    context: Context, benchmark: Benchmark, adapter: AdapterRef, prompts: Sequence[Prompt]
) -> float:
    """Guess how long weighing takes, by the letters of the benchmark's ideals; 0 is unknown."""
    run = context.store.runs.newest(adapter.name, benchmark.name)
    spent = run.seconds.get("likelihood", 0.0) if run else 0.0
    known = RunSpec(adapter, benchmark, benchmark.cases, context.backend).prompts
    return spent * _letters(prompts) / max(_letters(known), 1)


def _letters(prompts: Iterable[Prompt]) -> int:
    return sum(
        len(prompt.messages[-1].content) + sum(map(len, prompt.ideals)) for prompt in prompts
    )


def _too_long(
    context: Context, benchmark: Benchmark, adapter: AdapterRef, reviews: Sequence[Review]
) -> set[str]:
    """Return the ids of finals that the base has too few positions for."""
    work = _work(context, benchmark, adapter, reviews)
    unweighed, _ = work.unweighed()
    formats = context.backend.formats(adapter, benchmark) if unweighed else None
    if formats is None:
        return set()
    folder, found = context.backend.mount(adapter).folder, set[str]()
    for prompt in unweighed:
        try:
            formats.refuse_long([prompt], folder)
        except BenchmarkError:
            found.add(prompt.case)
    return found
