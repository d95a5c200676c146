"""Every page in every state: no run yet, one run, many, a hostile output, a broken store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.records import CurvePoint, LearningCurve
from harness.workspace.project.curves import curve_file, write_curve
from tests.dashboard.conftest import Open, reviews
from tests.fakes.project import BENCHMARK, CASES, TASK
from tests.fakes.served import ServedProject

pytestmark = pytest.mark.slow

PAGES = ("now", "over_time", "compare", "grid", "cases", "review", "reviewers", "worth", "ledger")


def test_a_project_without_a_run_says_on_every_page_which_command_is_next(
    none: ServedProject, opened: Open
) -> None:
    dashboard = opened(none)
    told = {
        "now": "pytest --model NAME",
        "over_time": "pytest --model NAME",
        "compare": "pytest --model NAME",
        "grid": "pytest --model NAME",
        "cases": "pytest --model NAME",
        "review": "pytest --model NAME",
        "reviewers": "lora-harness reviews import FILE",
        "worth": "pytest --model NAME",
        "ledger": "lora-harness promote NAME",
    }
    for name, command in told.items():
        page = dashboard.page(name)
        assert not page.trouble, name
        assert any(command in code for code in page.codes), name


def test_one_run_fills_the_pages_and_the_command_to_promote_is_exact(
    one: ServedProject, opened: Open
) -> None:
    dashboard = opened(one)
    assert "Nothing is promoted" in dashboard.title
    assert any(code.startswith("lora-harness promote v1 --task") for code in dashboard.codes)
    for name in PAGES[1:]:
        assert not dashboard.page(name).trouble, name
    assert "v1" in dashboard.page("compare").title


def test_now_says_in_one_line_what_is_promoted_and_every_number_has_its_n(
    many: ServedProject, opened: Open
) -> None:
    dashboard = opened(many)
    assert dashboard.title.startswith("v2 is in production")
    assert "8 cases" in dashboard.html
    assert "reviews" in dashboard.html
    assert "v3" in dashboard.html
    assert "reject" in dashboard.html


def test_reviews_that_nobody_made_are_labelled_wherever_they_are_counted(
    many: ServedProject, opened: Open
) -> None:
    dashboard = opened(many)
    assert "synthetic" in dashboard.html.lower()
    assert "synthetic" in dashboard.page("over_time").html.lower()


def test_compare_tells_the_verdict_in_a_sentence_and_what_it_rests_on(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many).page("compare")
    assert not page.trouble
    for words in ("Reject: 8 of 8 cases collapsed", ">8 cases<", ">no reserve<", ">no finals<"):
        assert words in page.html, words
    assert "as declared; v2 gains +0.4" in page.html


def test_now_says_cases_reserve_and_finals_by_themselves(many: ServedProject, opened: Open) -> None:
    html = opened(many).html
    for words in (">8 cases<", ">no reserve<", ">no finals<"):
        assert words in html, f"{words} of what is in production"
    assert html.count("no reserve: ") == 3, "of every candidate as well"
    assert "8 cases: " in html


def test_a_link_leads_to_what_its_sender_saw(many: ServedProject, opened: Open) -> None:
    page = opened(many)
    for name, value in (("against", "v1"), ("only", "broken"), ("case", "health-2")):
        page.at.query_params[name] = value
    page.page("compare")
    assert "against v1" in page.html
    assert page.at.multiselect("only").value == ["broken"]
    assert page.at.selectbox("case").value == "health-2"


def test_another_task_brings_its_own_benchmark(many: ServedProject, opened: Open) -> None:
    many.second_task()
    page = opened(many)
    assert "2 tasks" in page.title
    page.page("cases")
    assert page.title.startswith("openers: ")
    page.at.selectbox("task").set_value("replies").run()
    assert page.title.startswith("replies: ")
    assert "openers" not in page.at.selectbox("benchmark").options


def test_over_time_first_answers_whether_the_promoted_adapter_is_still_good(
    many: ServedProject, opened: Open
) -> None:
    html = opened(many).page("over_time").html
    assert "v2 is " in html
    assert "when it was promoted" in html
    assert "━" in html, "the legend of the promoted line"


def test_over_time_shows_all_metrics_in_a_range_of_days(many: ServedProject, opened: Open) -> None:
    page = opened(many)
    page.at.query_params["metric"] = "all metrics"
    html = page.page("over_time").html
    assert "edit similarity" in html and "ideal likelihood" in html
    page.at.date_input("to").set_value(date(2020, 12, 31)).run()
    assert "No run in this range" in page.html


def test_of_many_reviewed_adapters_a_legend_names_the_newest_and_counts_the_others(
    many: ServedProject, opened: Open
) -> None:
    with many.opened() as store:
        store.reviews.keep([
            replace(one, id=f"many-{n}", adapter=f"voice_v{n:02}", at=f"2026-02-{n:02}T10:00:00Z")
            for n in range(1, 21)
            for one in [next(reviews())]
        ])  # fmt: skip
    html = opened(many).page("over_time").html
    assert "9 more adapters, named in the tooltips" in html
    assert "voice_v20" in html
    assert "4 of 4 adapters and 4 runs of 4 are shown" in html
    assert "50 reviews of outputs of 21 adapters" in html


def test_a_filter_that_leaves_nothing_says_so(many: ServedProject, opened: Open) -> None:
    page = opened(many).page("compare")
    flags = page.at.multiselect("only").options
    page.at.multiselect("slice").set_value(["industry=health"]).run()
    assert "health-1" in page.html or "health-2" in page.html
    assert "fixed" not in flags


@pytest.mark.parametrize("name", ["compare", "cases", "review"])
def test_a_hostile_output_is_text_and_a_long_one_is_cut(
    many: ServedProject, opened: Open, name: str
) -> None:
    page = opened(many).page(name)
    if name == "review":
        page.at.selectbox("adapter").set_value("v3").run()
    else:
        page.at.selectbox("case").set_value("logistics-1").run()
    assert not page.trouble
    assert "<script" not in page.html
    assert "&lt;script&gt;" in page.html
    assert "\u202e" not in page.html
    assert "\\u202e" in page.html
    assert "more characters)" in page.html
    markdown = [element.value for element in page.at.markdown]
    assert not any("evil.example" in text for text in markdown)


def test_all_of_a_long_output_is_there_on_a_click(many: ServedProject, opened: Open) -> None:
    page = opened(many).page("compare")
    page.at.selectbox("case").set_value("logistics-1").run()
    page.at.toggle("whole-now").set_value(True).run()
    assert any(len(code) > 100_000 for code in page.codes)


def test_a_broken_store_is_one_line_on_every_page(many: ServedProject, opened: Open) -> None:
    (many.folder / "reports/harness.db").write_bytes(b"this is no database " * 500)
    dashboard = opened(many)
    for name in PAGES:
        (line,) = dashboard.page(name).trouble
        assert "the store" in line
        assert "Traceback" not in dashboard.html
        assert not dashboard.at.exception


def test_a_project_that_cannot_be_read_is_one_line(none: ServedProject, opened: Open) -> None:
    none.write("pyproject.toml", "[tool.harness]\nbase = 7\n")
    (line,) = opened(none).trouble
    assert "pyproject.toml" in line


def test_a_review_is_filed_as_the_import_would(many: ServedProject, opened: Open) -> None:
    page = opened(many).page("review")
    before = page.title
    _press(page, "accepted")
    assert "Say who you are" in page.trouble[0]
    page.at.text_input("reviewer").set_value("Ben").run()
    _press(page, "accepted")
    assert not page.trouble
    assert page.title != before
    with many.opened() as store:
        (made,) = [one for one in store.reviews.each("openers") if one.reviewer == "Ben"]
    assert (made.decision, made.adapter, made.source) == ("accepted", "v2", "benchmark")
    assert made.edit_rate == 0.0


def test_an_edit_is_never_lost_and_never_empty(many: ServedProject, opened: Open) -> None:
    page = opened(many).page("review")
    page.at.text_input("reviewer").set_value("Ben").run()
    _press(page, "edited")
    assert "Nothing is changed yet" in page.trouble[0]
    page.at.text_area[0].set_value("Hi Ana, better words")
    _press(page, "accepted")
    assert "You changed the text" in page.trouble[0]
    _press(page, "edited")
    assert not page.trouble
    with many.opened() as store:
        (made,) = [one for one in store.reviews.each("openers") if one.reviewer == "Ben"]
    assert (made.decision, made.final) == ("edited", "Hi Ana, better words")


def test_a_blind_comparison_never_names_who_wrote_what(many: ServedProject, opened: Open) -> None:
    page = opened(many).page("review")
    page.at.text_input("reviewer").set_value("Ben").run()
    page.at.segmented_control("way").set_value("blind").run()
    assert "blindly" in page.title
    assert "v2" not in page.html
    assert "v3" not in page.html
    _press(page, "rejected")
    assert not page.trouble
    assert "reviewed" in page.html


def test_an_override_is_red_and_a_ledger_changed_by_hand_says_so(
    many: ServedProject, opened: Open
) -> None:
    many.put("v3", override=True)
    page = opened(many).page("ledger")
    assert "1 override" in page.title
    assert "lh-override" in page.html
    assert "OVERRIDE" in page.html
    many.by_hand("UPDATE decisions SET why = 'x' WHERE seq = 1")
    page = page.page("now").page("ledger")
    assert "changed by hand" in page.title
    assert page.codes == ["lora-harness verify"]


@pytest.mark.parametrize("name", PAGES)
def test_where_a_login_is_set_up_no_page_is_shown_before_it(
    many: ServedProject, opened: Open, name: str
) -> None:
    page = opened(many)
    page.at.user = {"is_logged_in": False}
    page.page(name)
    assert [button.label for button in page.at.button] == ["Log in"]
    assert "v2" not in page.html


def test_who_is_logged_in_stands_on_the_review(many: ServedProject, opened: Open) -> None:
    page = opened(many)
    page.at.user = {"is_logged_in": True, "email": "ben@example.com", "name": "<b>Ben</b>"}
    page.page("review")
    assert not page.at.text_input or "reviewer" not in [t.key for t in page.at.text_input]
    _press(page, "accepted")
    with many.opened() as store:
        names = {one.reviewer for one in store.reviews.each("openers")}
    assert "ben@example.com" in names


def _press(page: object, way: str) -> None:
    """Press one of the buttons of the visible form."""
    at = page.at  # type: ignore[attr-defined]
    next(button for button in at.button if str(button.key).startswith(f"{way}-")).click().run()


@pytest.mark.parametrize("name", ["compare", "cases", "review"])
def test_a_conversation_is_shown_turn_by_turn_before_its_input(
    none: ServedProject, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    turns = [
        {"role": "user", "content": "A table <script>alert(1)</script> for two"},
        {"role": "assistant", "content": "At what time? **bold** \u202e"},
        {"role": "user", "content": "At eight"},
    ]
    case = {**CASES[0], "messages": turns, "system": "You book.", "context": ["Open.", "Full."]}
    del case["input"]
    none.benchmark(TASK, BENCHMARK.replace("{input}", "{context} {input}"), [case, *CASES[1:]])
    none.line("v1")
    page = opened(none).page(name)
    if name != "review":
        page.at.selectbox("case").set_value(case["id"]).run()
    assert not page.trouble
    texts = ("You book.", "A table &lt;script&gt;", "At what time? **bold** \\u202e", "Open.",
             "Full.", "At eight")  # fmt: skip
    places = [page.html.index(text) for text in texts]
    assert places == sorted(places)
    for role in ("System", "User", "Assistant", "Context 1", "Context 2", "Input"):
        assert f">{role}<" in page.html
    assert "<script" not in page.html and "\u202e" not in page.html


def test_a_long_conversation_is_folded(
    none: ServedProject, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    turns = [{"role": ("user", "assistant")[n % 2], "content": f"turn {n}"} for n in range(21)]
    case = {**CASES[0], "messages": turns}
    del case["input"]
    none.benchmark(TASK, BENCHMARK, [case, *CASES[1:]])
    none.line("v1")
    (fold,) = opened(none).page("cases").at.expander
    assert fold.label == "20 texts before it"


def keep_curve(project: ServedProject, drop: float, seeds: int = 2, done: int = 6) -> None:
    """Leave a learning curve whose edit rate falls by so much with each doubling."""
    points = tuple(
        CurvePoint(
            share,
            round(240 * share),
            seed,
            {"edit_rate": {case["id"]: 0.5 - drop * place + 0.002 * seed for case in CASES}},
            *(60.0, 2_000_000),
        )
        for seed in range(seeds)
        for place, share in enumerate((0.25, 0.5, 1.0))
    )
    groups = {case["id"]: case["id"] for case in CASES}
    curve = LearningCurve(
        *(TASK, TASK, "voice@3", "f" * 64, 240, seeds, groups, {}),
        *(points[:done], "2026-05-04T10:00:00.000Z"),
    )
    write_curve(curve_file(project.folder / "reports", TASK, f"k{drop}"), curve)


def test_worth_answers_whether_more_examples_would_help(many: ServedProject, opened: Open) -> None:
    dashboard = opened(many)
    page = dashboard.page("worth")
    assert any("train --curve" in code for code in page.codes)
    keep_curve(many, 0.08)
    page = dashboard.page("worth")
    assert not page.trouble
    assert "More would help: about −0.039" in page.html
    assert "edit rate for 100 more" in page.html
    assert "voice@3" in page.html
    for cell in (">60<", ">120<", ">240<"):
        assert cell in page.html
    assert "Enough:" not in page.html
    many.settings(
        f"[tool.harness.monitor.{TASK}]\nedit_rate = {{ acceptable = 0.45, retrain = 0.5 }}\n"
    )
    page = opened(many).page("worth")
    assert "Enough: 120 examples for the 45.0 % that the team lives with" in page.html


def test_worth_shows_a_curve_before_anything_is_promoted_and_one_that_is_not_done(
    one: ServedProject, opened: Open
) -> None:
    keep_curve(one, 0.0, done=4)
    one.write("reports/curves/torn.json", "{")
    page = opened(one).page("worth")
    assert not page.trouble
    assert "4 of 6 trainings" in page.html
    assert "No answer before two seeds" in page.html
    assert "torn.json" in page.html
