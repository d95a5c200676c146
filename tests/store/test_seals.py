"""A run or verdict that was changed by hand is named."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from harness.errors import RowChanged, StoreFailed
from harness.records import Case, CaseResult, Decision, Output, Run, Verdict
from harness.store.codec import OMIT_WHILE_DEFAULT, decode, encode
from harness.store.seals import grounds_hold, seal_of_grounds
from tests.fakes.refusals import refused
from tests.store.records import make_decision, make_run, make_verdict


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

    monkeypatch.setattr(full.database, "read", failing)
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
    "a case's name": "UPDATE run_cases SET case_id = 'x' WHERE run = 2 AND position = 0",
    "a case within another": "UPDATE run_cases SET body = body || ', ' ||"
    " (SELECT body FROM run_cases WHERE run = 2 AND position = 1) WHERE run = 2 AND position = 0",
    "the columns' JSON": "UPDATE runs SET body = '[]' WHERE id = 'r2'",
    "a mean": "UPDATE run_means SET mean = 1 WHERE run = 2",
    "a slice's mean removed": "DELETE FROM run_slice_means WHERE run = 2",
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


# --- cached results ------------------------------------------------------------------------------


@pytest.fixture
def cached(store):
    outputs = store.outputs
    outputs.keep_texts({"o": Output("a", "Hi Ana", 0, 3, "stop")}, "now")
    outputs.keep_likelihoods({"l": 0.5, "none": None, "whole": 1, "nan": float("nan")})
    outputs.keep_vectors({"v": np.array([0.25, 1.0], dtype=np.float32)})
    outputs.keep_proof("p", 2, "now")
    return store


READ = {
    "outputs": ("text = 'Hi'", "o", lambda outputs: outputs.texts({"o": ("a", 0)})),
    "outputs ": ("finish = 'length'", "o", lambda outputs: outputs.texts({"o": ("a", 0)})),
    "likelihoods": ("nll = 0.1", "l", lambda outputs: outputs.likelihoods(["l"])),
    "vectors": ("vector = ''", "v", lambda outputs: outputs.vectors(["v"])),
    "proofs": ("shift = 9", "p", lambda outputs: outputs.proof("p")),
    "a seal": ("seal = 'x'", "o", lambda outputs: outputs.texts({"o": ("a", 0)})),
}


def test_cached_results_are_as_they_were_kept(cached):
    outputs = cached.outputs
    assert list(outputs.changed()) == [] and outputs.unproven() == {}
    known = outputs.likelihoods(["l", "none", "whole", "nan"])
    assert known == {"l": 0.5, "none": None, "whole": 1.0, "nan": None}
    assert outputs.proof("p") == 2.0 and outputs.vectors(["v"])["v"].tolist() == [0.25, 1.0]


@pytest.mark.parametrize("what", READ)
def test_a_cached_result_changed_by_hand_is_refused_and_named(cached, what):
    change, key, read = READ[what]
    table = what.strip() if what != "a seal" else "outputs"
    by_hand(cached, f"UPDATE {table} SET {change} WHERE key = '{key}'")
    with refused(f"{table} {key}: was changed by hand in the store", RowChanged, code=11):
        read(cached.outputs)
    assert list(cached.outputs.changed()) == [f"{table} {key}"]


def test_a_cached_result_without_a_seal_counts_as_missing_and_is_made_again(cached):
    by_hand(cached, "UPDATE outputs SET seal = NULL, text = 'forged'")
    assert cached.outputs.texts({"o": ("a", 0)}) == {} and cached.outputs.unproven() == {
        "outputs": 1
    }
    cached.outputs.keep_texts({"o": Output("a", "Hi Ana")}, "later")
    assert cached.outputs.texts({"o": ("a", 0)})["o"].text == "Hi Ana"
    assert cached.outputs.unproven() == {}


# --- what decisions rest on ----------------------------------------------------------------------


def test_a_decision_knows_when_what_it_rests_on_changes(full):
    runs = {"candidate": "r1", "base": "r2"}
    verdict = full.verdicts.keep(make_verdict(runs=runs, guards=()), "r1", "d", "now")
    decision = make_decision(verdict=verdict)
    decision = replace(decision, rests_on=seal_of_grounds(full, decision))
    assert decision.rests_on and grounds_hold(full, decision)
    by_hand(full, "UPDATE runs SET started = 'x' WHERE id = 'r2'")
    assert not grounds_hold(full, decision)


def test_a_decision_of_an_older_version_keeps_its_hash():
    old = make_decision()
    assert (old.rests_on, old.signature) == (None, None)
    assert "rests_on" not in encode(old) and "signature" not in encode(old)


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
