import json

import pytest

from harness.errors import DataError
from harness.workspace.project.training_data import read_training_set
from tests.fakes.refusals import refused


def data(folder, *lines):
    file = folder / "set.jsonl"
    file.write_text("".join(json.dumps(x) + "\n" for x in lines), encoding="utf-8")
    return read_training_set(file)


ONE, TWO = {"input": "a", "output": "b"}, {"input": "c", "output": "d"}


def test_examples_are_read_in_their_order(tmp_path):
    found = data(tmp_path, ONE, TWO | {"slices": {"k": "v"}})
    assert found.name == "set.jsonl"
    assert [(e.line, e.input, e.output) for e in found.examples] == [(1, "a", "b"), (2, "c", "d")]


def test_the_fingerprint_is_that_of_what_is_learnt(tmp_path):
    one = data(tmp_path, ONE, TWO).fingerprint
    assert data(tmp_path, TWO, ONE).fingerprint == one, "in any order"
    assert data(tmp_path, ONE | {"slices": {}}, TWO).fingerprint == one, "slices are not learnt"
    assert data(tmp_path, ONE, TWO, TWO).fingerprint != one, "repeats count"
    assert data(tmp_path, ONE, TWO | {"output": "d "}).fingerprint != one
    assert data(tmp_path, {"input": "b", "output": "a"}, TWO).fingerprint != one


WRONG = {
    "no example": ([], "holds no example, one per line is needed"),
    "no output": ([{"input": "a"}], ":1: `output` is missing"),
    "a blank output": ([ONE, {"input": "a", "output": " "}], ":2: `output` is empty"),
    "a blank input": ([{"input": "", "output": "a"}], ":1: `input` is empty"),
    "a number": ([{"input": 1, "output": "a"}], "`input` is a number"),
    "a typo": ([{"input": "a", "ouput": "b"}], "`output` is missing"),
    "a key more": (
        [ONE | {"weight": 2}],
        "unknown key `weight`, known are context, input, output, repeat, retired, slices",
    ),
    "a list": ([["a", "b"]], ":1: is not an object"),
}


@pytest.mark.parametrize(("lines", "line"), WRONG.values(), ids=WRONG)
def test_a_line_that_teaches_nothing_is_refused(tmp_path, lines, line):
    with refused(line, DataError):
        data(tmp_path, *lines)
