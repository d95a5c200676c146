"""Scoring of a case and its outputs: the score of the closest ideal, averaged over samples.

A metric that cannot be computed is None, never zero.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from numbers import Real
from statistics import fmean
from typing import TypeAlias

from harness.errors import DataError, RequestError
from harness.measure.checks import run_checks
from harness.measure.closeness import ideal_likelihood
from harness.measure.edits import consistency, edit_rate, edit_similarity, is_clean
from harness.measure.metrics import METRICS, UserMetric
from harness.records import Case, CaseResult, CheckResult, Output
from harness.text.quoting import METRIC_FAILED, brief

Best: TypeAlias = tuple[float | None, int | None]
"""A score, and the index of the ideal that gave it."""

MISSING: Best = (None, None)

_log = logging.getLogger(__name__)


def score_case(
    case: Case,
    outputs: tuple[Output, ...],
    similarities: Sequence[Sequence[float] | None] | None,
    metrics: tuple[str, ...],
    extra: Mapping[str, UserMetric] | None = None,
) -> CaseResult:
    """Score the outputs of a case on the requested metrics.

    `similarities` has one sequence per output, a cosine per ideal; None where there are no vectors.
    """
    users = extra or {}
    unknown = [name for name in metrics if name not in METRICS and name not in users]
    if unknown:
        known = ", ".join([*METRICS, *users])
        raise RequestError(f"unknown metric {unknown[0]!r}; known are {known}")
    cosines = similarities if similarities is not None else [None] * len(outputs)
    samples = [
        _sample(case, output, row, metrics, users)
        for output, row in zip(outputs, cosines, strict=True)
    ]
    scores = {name: _mean(name, samples) for name in metrics}
    if "consistency" in scores and "consistency" not in users:
        scores["consistency"] = consistency([output.scored for output in outputs])
    first = samples[0] if samples else {}
    best_ideals = {name: index for name, (_, index) in first.items() if index is not None}
    # A check that fails on any sample has failed.
    rows = [run_checks(case, output.scored) for output in outputs]
    checks = tuple(_worst(results) for results in zip(*rows, strict=True))
    return CaseResult(case, outputs, scores, best_ideals, checks, _by_sample(samples))


def _sample(
    case: Case,
    output: Output,
    cosines: Sequence[float] | None,
    metrics: tuple[str, ...],
    users: Mapping[str, UserMetric],
) -> dict[str, Best]:
    """Score an output on every metric that does not need the other samples."""
    found: dict[str, Best] = {}
    if {"edit_rate", "clean_rate"} & set(metrics):
        negated, index = _highest([-edit_rate(output.scored, ideal) for ideal in case.ideals])
        rate = None if negated is None else abs(negated)
        found["edit_rate"] = (rate, index)
        found["clean_rate"] = (None if rate is None else is_clean(rate), index)
    if "edit_similarity" in metrics:
        found["edit_similarity"] = _highest(
            [edit_similarity(output.scored, i) for i in case.ideals]
        )
    if "embedding_similarity" in metrics and cosines is not None:
        found["embedding_similarity"] = _closest(case, cosines)
    if "ideal_likelihood" in metrics and output.ideal_nlls:
        found["ideal_likelihood"] = _likeliest(case, output)
    for name in (name for name in metrics if name in users):
        found[name] = (_user_score(name, users[name], output.scored, case), None)
    return {name: found.get(name, MISSING) for name in metrics}


def _highest(scores: Sequence[float | None]) -> Best:
    """Return the best score; of equal scores the first, so that the index is stable."""
    best = MISSING
    for index, score in enumerate(scores):
        if score is not None and (best[0] is None or score > best[0]):
            best = (score, index)
    return best


def _closest(case: Case, cosines: Sequence[float]) -> Best:
    if len(cosines) != len(case.ideals):
        raise ValueError(f"case {case.id}: {len(cosines)} cosines for {len(case.ideals)} ideals")
    return _highest([min(1.0, max(0.0, float(cosine))) for cosine in cosines])


def _likeliest(case: Case, output: Output) -> Best:
    if len(output.ideal_nlls) != len(case.ideals):
        raise DataError(
            f"case {case.id}: {len(output.ideal_nlls)} likelihoods for {len(case.ideals)} ideals; "
            "give one per ideal, in their order"
        )
    try:
        return _highest([ideal_likelihood(nll) for nll in output.ideal_nlls])
    except DataError as error:
        raise DataError(f"case {case.id}: {error}") from error


def _user_score(name: str, metric: UserMetric, text: str, case: Case) -> float:
    try:
        score: object = metric(text, case)
    except Exception as error:  # foreign code, which may raise anything
        _log.debug("metric %s failed on case %s", name, case.id, exc_info=True)
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(METRIC_FAILED.say(what, repr(name), case.id)) from error
    # A bool is a number to Python, but a metric that returns True was not meant as a score.
    if isinstance(score, Real) and not isinstance(score, bool) and 0.0 <= float(score) <= 1.0:
        return float(score)
    raise DataError(
        f"metric {name!r} gave {brief(score)} for case {case.id}; allowed is a number in 0..1"
    )


def _mean(name: str, samples: list[dict[str, Best]]) -> float | None:
    scores = [sample[name][0] for sample in samples]
    if name == "ideal_likelihood":
        # It depends on the prompt alone, so engines need not repeat it for every sample.
        scores = [score for score in scores if score is not None]
    known = [score for score in scores if score is not None]
    # A mean over some of the samples would compare unequal things.
    return fmean(known) if known and len(known) == len(scores) else None


def _by_sample(samples: list[dict[str, Best]]) -> dict[str, tuple[float | None, ...]]:
    """Return the scores of each sample, for metrics with a score, where several were drawn."""
    if len(samples) < 2:
        return {}
    rows = {name: tuple(sample[name][0] for sample in samples) for name in samples[0]}
    return {name: row for name, row in rows.items() if any(score is not None for score in row)}


def _worst(results: Sequence[CheckResult]) -> CheckResult:
    for number, result in enumerate(results, start=1):
        if not result.passed:
            where = f"sample {number}: " if len(results) > 1 else ""
            return CheckResult(result.name, result.level, False, where + result.message)
    return results[0]
