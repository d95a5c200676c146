"""What changed between two versions, and what that does to verdicts."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from harness.records import BenchmarkDifference, Case, CaseDifference, FieldChange
from harness.render.benchmark_difference import difference_json, difference_text, meaning
from tests.text.hostile import COMMAND, acts, hostile

SAME = BenchmarkDifference("a", "b", "f1", "f1")
OTHER = replace(SAME, new_fingerprint="f2")


def test_each_kind_of_change_says_what_it_means():
    assert meaning(SAME) == "the two are the same, verdicts compare across both"
    assert "run again automatically" in meaning(OTHER)
    described = replace(SAME, settings=(FieldChange("description", "", "x"),))
    assert "verdicts still compare" in meaning(described)
    decoded = replace(SAME, settings=(FieldChange("generation seed", "0", "1"),))
    assert "outputs are made in another way" in meaning(decoded)
    assert "prompt or the metrics" in meaning(replace(OTHER, whole=False))


def test_cases_are_counted_and_their_words_marked():
    changed = CaseDifference("c1", (FieldChange("input", "runs 62 trucks", "runs 63 trucks"),))
    it = replace(OTHER, added=(Case("n", "i", ("o",)),), changed=(changed,), whole=False)
    shown = difference_text(it)
    assert "runs [-62-] [+63+] trucks" in shown
    assert "1 added, 0 removed, 1 changed, benchmark.toml not compared" in shown
    told = difference_json(it)
    assert told["same"] is False
    assert told["added"][0]["ideals"] == ["o"]


@pytest.mark.slow
@given(hostile)
def test_no_text_of_a_stranger_acts_on_the_reader(text):
    field = FieldChange(text, text, f"{text} more {text}")
    it = BenchmarkDifference(
        text, text, "f1", "f2", (Case(text, text, (text,)),), (), (CaseDifference(text, (field,)),),
        (field,),
    )  # fmt: skip
    shown = difference_text(it)
    for line in shown.split("\n"):
        assert not COMMAND.search(line)
    assert not acts(shown, keep="\n")
    json.dumps(difference_json(it), ensure_ascii=False, allow_nan=False).encode()
