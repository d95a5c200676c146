"""Scores and checks: how close an output is to a case's ideals, and which demands it meets.

Pure: no disk, no clock, no model. Importing this package loads no heavy library.
"""

from __future__ import annotations

import logging

from harness.measure.checks import run_checks
from harness.measure.closeness import embedding_similarity, ideal_likelihood
from harness.measure.edits import clean_rate, consistency, edit_rate, edit_similarity
from harness.measure.metrics import METRICS, Metric, UserMetric
from harness.measure.parsing import merge_checks, parse_checks
from harness.measure.scoring import score_case
from harness.measure.thoughts import may_begin_inside, opens_thought, without_thoughts

__all__ = [
    "METRICS",
    "Metric",
    "UserMetric",
    "clean_rate",
    "consistency",
    "edit_rate",
    "edit_similarity",
    "embedding_similarity",
    "ideal_likelihood",
    "may_begin_inside",
    "merge_checks",
    "opens_thought",
    "parse_checks",
    "run_checks",
    "score_case",
    "without_thoughts",
]

# Without a handler Python itself would write warnings of a library to stderr.
logging.getLogger(__name__).addHandler(logging.NullHandler())
