"""What was found in a benchmark, as people and programs read it; ids and texts may be hostile."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given

from harness.records import BenchmarkHealth, CasesNeeded
from harness.render.benchmark import check_json, check_text
from harness.render.benchmark_import import done_text, import_json, replaced_text, understood_text
from tests.text.hostile import COMMAND, acts, hostile


@dataclass(frozen=True)
class One:
    kind: str
    line: int | None
    message: str
    file: str = ""


HEALTH = BenchmarkHealth("openers", "openers", 30, "9f3c1a77")


def test_nothing_found_is_said():
    lines = check_text(HEALTH, (), ()).splitlines()
    assert lines[0] == "openers · task openers · 30 cases · benchmark 9f3c1a"
    assert lines[-1] == "  fit    nothing found"


def test_what_makes_it_unfit_stands_first_with_its_line():
    shown = check_text(HEALTH, [One("empty", 7, "`ideal` is empty")], [One("slice", None, "few")])
    assert shown.index("`ideal` is empty") < shown.index("few")
    assert "        7  empty" in shown
    assert " ".join(shown.split()).endswith("1 finding to look at")


def test_every_number_comes_with_what_it_is_about():
    needed = CasesNeeded("ideal_likelihood", 0.03, 41, 0.0773, (("b", "a"),))
    health = BenchmarkHealth("o", None, 30, "9f3c1a", ("a", "b"), 4, 0.185, (needed,), ("a note",))
    shown = " ".join(check_text(health, (), ()).split())
    assert "41 cases for a margin of 0.03 on ideal likelihood" in shown
    assert "at the paired spread between b and a (0.077)" in shown
    assert "4 candidates judged on this version: the risk that one" in shown
    assert "is 18.5 %" in shown
    assert "a note" in shown


def test_a_benchmark_with_refused_lines_has_no_fingerprint_yet():
    assert "benchmark" not in check_text(BenchmarkHealth("o", None, 3, None), (), ()).split("\n")[0]


@pytest.mark.medium
@given(hostile)
def test_no_text_of_a_stranger_acts_on_the_reader(text):
    health = BenchmarkHealth(text or "x", text or None, 1, "abc", notes=(text,))
    shown = check_text(health, [One("check", 1, text)], [One("check", None, text)])
    preview = understood_text({"input": text}, [text], [{"id": text, "input": text}])
    preview += replaced_text(1, [text], [text], {text: [text]}, {text: text}, {text: 1}, 1)
    preview += done_text(1, [text], None, [text])
    for line in (shown + "\n" + preview).split("\n"):
        assert not COMMAND.search(line)
    assert not acts(shown + preview, keep="\n")
    json.dumps(check_json(health, [One("check", 1, text)], ()), allow_nan=False).encode()
    told = import_json({"input": text}, [text], [{"id": text, "ideal": [text]}], [], None)
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
