import json
import re
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.workspace.project.training_data import example_object, read_training_set
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


@pytest.mark.parametrize("name", ["set.jsonl", "set.csv"])
def test_a_line_says_since_when_it_is_retired_and_how_often_it_is_taught(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    text = {
        "set.jsonl": '{"input": "a", "output": "b", "retired": "2026-06-01"}\n'
        '{"messages": [{"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}],'
        ' "repeat": 4}\n',
        "set.csv": "input,output,retired,repeat\na,b,2026-06-01,\nc,d,,4\n",
    }[name]
    file.write_text(text)
    found = read_training_set(file)
    old, new = found.examples
    assert (old.retired, old.repeat, new.retired, new.repeat) == ("2026-06-01", 1, "", 4)
    assert found.taught == (new,)
    assert [example_object(one) for one in found.examples] == [
        {"input": "a", "output": "b", "retired": "2026-06-01"},
        {"input": "c", "output": "d", "repeat": 4},
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('"retired": true', "`retired` needs the day since when it is not taught"),
        ('"retired": "June"', "`retired` needs the day"),
        ('"retired": "2026-13-01"', "`retired` needs the day"),
        ('"repeat": 0', "`repeat` is 0, allowed are 1 to 100"),
        ('"repeat": "often"', "`repeat` is a text, a whole number is needed"),
        ('"repeat": 1.5', "`repeat` is a number, a whole number is needed"),
    ],
)
def test_a_treatment_that_is_none_is_refused(tmp_path: Path, more: str, says: str) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(f'{{"input": "a", "output": "b", {more}}}\n')
    with pytest.raises(DataError, match=re.escape(says)):
        read_training_set(file)


def test_a_treatment_changes_the_fingerprint_and_its_absence_does_not(tmp_path: Path) -> None:
    prints = []
    for number, more in enumerate(("", ', "retired": ""', ', "repeat": 1', ', "repeat": 2')):
        file = tmp_path / f"{number}.jsonl"
        file.write_text(f'{{"input": "a", "output": "b"{more}}}\n')
        prints.append(read_training_set(file).fingerprint)
    assert prints[0] == prints[1] == prints[2] != prints[3]
