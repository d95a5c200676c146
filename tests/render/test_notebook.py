"""Verdicts, runs and comparisons show themselves in notebooks and become data frames."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from harness.errors import RequestError
from harness.records import Case, CaseResult, Output, Run
from harness.render import verdict_json
from harness.render.compare import compare_json
from harness.render.sheet import MAX_ROWS, Sheet
from harness.render.sidebyside import side_by_side
from tests.render.test_verdict import VERDICT

EVIL = "<script>alert(1)</script>\u202e=1+1"


def a_run(adapter: str, score: float | None = 0.5, text: str = "Hi!", cases: int = 2) -> Run:
    results = tuple(
        CaseResult(
            Case(f"c{n}", "in", ("Hi",), slices={"case": f"s{n % 2}"}),
            (Output(f"c{n}", text),),
            {"ideal_likelihood": score, "own": 1.0},
        )
        for n in range(cases)
    )
    return Run(f"r-{adapter}", adapter, "openers", "openers", "f" * 64, results, True)


def test_a_verdict_shows_the_tables_of_its_report() -> None:
    html = VERDICT._repr_html_()
    assert "Against" in html and "<svg" in html and VERDICT.candidate in html
    assert html.count("<style>") == 1
    sheet = html[html.index("<style>") : html.index("</style>")]
    assert sheet.startswith("<style>.lora-harness {")
    assert not re.search(r"(^|[}\s])(html|body|:root)\s*\{", sheet), "it would restyle the notebook"


def test_a_verdict_as_a_dict_is_what_json_has() -> None:
    assert VERDICT.to_dict() == verdict_json(VERDICT)


def test_a_verdict_as_a_frame_has_a_row_for_each_metric_and_reference() -> None:
    frame = VERDICT.to_frame()
    expected = len(VERDICT.metrics) + sum(len(guard.metrics) for guard in VERDICT.guards)
    assert len(frame) == expected
    assert set(frame["outcome"]) >= {VERDICT.outcome}
    assert frame["margin"].dtype == "float64"


def test_a_missing_score_is_nan_and_a_slice_hides_no_column() -> None:
    frame = a_run("a", None).to_frame()
    assert frame["ideal_likelihood"].isna().all()
    assert list(frame["case"]) == ["c0", "c1"]
    assert list(frame["slice case"]) == ["s0", "s1"]


def test_what_a_model_wrote_is_text_in_a_notebook() -> None:
    for shown in (a_run("a", text=EVIL), side_by_side(a_run("a", text=EVIL), a_run("b"))):
        html = shown._repr_html_()
        assert "<script>" not in html and "\u202e" not in html


def test_a_huge_output_is_cut_in_a_notebook_and_whole_in_a_frame() -> None:
    run = a_run("a", text="x" * 500_000, cases=1)
    assert len(run._repr_html_()) < 100_000
    assert len(run.to_frame()["output"][0]) == 500_000


def test_a_long_run_is_cut_in_a_notebook_and_whole_in_a_frame() -> None:
    run = a_run("a", cases=MAX_ROWS + 7)
    assert "7 rows more: to_frame() has them all" in run._repr_html_()
    assert len(run.to_frame()) == MAX_ROWS + 7


def test_two_runs_side_by_side() -> None:
    a, b = a_run("a", 0.25), a_run("b", 0.75, "Hello!")
    both = side_by_side(a, b)
    assert both.to_dict() == compare_json(a, b)
    frame = both.to_frame()
    assert set(frame["ideal_likelihood change"]) == {0.5}
    assert list(frame["same"]) == [False, False]


def test_records_with_tables_are_still_plain_records() -> None:
    run = a_run("a")
    assert not hasattr(run, "__dict__"), "its fields are all that it holds"
    assert replace(run, adapter="b").adapter == "b"


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(RequestError) as refused:
        VERDICT.to_frame()
    assert str(refused.value) == (
        "pandas is missing: a data frame needs `pip install 'lora-harness[pandas]'`"
    )
    assert VERDICT._repr_html_() and VERDICT.to_dict()


@pytest.mark.long
def test_pandas_is_imported_by_frames_only() -> None:
    words = (
        "import sys; from tests.render.test_notebook import VERDICT, a_run;"
        "VERDICT._repr_html_(); VERDICT.to_dict(); a_run('a')._repr_html_();"
        "assert 'pandas' not in sys.modules; VERDICT.to_frame(); assert 'pandas' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", words], check=True)


def test_times_are_times_and_an_empty_sheet_is_a_frame_too() -> None:
    sheet = Sheet("t", ("at", "n"), (("2026-01-02T03:04:05Z", 1),), times=("at",), figures=("n",))
    assert str(sheet.to_frame()["at"].dt.tz) == "UTC"
    assert sheet.to_dict() == {"title": "t", "rows": [{"at": "2026-01-02T03:04:05Z", "n": 1}]}
    assert replace(sheet, rows=()).to_frame().empty


def test_a_table_shows_times_to_the_minute_and_digests_by_their_first_letters() -> None:
    digest, text = "5f" * 32, "a text of more than forty letters, which gets lines of some width"
    sheet = Sheet("one", ("at", "verdict", "reason"), (("2026-11-30T10:07:59.161Z", digest, text),),
                  times=("at",))  # fmt: skip
    shown = sheet._repr_html_()
    assert ">2026-11-30 10:07<" in shown and ">5f5f5f<" in shown and digest not in shown
    assert f'<div class="long">{text}</div>' in shown
    assert sheet.to_dict()["rows"][0] == dict(zip(sheet.columns, sheet.rows[0], strict=True))
