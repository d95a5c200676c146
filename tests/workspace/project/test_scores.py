import csv

import pytest

from harness.errors import DataError
from harness.judge import score_file
from harness.workspace.project.scores import FLAGS, PAIRED, read_scores
from tests.fakes.refusals import refused

HEAD = "case,metric,candidate,promoted\n"


def scores(folder, text):
    file = folder / "scores.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_scores(file)


def test_rows_come_with_their_line(tmp_path):
    found = scores(
        tmp_path,
        "\ufeffCase, Metric ,promoted,candidate,pinned,slice,group,critical\r\n"
        'a,m,0.5,1,0.25,industry=x,g,yes\r\n\r\n"b, ""c""",m,,1e-1,,,,\r\n',
    )
    assert found == [
        {"line": 2, "case": "a", "metric": "m", "promoted": 0.5, "candidate": 1.0, "pinned": 0.25}
        | {"slice": "industry=x", "group": "g", "critical": True},
        {"line": 4, "case": 'b, "c"', "metric": "m", "promoted": None, "candidate": 0.1}
        | {"pinned": None, "slice": None, "group": None, "critical": False},
    ]


@pytest.mark.parametrize("break_", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_line_feeds_and_returns_end_a_row(tmp_path, break_):
    found = scores(tmp_path, f"{HEAD}a{break_}b,m,0.5,0.5\nc,m,0.5,0.5\n")
    assert [row["case"] for row in found] == [f"a{break_}b", "c"]
    assert [row["line"] for row in found] == [2, 3]


@pytest.mark.parametrize(
    "cell",
    ["nan", "NaN", "inf", "-inf", "infinity", "1.0000001", "90", "-0.1", "1e999", "True", "true",
     "zero", "0,9x", "0.9%", "0_9", "0x1", "٠.٥", "½", "1" * 5000],
)  # fmt: skip
def test_a_score_that_is_no_number_from_0_to_1_is_refused(tmp_path, cell):
    with refused(r"scores\.csv:2: `candidate` is '.*', a score is a number from 0 to 1", DataError):
        scores(tmp_path, f'{HEAD}a,m,"{cell}",0.5\n')


@pytest.mark.parametrize("cell", ["0", "1", "0.0", "1.0", "0.9", ".5", "9e-1", "+0.5", "-0"])
def test_a_score_from_0_to_1_is_taken_however_it_is_written(tmp_path, cell):
    (found,) = scores(tmp_path, f"{HEAD}a,m,{cell},0.5\n")
    assert found["candidate"] == float(cell)


WRONG = {
    "an empty file": ("", ":1: has no head, the first line names the columns"),
    "no head": ("a,m,0.5,0.4\n", ":1: column `case` is missing"),
    "a column less": (
        "case,metric,candidate\n",
        ":1: column `promoted` is missing, needed are case,",
    ),
    "a typo": (
        "case,metric,candidate,promoted,pined\n",
        ":1: unknown column `pined`, did you mean `pinned`",
    ),
    "a column twice": ("case,metric,candidate,promoted,case\n", ":1: column `case` stands twice"),
    "a field less": (HEAD + "a,m,0.5,0.5\nb,m,0.5\n", ":3: has 3 fields, the head has 4"),
    "a field more": (HEAD + "a,m,0.5,0.5,\n", ":2: has 5 fields, the head has 4"),
    "a NUL": (HEAD + "a,m,0.5,0.5\nb\0,m,0.5,0.5\n", ":3: `case` holds a NUL character"),
    "a field of 129 KB": (
        HEAD + "x" * 129 * 1024 + ",m,0.5,0.5\n",
        ":2: a field of more than 131,072 characters",
    ),
    "a quote that never ends": (HEAD + '"a,m,0.5,0.5\n', r":2: is not CSV \(unexpected end"),
    "a quote in the middle": (HEAD + '"a"b,m,0.5,0.5\n', ":2: is not CSV"),
    "no case": (HEAD + " ,m,0.5,0.5\n", ":2: `case` is empty"),
    "no metric": (HEAD + "a,,0.5,0.5\n", ":2: `metric` is empty"),
    "critical maybe": (
        "case,metric,candidate,promoted,critical\na,m,1,1,maybe\n",
        ":2: `critical` is 'maybe'",
    ),
    "UTF-16": (HEAD.encode("utf-16"), "is UTF-16, save it as UTF-8"),
    "a spreadsheet": (b"PK\x03\x04\xff\xfe\x00", "is not UTF-8|NUL"),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_score_table_is_refused_with_its_line(tmp_path, text, line):
    with refused(r"scores\.csv" + line if line[0] == ":" else line, DataError):
        scores(tmp_path, text)


def test_the_limit_on_fields_is_not_left_changed(tmp_path):
    before = csv.field_size_limit(1_000_000)
    try:
        scores(tmp_path, HEAD + "a,m,0.5,0.5\n")
        assert csv.field_size_limit() == 1_000_000
    finally:
        csv.field_size_limit(before)


def test_a_file_and_rows_in_memory_follow_the_same_rules():
    assert PAIRED.needed == score_file.NEEDED
    assert {word for word, yes in FLAGS.items() if yes} == set(score_file.TRUE)
    assert {word for word, yes in FLAGS.items() if not yes} == set(score_file.FALSE)
