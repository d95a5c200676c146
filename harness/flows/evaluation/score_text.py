"""Score a text against its ideals with the project's metrics and checks, for users' tests.

Tested in tests/plugin/test_fixture.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness.engines.embedder import Embedder
from harness.errors import RequestError
from harness.flows.evaluation.scoring import user_metrics
from harness.flows.project import Project
from harness.measure import parse_checks, score_case
from harness.records import Case, CaseResult, Output
from harness.text.blanks import is_blank

TEXT = ("edit_similarity", "edit_rate", "clean_rate")
"""Metrics that need only the two texts."""
_NEED_MORE = {
    "ideal_likelihood": "a model has to say it, `harness.evaluate` asks one",
    "consistency": "it compares several outputs of one case, `harness.evaluate` makes them",
}


def score(
    output: str,
    ideal: str | Sequence[str],
    *,
    metrics: Sequence[str] = TEXT,
    input: str = "",  # noqa: A002  # the word for it everywhere
    checks: Mapping[str, Any] | None = None,
    project: str | Path | None = None,
) -> CaseResult:
    """Score an output against its ideal, or the best of several; `.scores` holds them by metric.

    `metrics` may name `embedding_similarity`, for which the project's embedder is loaded, and
    metrics of other packages. `checks` are written as in a benchmark: `{"max_words": 20}`.
    A lower `edit_rate` is better; a score that cannot be measured is None, never 0.
    """
    for name in metrics:
        if name in _NEED_MORE:
            raise RequestError(f"{name}: cannot be scored on a text alone; {_NEED_MORE[name]}")
    ideals = (ideal,) if isinstance(ideal, str) else tuple(ideal)
    if not isinstance(output, str):
        raise RequestError(f"the output is a {type(output).__name__}, a text is needed")
    if not ideals or not all(isinstance(text, str) and not is_blank(text) for text in ideals):
        raise RequestError("the ideal is missing or blank, a text or several are needed")
    case = Case("text", input, ideals, checks=parse_checks(checks or {}, "checks"))
    wanted = tuple(metrics)
    cosines = _cosines(output, ideals, project) if "embedding_similarity" in wanted else None
    return score_case(case, (Output("text", output),), cosines, wanted, user_metrics(wanted))


def _cosines(output: str, ideals: tuple[str, ...], project: str | Path | None) -> list[list[float]]:
    from harness.measure import embedding_similarity
    from harness.workspace.base.weights import NONE

    found = Project.here(Path(project) if project else None).embedder
    if found.digest == NONE:
        raise RequestError('embedding_similarity: this project has `embedder = "none"`')
    vectors = _embedder(found.path).embed([output, *ideals])
    rows = embedding_similarity(vectors[:1], vectors[1:])
    return [[round(float(x), 6) for x in row] for row in rows]


@cache
def _embedder(folder: Path) -> Embedder:
    """Load the embedder, once for all the tests of a session."""
    return Embedder(folder)
