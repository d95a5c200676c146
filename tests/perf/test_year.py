"""The rules by which the shipped year is made: two voices, a declared editor, weeks of reviews."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from year_desk import reviewed, week_of_reviews
from year_project import ROOT, YearProject
from year_story import BEGINS, ENDS, Story
from year_voice import CHANGED, fresh_inputs, in_new_voice, new_voice

from harness.measure import edit_rate


def test_a_new_text_differs_in_the_kinds_that_change_and_only_there() -> None:
    for case in islice(fresh_inputs("seed", set()), 200):
        new = in_new_voice(case)
        changed = edit_rate(case.ideal, new.ideal) > 0.1
        assert changed == (case.kind in CHANGED), (case.kind, case.ideal, new.ideal)
        assert new.input == case.input


def test_every_ideal_of_the_benchmark_can_be_said_in_the_new_voice() -> None:
    cases = (ROOT / "benchmarks" / "outreach" / "cases.jsonl").read_text(encoding="utf-8")
    for row in map(json.loads, cases.splitlines()):
        kind = row["slices"]["kind"]
        ideals = [row["ideal"]] if isinstance(row["ideal"], str) else row["ideal"]
        for text in ideals:
            new = new_voice(row["input"], kind, text)
            assert (new != text) == (kind in CHANGED)
            assert new


def test_the_editor_sends_what_is_near_and_corrects_the_rest() -> None:
    ideal = "Hi Ana, one question: how many miles are empty at Delta Freight?"
    assert reviewed(ideal, ideal) == {"decision": "accepted", "final": ideal}
    assert reviewed("Dear Sir or Madam", ideal) == {"decision": "edited", "final": ideal}


def test_reviews_of_a_week_lie_within_it_and_come_in_order() -> None:
    monday = datetime(2026, 6, 8, 9, tzinfo=UTC)
    cases = list(islice(fresh_inputs("seed", set()), 15))
    rows = week_of_reviews(monday, "v1", "d" * 64, cases, [case.ideal for case in cases])
    times = [str(row["at"]) for row in rows]
    assert times == sorted(times)
    assert {str(row["source"]) for row in rows} == {"synthetic"}
    assert f"{monday + timedelta(days=1):%Y-%m-%d}" <= times[0]
    assert times[-1] < f"{monday + timedelta(days=5):%Y-%m-%d}"


def test_the_examples_of_the_new_voice_are_in_no_benchmark_and_in_no_old_set(
    tmp_path: Path,
) -> None:
    project = YearProject(tmp_path / "year", BEGINS)
    project.begin()
    story = Story(project, tmp_path)
    written = story.written()
    assert len(written) == 50
    assert {row["slices"]["kind"] for row in written} == set(CHANGED)
    assert not {row["input"] for row in written} & story.taken()
    assert BEGINS + timedelta(weeks=52) == ENDS


def test_an_output_of_no_words_is_no_review() -> None:
    monday = datetime(2026, 6, 8, 9, tzinfo=UTC)
    cases = list(islice(fresh_inputs("seed", set()), 2))
    (row,) = week_of_reviews(monday, "v1", "d" * 64, cases, [" ", "Hi"])
    assert row["output"] == "Hi"
