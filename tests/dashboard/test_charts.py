"""Charts made from invented records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dashboard import colours, effect_charts, time_charts
from dashboard.chart_layers import time_axis
from dashboard.downloads import to_png
from dashboard.learning_chart import FORETOLD, MEASURED, learning_curve
from dashboard.verdict_chart import verdict_chart
from harness.flows.queries import (
    Band,
    Effect,
    Event,
    EvidenceWeek,
    Forgetting,
    PageRate,
    Point,
    RateLine,
    SlicePanel,
    WeekRates,
)
from harness.records import CurveSize, Estimate, Foretold
from tests.render.test_verdict import VERDICT

DAYS = ("2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05")


def point(day: str, adapter: str = "v1", version: str = "a" * 64, mean: float = 0.5) -> Point:
    return Point(
        at=f"{day}T10:00:00.000Z",
        adapter=adapter,
        fingerprint=version,
        mean=mean,
        low=mean - 0.1,
        high=mean + 0.1,
        n=30,
        runs=1,
        run=f"{day}-{adapter}",
    )


def drawn(chart: Any) -> dict[str, Any]:
    """Return the chart as the browser gets it."""
    found: dict[str, Any] = chart.to_dict()
    return found


def rows(chart: Any) -> Iterator[dict[str, Any]]:
    """Yield every row of every layer."""
    for values in drawn(chart)["datasets"].values():
        yield from values


def layers(chart: Any, mark: str) -> list[dict[str, Any]]:
    return [layer for layer in drawn(chart)["layer"] if layer["mark"]["type"] == mark]


@pytest.mark.slow
def test_no_line_is_drawn_across_two_versions_of_the_benchmark() -> None:
    points = [point(DAYS[0]), point(DAYS[1]), point(DAYS[2], version="b" * 64)]
    bands = [
        Band("a" * 64, DAYS[0], DAYS[1], 2, False),
        Band("b" * 64, DAYS[2], DAYS[3], 1, True),
    ]
    chart = time_charts.metric_over_time(points, [], bands, [], ["v1"], "ideal_likelihood")
    (line,) = layers(chart, "line")
    assert {one["field"] for one in line["encoding"]["detail"]} == {"adapter", "version"}
    assert {row["version"] for row in rows(chart)} >= {"version aaaaaa", "version bbbbbb (now)"}


def test_every_point_has_its_interval_and_its_n() -> None:
    chart = time_charts.metric_over_time([point(DAYS[0])], [], [], [], ["v1"], "ideal_likelihood")
    (row,) = {str(row): row for row in rows(chart)}.values()
    assert row["shown"] == "0.500 [0.400, 0.600]"
    assert row["cases"] == "30 cases"


def test_an_override_is_not_drawn_as_a_promotion() -> None:
    marks = [
        Event(f"{DAYS[0]}T10:00:00Z", "promote", "v1", "Ana: good"),
        Event(f"{DAYS[1]}T10:00:00Z", "promote", "v2", "Ben: must be", override=True),
        Event(f"{DAYS[2]}T10:00:00Z", "alarm", "v2", "edit rate"),
    ]
    assert [kind[0] for kind in colours.event_kinds(marks)] == ["promotion", "override", "alarm"]
    chart = time_charts.metric_over_time([point(DAYS[0])], [], [], marks, ["v1"], "x")
    assert "override" in {row.get("what") for row in rows(chart)}


def week(number: int, value: float | None, n: int = 20) -> WeekRates:
    rate = PageRate(value, 0.1, 0.3, n) if value is not None else PageRate()
    return WeekRates(f"2026-W{number:02}", DAYS[number], "v1", n, rate, rate)


def test_a_week_without_reviews_is_a_gap_and_no_zero() -> None:
    chart = time_charts.weekly([week(0, 0.2), week(1, None)], RateLine(), [], ["v1"], "edit")
    assert {row["week"] for row in rows(chart)} == {"2026-W00"}


def test_the_lines_of_the_team_are_drawn_where_there_are_any() -> None:
    line = RateLine(acceptable=0.2, retrain=0.25)
    chart = time_charts.weekly([week(0, 0.2)], line, [], ["v1"], "edit")
    assert {"fine to 20 %", "retrain from 25 %"} <= {row.get("what") for row in rows(chart)}
    bare = time_charts.weekly([week(0, 0.2)], RateLine(), [], ["v1"], "edit")
    assert not {row.get("what") for row in rows(bare)} - {None}


def test_small_multiples_share_their_scales() -> None:
    panels = [
        SlicePanel("industry=health", (point(DAYS[0], mean=0.2),), None),
        SlicePanel("industry=logistics", (point(DAYS[0], mean=0.8),), -0.1),
    ]
    made = [drawn(time_charts.slice_panel(panel, panels, ["v1"])) for panel in panels]
    scales = [layers_["layer"][0]["encoding"]["y"]["scale"] for layers_ in made]
    assert scales[0] == scales[1]


def test_a_slice_says_how_far_the_promoted_line_moved() -> None:
    panel = SlicePanel("industry=health", (point(DAYS[0], mean=0.2),), -0.1)
    assert "\u22120.100" in str(drawn(time_charts.slice_panel(panel, [panel], ["v1"])))


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-01T22:00:00Z", "%H:%M"),
        ("2026-03-01T00:00:00Z", "2026-03-02T22:00:00Z", "%-d %b %H:%M"),
        ("2026-03-01T00:00:00Z", "2026-04-20T00:00:00Z", "%-d %b"),
        ("2026-03-01T00:00:00Z", "2027-02-20T00:00:00Z", "%b %Y"),
    ],
)
def test_the_axis_of_time_is_written_for_its_length(first: str, last: str, written: str) -> None:
    assert time_axis([first, last]).to_dict()["axis"]["format"] == written


def test_evidence_is_drawn_on_tenths_and_an_alarm_has_a_sign_of_its_own() -> None:
    weeks = [
        EvidenceWeek("2026-W10", "2026-03-02", "v1", "edit_rate", 20, 0.0, False),
        EvidenceWeek("2026-W11", "2026-03-09", "v1", "edit_rate", 20, 5000.0, True),
    ]
    made = drawn(time_charts.evidence(weeks, ["v1"]))
    assert made["layer"][2]["encoding"]["shape"]["scale"]["domain"] == [False, True]
    found = [row for row in rows(time_charts.evidence(weeks, ["v1"])) if "alarm" in row]
    assert [(row["drawn"], row["alarm"]) for row in found] == [(0.001, False), (100.0, True)]


def test_the_promoted_line_lies_below_the_adapters_lines() -> None:
    path = [point(DAYS[0]), point(DAYS[1], adapter="v2")]
    made = time_charts.metric_over_time(path, path, [], [], ["v1", "v2"], "m")
    lines = layers(made, "line")
    assert lines[0]["mark"]["strokeWidth"] > lines[1]["mark"]["strokeWidth"]
    assert lines[0]["encoding"]["detail"]["field"] == "version"  # one line for all adapters


def test_forgetting_stands_beside_the_gain_with_both_intervals() -> None:
    gain = Effect("outreach", "ideal_likelihood", 0.2, 0.1, 0.3, 30)
    lost = Effect("general", "ideal_likelihood", -0.1, -0.2, 0.0, 20)
    chart = effect_charts.forgetting([Forgetting("v1", DAYS[0], gain, (lost,))])
    told = {row["what"]: row["shown"] for row in rows(chart) if "what" in row}
    assert told == {
        "outreach: ideal likelihood": "+0.200 [+0.100, +0.300]",
        "general: ideal likelihood (guard)": "−0.100 [−0.200, 0.000]",
    }


def test_an_adapter_has_one_colour_and_the_plain_model_is_grey() -> None:
    found = colours.adapter_colours(["v2", "base", "v1", "v2"])
    assert list(found) == ["v2", "base", "v1"]
    assert found["base"] == colours.GREY
    assert found["v1"] != found["v2"]
    assert colours.adapter_colours([f"v{n}" for n in range(40)])["v39"] in colours.ADAPTERS


@pytest.mark.parametrize("name", ["\u202eevil", "a\nb", "x" * 500])
def test_a_hostile_name_is_one_short_visible_line(name: str) -> None:
    chart = time_charts.metric_over_time([point(DAYS[0], adapter=name)], [], [], [], [name], "m")
    for row in rows(chart):
        assert len(row["adapter"]) < 80
        assert "\u202e" not in row["adapter"]
        assert "\n" not in row["adapter"]


@pytest.mark.slow
def test_a_picture_is_drawn_without_asking_anybody() -> None:
    chart = time_charts.metric_over_time([point(DAYS[0])], [], [], [], ["v1"], "m", legend=True)
    assert to_png(chart, "one point").startswith(b"\x89PNG")


def foretold(low: float, high: float) -> Foretold:
    scores = [Estimate(mean, mean - 0.02, mean + 0.02, 5) for mean in (0.5, 0.42, 0.35)]
    sizes = [
        CurveSize(n / 240, n, score, score) for n, score in zip((60, 120, 240), scores, strict=True)
    ]
    change = Estimate(-0.03, low, high, 3)
    return Foretold("edit_rate", "more would help", tuple(sizes), 100, change, change, True)


def test_a_learning_curve_goes_on_to_what_is_foretold_with_its_interval() -> None:
    (end,) = {
        tuple(row.values()) for row in rows(learning_curve(foretold(-0.05, -0.01)))
        if row["what"] == FORETOLD
    }  # fmt: skip
    assert end[0] == 340
    assert end[1:4] == pytest.approx((0.32, 0.30, 0.34))
    measured = [
        row["examples"] for row in rows(learning_curve(foretold(-0.05, -0.01)))
        if row["what"] == MEASURED
    ]  # fmt: skip
    assert set(measured) == {60, 120, 240}


def test_a_foretold_score_stays_within_what_a_score_can_be() -> None:
    ends = [row for row in rows(learning_curve(foretold(-0.9, 0.9))) if row["what"] == FORETOLD]
    assert {(row["low"], row["high"]) for row in ends} == {(0.0, 1.0)}


def test_a_verdicts_bars_end_where_the_rule_looked_and_an_arrow_marks_their_open_side() -> None:
    held = replace(
        VERDICT.metrics[2], difference=-0.005, low=-0.032, high=0.022, risk=None, name="edit_rate"
    )
    error = replace(held, difference=0.005, low=-0.022, high=0.032)
    found = verdict_chart(replace(VERDICT, metrics=(VERDICT.metrics[0], error)))
    shown = {row["state"]: row for row in rows(found) if "state" in row}
    assert shown["not worse"]["from"] > -0.03 == shown["not worse"]["margin"]
    assert shown["not worse"]["turn"] == 90, "open to the better side, which is always the right"
    assert shown["worse"]["turn"] == -90
    assert shown["worse"]["to"] < 0
    assert shown["not worse"]["shown"] == "+0.005 [−0.022, +0.032]", "the figures are as recorded"
    assert shown["worse"]["row"] == "ideal likelihood"
    assert shown["not worse"]["whole"] == "edit rate (against pinned)"


def test_a_reported_metric_keeps_its_two_sided_interval_and_none_is_no_chart() -> None:
    told = replace(VERDICT.metrics[0], role="report", margin=None)
    (row,) = [row for row in rows(verdict_chart(replace(VERDICT, metrics=(told,)))) if "row" in row]
    assert (row["low"], row["high"], row["arrow"]) == (-0.066, -0.016, None)
    assert verdict_chart(replace(VERDICT, metrics=())) is None


def test_what_judges_has_a_colour_that_no_adapter_has() -> None:
    judging = {colours.GREEN, colours.ORANGE, colours.VERMILLION}
    assert judging.isdisjoint(colours.ADAPTERS)
    bad = (colours.FLAGS["broken"], colours.STATES["worse"][0], colours.KINDS["alarm"][2])
    assert {*bad, colours.EFFECTS["lost"]} == {colours.VERMILLION}
    good = (colours.FLAGS["fixed"], colours.STATES["better"][0], colours.KINDS["promote"][2])
    assert {*good, colours.MOMENTS["in production"], colours.EFFECTS["gained"]} == {colours.GREEN}


def test_no_two_kinds_of_events_have_the_same_shape_so_that_no_colour_is_needed() -> None:
    shapes = [(shape, sign) for _, shape, _, sign in colours.KINDS.values()]
    assert len(set(shapes)) == len(shapes)


def test_a_difference_from_the_base_is_coloured_by_its_interval_and_shaped_by_what_it_is() -> None:
    gain = Effect("outreach", "ideal_likelihood", 0.2, 0.1, 0.3, 30)
    lost = Effect("general", "ideal_likelihood", -0.2, -0.3, -0.1, 20)
    open_ = Effect("manners", "ideal_likelihood", -0.1, -0.2, 0.1, 20)
    made = [Forgetting("v1", DAYS[0], gain, (lost, open_))]
    turns = {
        row["what"]: row["turn"] for row in rows(effect_charts.forgetting(made)) if "turn" in row
    }
    assert list(turns.values()) == ["gained", "lost", "not shown either way"]
    signs = [sign for _, sign in effect_charts.effect_shapes(made).values()]
    assert signs[0] == "●" and len(set(signs)) == 3


def test_long_names_of_one_family_stay_apart_and_a_tooltip_has_them_whole() -> None:
    family = [f"acme/{'first-lines-in-our-voice-' * 3}v{n}" for n in (1, 2)]
    chart = time_charts.metric_over_time(
        [point(DAYS[0], name) for name in family], [], [], [], family, "m"
    )
    shown = {row["adapter"]: row["whole"] for row in rows(chart)}
    assert len(shown) == 2
    assert set(shown.values()) == set(family)
    assert all(len(name) <= 48 for name in shown)
    domain = drawn(chart)["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert set(domain) == set(shown)
