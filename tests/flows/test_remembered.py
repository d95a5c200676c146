"""What a project remembers comes as sheets, masked as its settings say."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.errors import RequestError
from harness.text.redact import LEFT_OUT
from tests.fakes.project import CASES, TinyProject


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = TinyProject(tmp_path / "project")
    made.record("good", quality="good")
    made.record("bad", quality="bad")
    made.promote("good")
    harness.evaluate("bad", project=made.folder)
    return made


@pytest.mark.long
def test_runs_cases_and_metrics(project: TinyProject) -> None:
    memory = harness.history(project=project.folder)
    frame = memory.cases(benchmark="openers", adapter="bad").to_frame()
    assert list(frame["case"]) == [case["id"] for case in CASES]
    assert frame["edit_similarity"].mean() < 0.5
    assert set(memory.cases().to_frame()["adapter"]) == {"good", "bad", "base"}


@pytest.mark.long
def test_verdicts_and_decisions_are_rows(project: TinyProject) -> None:
    memory = harness.history(project=project.folder)
    verdicts = memory.verdicts().to_frame()
    row = verdicts[verdicts["benchmark"] == "openers"].iloc[0]
    assert (row["candidate"], row["outcome"], row["promoted"]) == ("bad", "reject", "good")
    assert row["difference"] < 0
    (decision,) = memory.ledger().to_dict()["rows"]
    assert (decision["kind"], decision["adapter"], decision["by"]) == (
        "promote",
        "good",
        "a person",
    )
    assert "reject" in memory._repr_html_()


@pytest.mark.slow
def test_without_reviews_the_sheet_is_empty_and_has_its_columns(project: TinyProject) -> None:
    frame = harness.history(project=project.folder).reviews().to_frame()
    assert frame.empty and "edit_rate" in frame.columns


@pytest.mark.medium
def test_a_verdict_and_a_run_are_found_and_unknown_names_are_refused(project: TinyProject) -> None:
    memory = harness.history(project=project.folder)
    assert memory.verdict("bad", "openers").outcome == "reject"
    assert memory.run("bad", "openers").adapter == "bad"
    with pytest.raises(RequestError, match=r"there is no run of badd on openers.*`bad`"):
        memory.run("badd", "openers")
    with pytest.raises(
        RequestError, match=r"there is no verdict of good on openers in the store, known are bad$"
    ):
        memory.verdict("good", "openers")


@pytest.mark.long
def test_texts_are_left_out_where_the_settings_say_so(project: TinyProject) -> None:
    project.settings("\n[tool.harness.privacy]\ntexts = false\n")
    memory = harness.history(project=project.folder)
    secret = CASES[0]["ideal"]
    assert set(memory.cases(adapter="good").to_frame()["output"]) == {LEFT_OUT}
    shown = [memory.cases(), memory.verdicts(), memory.ledger(), memory.verdict("bad", "openers")]
    again = harness.evaluate("bad", project=project.folder)["openers"]
    both = harness.compare("good", "bad", project=project.folder)
    for one in (*shown, again, both):
        assert secret not in one._repr_html_() and secret not in str(one.to_dict())


@pytest.mark.slow
def test_reading_changes_nothing(project: TinyProject) -> None:
    before = project.store()
    ids = before.runs.ids()
    before.close()
    memory = harness.history(project=project.folder)
    for read in (memory.cases, memory.verdicts, memory.reviews, memory.ledger):
        read()
    after = project.store()
    assert after.runs.ids() == ids
    after.close()
