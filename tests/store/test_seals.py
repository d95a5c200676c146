"""A run or verdict that was changed by hand is named."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import text

from harness.errors import StoreFailed
from harness.records import Case, CaseResult, Decision, Run, Verdict
from harness.store.codec import OMIT_WHILE_DEFAULT, decode, encode
from tests.fakes.refusals import refused
from tests.store.records import make_run, make_verdict


@pytest.fixture
def full(store):
    for name in ("r1", "r2"):
        store.runs.keep(make_run(name), f"key {name}")
        store.verdicts.keep(make_verdict(candidate=name), name, "d", "now")
    return store


def by_hand(store, statement):
    with store.database.write() as connection:
        assert connection.execute(text(statement)).rowcount


def test_what_was_recorded_is_as_it_was(full):
    assert full.runs.changed() == [] == full.verdicts.changed()


def test_a_store_that_fails_while_it_is_looked_through_was_not_changed_by_anybody(
    full, monkeypatch
):
    def failing(*_):
        raise StoreFailed("the connection was cut")

    monkeypatch.setattr(full.runs, "by_id", failing)
    with refused("the connection was cut", StoreFailed, code=11):
        full.runs.changed()


RUNS = {
    "the adapter": "UPDATE runs SET adapter = 'v9' WHERE id = 'r2'",
    "complete": "UPDATE runs SET complete = 0 WHERE id = 'r2'",
    "a digest": "UPDATE runs SET body = replace(body, 'aaaa', 'bbbb') WHERE id = 'r2'",
    "a score": "UPDATE run_scores SET value = 1 WHERE run = 2 AND metric = 'edit_similarity'",
    "a score removed": "DELETE FROM run_scores WHERE run = 2 AND metric = 'missing'",
    "a case": "UPDATE run_cases SET body = replace(body, 'one', 'two') WHERE run = 2",
    "a case removed": "DELETE FROM run_cases WHERE run = 2 AND position = 0",
    "a case that is no JSON": "UPDATE run_cases SET body = 'x' WHERE run = 2",
    "the seal": "UPDATE runs SET seal = 'x' WHERE id = 'r2'",
}


@pytest.mark.parametrize("statement", RUNS.values(), ids=RUNS)
def test_a_run_changed_by_hand_is_named(full, statement):
    by_hand(full, statement)
    assert full.runs.changed() == ["r2"]


@pytest.mark.parametrize("column", ["body", "run"])
def test_a_verdict_changed_by_hand_is_named(full, column):
    wrong = full.verdicts.of_candidate("r2", "openers")[0]
    by_hand(full, f"UPDATE verdicts SET {column} = {column} || ' ' WHERE candidate = 'r2'")
    assert full.verdicts.changed() == [wrong]


def test_a_row_that_cannot_be_read_is_one_line(full):
    by_hand(full, "UPDATE run_cases SET body = '{' WHERE run = 1")
    with refused("the store holds a caseresult that cannot be read", StoreFailed, code=11):
        full.runs.by_id("r1")


# --- records of an older version ----------------------------------------------------------------

SHIPPED = Path(__file__).resolve().parents[2] / "reports" / "history.jsonl"
KINDS = {"run": Run, "verdict": Verdict, "decision": Decision}


def test_what_an_older_version_sealed_still_has_its_address():
    """Encoded anew, a record of the shipped history is the same to the last character."""
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        record = json.dumps(raw["record"], ensure_ascii=False)
        assert encode(decode(record, KINDS[raw["kind"]])) == record


def test_fields_that_came_later_are_left_out_while_they_say_nothing():
    for kind, names in OMIT_WHILE_DEFAULT.items():
        assert set(names) <= {field.name for field in fields(kind)}
    bare = CaseResult(make_run().results[0].case, (), {})
    assert "sample_scores" not in encode(bare)
    plain, *_, talk = (result.case for result in make_run().results)
    assert not [name for name in ("turns", "system", "context") if name in encode(plain)]
    assert decode(encode(talk), Case) == talk and talk.turns and talk.system == ""
    drawn = CaseResult(bare.case, (), {}, sample_scores={"m": (0.5, None)})
    assert decode(encode(drawn), CaseResult) == drawn
