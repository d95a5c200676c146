"""Annotations: one command for each case to look at, and no text in it is a command."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings

from harness.render.annotations import MAX_ANNOTATIONS, workflow_commands
from tests.text.hostile import hostile

from .report.materials import CASES, MATERIAL, compared, full_of

FILE = "benchmarks/outreach/cases.jsonl"
FORM = re.compile(
    r"::(?:error|warning) file=([^,:]*),line=(\d+),title=([^,:]*)::(?!.*::)(?!.*##\w*\[)[^\r\n]*"
)


def told(material, lines=None):
    return workflow_commands(material, FILE, lines or {"broken-1": 7})


def test_a_broken_case_is_an_error_on_its_own_line():
    (line,) = told(MATERIAL)
    assert line.startswith(f"::error file={FILE},line=7,title=adapter_v4 broke broken-1::")
    assert "edit similarity 0.900 → 0.200" in line
    assert "must max_words failed" in line
    assert "it wrote: Dear Sir or Madam" in line


def test_what_a_person_accepted_or_what_did_not_break_is_no_annotation():
    sound = tuple(one for one in CASES if one.flag != "broken")
    assert told(replace(MATERIAL, compared=sound)) == ()
    fine = compared("b", "broken", 0.9, 0.2)
    result = replace(fine.candidate, checks=())
    assert (
        told(replace(MATERIAL, compared=(replace(fine, accepted="Ana", candidate=result),))) == ()
    )


def test_beside_no_rejection_a_break_warns():
    one = compared("b", "broken", 0.9, 0.2)
    one = replace(one, candidate=replace(one.candidate, checks=()))
    verdict = replace(MATERIAL.verdict, outcome="inconclusive")
    (line,) = told(replace(MATERIAL, verdict=verdict, compared=(one,)))
    assert line.startswith("::warning ")


def test_no_more_than_a_step_shows_and_critical_ones_first():
    many = [compared(f"c{n}", "broken", 0.9, 0.2) for n in range(30)]
    many.append(compared("grave", "broken", 0.9, 0.2, critical=True))
    lines = told(replace(MATERIAL, compared=tuple(many)))
    assert len(lines) == MAX_ANNOTATIONS
    assert "grave" in lines[0]


def test_without_texts_only_figures():
    (line,) = told(replace(MATERIAL, texts=False))
    assert "Dear" not in line
    assert "12 words" not in line


@pytest.mark.medium
@settings(max_examples=150, deadline=None)
@given(hostile)
@example("%0A::error::x")
@example("a,line=1::x")
def test_a_hostile_text_stays_data(text):
    for line in told(full_of(text)):
        assert FORM.fullmatch(line), line


def test_percent_signs_are_escaped_so_that_nothing_is_decoded_twice():
    one = compared("100%,a:b", "broken", 0.9, 0.2, "50%0A::error::x")
    (line,) = told(replace(MATERIAL, compared=(one,)))
    assert "title=adapter_v4 broke 100%25%2Ca%3Ab::" in line
    assert "50%250A:\\:error:\\:x" in line
