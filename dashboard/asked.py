"""Let the reader choose what a page's query is about: the benchmark, then one of its metrics.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from dashboard import choices
from harness.text.figures import metric_title

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from dashboard.frame import PageContext


class OfBenchmark(Protocol):
    """What a page's query says about a benchmark."""

    @property
    def benchmark(self) -> str:
        """The benchmark's name."""

    @property
    def metric(self) -> str:
        """The metric that is shown; empty where nothing was scored."""


class OfMetric(OfBenchmark, Protocol):
    """The same, with the metrics that can be chosen."""

    @property
    def metrics(self) -> Sequence[str]:
        """Their names, gates first."""


Said = TypeVar("Said", bound=OfBenchmark)
SaidOfMetric = TypeVar("SaidOfMetric", bound=OfMetric)


def about_benchmark(
    context: PageContext, ask: Callable[[str], Said], place: DeltaGenerator
) -> Said:
    """Return what a query says about the chosen benchmark, by default about the task's."""
    found = ask(context.benchmark)
    with place:
        benchmark = choices.one("Benchmark", context.benchmarks, "benchmark", found.benchmark)
    return found if benchmark == found.benchmark else ask(benchmark)


def about_metric(
    context: PageContext,
    ask: Callable[[str], SaidOfMetric],
    places: Sequence[DeltaGenerator],
) -> tuple[SaidOfMetric, str]:
    """Return what a query says about the chosen benchmark, and the metric that was chosen."""
    found = about_benchmark(context, ask, places[0])
    with places[1]:
        metric = choices.one("Metric", found.metrics, "metric", found.metric, metric_title)
    return found, metric
