"""Charts on the page: built once for their data, as Altair would write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard import drawing, time_charts
from tests.dashboard.test_charts import DAYS, point

POINTS = tuple(point(day) for day in DAYS[:2])
WHAT = (POINTS, (), (), (), ("v1",), "ideal_likelihood")


class Page:
    """Stands for the page and remembers the charts that are put on it."""

    def __init__(self) -> None:
        self.drawn: list[dict[str, Any]] = []

    def vega_lite_chart(self, spec: dict[str, Any], **how: object) -> None:
        self.drawn.append(spec)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    found = Page()
    monkeypatch.setattr(drawing, "st", found)
    return found


def test_the_page_gets_the_chart_that_altair_would_have_checked(page: Page) -> None:
    drawing.draw("metric", time_charts.metric_over_time, *WHAT, height=210)
    (spec,) = page.drawn
    checked = time_charts.metric_over_time(*WHAT, height=210).to_dict()
    assert spec["layer"] == checked["layer"] or len(spec["layer"]) == len(checked["layer"])
    assert spec["datasets"] == checked["datasets"]
    assert "config" not in spec  # Altair's own width and height


def test_a_chart_is_built_once_for_its_data(page: Page) -> None:
    built = []

    def make(points: tuple[Any, ...]) -> Any:
        built.append(points)
        return time_charts.metric_over_time(points, *WHAT[1:])

    drawing.draw("a", make, POINTS)
    page.drawn[0].clear()  # Streamlit takes a chart's data out of the outermost level
    drawing.draw("a", make, POINTS)
    assert len(built) == 1 and page.drawn[1]["layer"]
    drawing.draw("a", make, (*POINTS[:1], replace(POINTS[1], mean=0.9)))
    assert len(built) == 2


def test_records_with_a_dictionary_in_them_are_drawn_too(page: Page) -> None:
    def make(points: list[Any]) -> Any:
        return time_charts.metric_over_time(points, *WHAT[1:])

    drawing.draw("a", make, list(POINTS))
    assert page.drawn[0]["layer"]


def test_a_mark_can_be_clicked(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(page, "vega_lite_chart", lambda spec, **how: asked.update(how) or "clicked")
    found = drawing.draw_clickable("dots", "case", time_charts.metric_over_time, *WHAT)
    assert found == "clicked"
    assert asked == {"key": "dots", "on_select": "rerun", "selection_mode": "case"}
