"""A metric of another package counts like one of our own, and another version scores anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.errors import HarnessError
from harness.records import Run
from tests.fakes.packages import offer
from tests.fakes.project import BENCHMARK, CASES, TinyProject

ASKS = '\n[metrics.polite]\nrole = "guard"\nmargin = 0.1\n'
POLITE = "def score(output, case):\n    return 1.0 if output.startswith('Hi ') else 0.0\n"


@pytest.fixture
def asking(project: TinyProject) -> TinyProject:
    """A project whose benchmark asks for the metric `polite`."""
    project.benchmark("openers", BENCHMARK + ASKS, CASES)
    project.record("good")
    return project


def run_of(project: TinyProject) -> Run:
    verdict = harness.evaluate("good", project=project.folder, benchmarks=["openers"])["openers"]
    store = project.store()
    run = store.runs.by_id(verdict.runs["candidate"])
    store.close()
    assert run is not None
    return run


def line_of(project: TinyProject) -> str:
    with pytest.raises(HarnessError) as caught:
        run_of(project)
    assert caught.value.exit_code == 4
    return str(caught.value)


@pytest.mark.long
def test_it_is_scored_judged_and_named_with_its_package(asking: TinyProject, site: Path) -> None:
    offer(
        site, "acme 1.2", {"harness.metrics": {"polite": "acme_polite:score"}}, acme_polite=POLITE
    )
    run = run_of(asking)
    assert {result.scores["polite"] for result in run.results} == {1.0}
    assert run.origin["measures"]["metric polite"] == "acme 1.2"


@pytest.mark.long
def test_another_version_scores_anew_and_writes_nothing_anew(
    asking: TinyProject, site: Path
) -> None:
    offered = {"harness.metrics": {"polite": "acme_polite:score"}}
    offer(site, "acme 1.2", offered, acme_polite=POLITE)
    first = run_of(asking)
    assert run_of(asking).id == first.id
    (site / "acme-1.2.dist-info").rename(site / "acme-1.3.dist-info")
    about = site / "acme-1.3.dist-info" / "METADATA"
    about.write_text(about.read_text().replace("1.2", "1.3"))
    from harness.flows.evaluation import scoring

    scoring._found.cache_clear()  # as in a new process
    assert run_of(asking).id != first.id


@pytest.mark.slow
def test_a_metric_that_nobody_offers(asking: TinyProject) -> None:
    line = "benchmark openers: [metrics] polite: no such metric, known are "
    assert line_of(asking).startswith(line)


@pytest.mark.long
@pytest.mark.parametrize(
    ("module", "line"),
    [
        (
            "score = 'nice'",
            "polite: acme_polite:score of acme 1.2 is a text,"
            " a function of output and case is needed",
        ),
        (
            "def score(output, case): return 90",
            "metric 'polite' gave 90 for case logistics-1; allowed is a number in 0..1",
        ),
        (
            "def score(output, case): return True",
            "metric 'polite' gave True for case logistics-1; allowed is a number in 0..1",
        ),
        (
            "def score(output, case): return float('nan')",
            "metric 'polite' gave nan for case logistics-1; allowed is a number in 0..1",
        ),
        (
            "def score(output): return 1.0",
            "metric 'polite' failed on case logistics-1: TypeError: score() takes 1 positional"
            " argument but 2 were given",
        ),
    ],
)
def test_what_is_no_metric_is_one_line(
    asking: TinyProject, site: Path, module: str, line: str
) -> None:
    offer(
        site, "acme 1.2", {"harness.metrics": {"polite": "acme_polite:score"}}, acme_polite=module
    )
    assert line_of(asking) == line


def test_a_package_that_takes_the_name_of_our_own_metric(asking: TinyProject, site: Path) -> None:
    offer(site, "acme 1.2", {"harness.metrics": {"edit_rate": "acme_polite:score"}})
    assert line_of(asking).startswith("edit_rate: is one of lora-harness's own, and acme 1.2 ")
