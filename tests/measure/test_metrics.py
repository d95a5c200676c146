"""The table of metrics says what each one is and needs; the room costs nothing to import."""

import subprocess
import sys

import pytest

from harness.measure import METRICS
from harness.records import LOWER_IS_BETTER


def test_every_metric_of_the_project_is_in_the_table():
    assert list(METRICS) == [
        "edit_similarity",
        "embedding_similarity",
        "ideal_likelihood",
        "edit_rate",
        "clean_rate",
        "consistency",
    ]
    assert all(name == metric.name and metric.meaning for name, metric in METRICS.items())


def test_a_metric_that_says_lower_is_better_is_judged_so():
    assert {"edit_rate"} == LOWER_IS_BETTER
    assert {
        name for name, m in METRICS.items() if "lower is better" in m.meaning
    } == LOWER_IS_BETTER


def test_needs_say_what_an_engine_has_to_give():
    assert {name: metric.need for name, metric in METRICS.items() if metric.need} == {
        "embedding_similarity": "embeddings",
        "ideal_likelihood": "likelihoods",
        "consistency": "samples",
    }


@pytest.mark.medium
def test_importing_the_room_loads_nothing_heavy():
    code = (
        "import sys, harness.measure; "
        "heavy = ('numpy', 'rapidfuzz', 'sacrebleu', 'regex', 'scipy'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
