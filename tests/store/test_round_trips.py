"""What is kept comes back equal, from another opening of the store."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import StoreFailed
from harness.records import Output
from harness.store.codec import decode, encode
from tests.fakes.refusals import refused
from tests.store.records import make_decision, make_result, make_run, make_verdict

OUTPUTS = {
    "k1": Output("a", "text\n😀 \u2028 \0", 0, 5, "length"),
    "k2": Output("a", "", 1, None, "stop"),
}


# --- outputs -----------------------------------------------------------------------------------


def test_outputs_come_back_equal(open_store):
    open_store().outputs.keep_texts(OUTPUTS, "now")
    wanted = {"k1": ("a", 0), "k2": ("a", 1), "k3": ("a", 2)}
    assert open_store().outputs.texts(wanted) == OUTPUTS, "what nobody kept is not there"


def test_an_output_is_shared_by_all_who_would_write_it(store):
    """The key is all that could change the text; whose case it is, is the asker's matter."""
    store.outputs.keep_texts(OUTPUTS, "now")
    found = store.outputs.texts({"k1": ("another case", 3)})
    assert found["k1"] == replace(OUTPUTS["k1"], case="another case", sample=3)


def test_the_first_output_of_a_key_stays(store):
    store.outputs.keep_texts(OUTPUTS, "now")
    store.outputs.keep_texts({"k1": Output("a", "other")}, "later")
    assert store.outputs.texts({"k1": ("a", 0)})["k1"].text == OUTPUTS["k1"].text


def test_forgotten_outputs_are_gone_and_others_stay(store):
    store.outputs.keep_texts(OUTPUTS, "now")
    store.outputs.keep_likelihoods({"k1": 0.5, "l": 0.25})
    store.outputs.forget(["k1"])
    assert set(store.outputs.texts({"k1": ("a", 0), "k2": ("a", 1)})) == {"k2"}
    assert store.outputs.likelihoods(["k1", "l"]) == {"l": 0.25}


def test_a_likelihood_that_is_missing_is_not_zero(open_store):
    open_store().outputs.keep_likelihoods({"a": 0.1 + 0.2, "b": None, "c": 0.0})
    assert open_store().outputs.likelihoods("abcd") == {"a": 0.1 + 0.2, "b": None, "c": 0.0}


def test_vectors_come_back_bit_for_bit(open_store):
    vectors = {str(n): np.random.default_rng(n).normal(size=9).astype(np.float32) for n in range(3)}
    open_store().outputs.keep_vectors(vectors)
    found = open_store().outputs.vectors(vectors)
    assert all(np.array_equal(found[key], vectors[key]) for key in vectors)


def test_a_proof_is_kept_once(open_store):
    assert open_store().outputs.proof("k") is None
    open_store().outputs.keep_proof("k", 0.5, "now")
    open_store().outputs.keep_proof("k", 9.0, "later")
    assert open_store().outputs.proof("k") == 0.5


@pytest.mark.medium
def test_thousands_of_keys_are_one_question(store):
    many = {f"k{n}": Output("a", str(n)) for n in range(2500)}
    store.outputs.keep_texts(many, "now")
    assert len(store.outputs.texts(dict.fromkeys(many, ("a", 0)))) == 2500
    store.outputs.forget(list(many))
    assert store.outputs.texts(dict.fromkeys(many, ("a", 0))) == {}


def test_keeping_nothing_is_fine(store):
    store.outputs.keep_texts({}, "now")
    store.outputs.keep_likelihoods({})
    assert store.outputs.texts({}) == {}


# --- runs --------------------------------------------------------------------------------------


def test_a_run_comes_back_equal(open_store):
    run = make_run()
    assert open_store().runs.keep(run, "key") == run
    again = open_store().runs
    assert again.by_id("r1") == run == again.by_key("key")
    assert again.key("r1") == "key" and again.ids() == ["r1"]


def test_the_same_run_is_kept_once(store):
    first = store.runs.keep(make_run("r1"), "key")
    assert store.runs.keep(make_run("r2", started="later"), "key") == first
    assert store.runs.ids() == ["r1"]


def test_an_unknown_run_is_none(store):
    assert store.runs.by_id("x") is store.runs.by_key("x") is store.runs.key("x") is None
    assert store.runs.newest("v1", "openers") is None


def test_the_newest_run_is_the_last_complete_one(store):
    store.runs.keep(make_run("r1"), "k1")
    store.runs.keep(make_run("r2"), "k2")
    store.runs.keep(make_run("r3", complete=False, cases=1), "k3")
    store.runs.keep(make_run("r4", adapter="v9"), "k4")
    store.runs.keep(make_run("r5", benchmark="other"), "k5")
    assert store.runs.newest("acme/v1", "openers").id == "r2"


def test_two_runs_of_one_name_are_refused_in_one_line(store):
    store.runs.keep(make_run("r1"), "k1")
    with refused("the store has another run of the name r1", StoreFailed, code=11):
        store.runs.keep(make_run("r1", adapter="v2"), "k2")
    assert store.runs.ids() == ["r1"]


def test_a_run_without_cases_is_a_run(store):
    assert store.runs.keep(make_run(cases=0, task=None), "k").results == ()


def test_removed_runs_take_their_verdicts_along(store):
    for name in ("r1", "r2"):
        store.runs.keep(make_run(name), f"key {name}")
        store.verdicts.keep(make_verdict(candidate=name), name, "d", "now")
    store.runs.remove(["r1"])
    assert store.runs.ids() == ["r2"]
    assert [kept.run for kept in store.verdicts.all()] == ["r2"]
    store.runs.remove(["unknown"])


# --- verdicts ----------------------------------------------------------------------------------


def test_a_verdict_comes_back_equal(open_store):
    verdict = make_verdict()
    identity = open_store().verdicts.keep(verdict, "r1", "d" * 64, "now")
    again = open_store().verdicts
    assert again.of_run("r1") == verdict
    assert again.of_candidate("v2", "openers") == (identity, verdict)
    (kept,) = again.all()
    assert (kept.id, kept.verdict, kept.run, kept.digest) == (identity, verdict, "r1", "d" * 64)


def test_the_same_verdict_is_kept_once(store):
    first = store.verdicts.keep(make_verdict(), "r1", "d", "now")
    assert store.verdicts.keep(make_verdict(), "r1", "d", "later") == first
    assert len(list(store.verdicts.all())) == 1
    assert store.verdicts.keep(make_verdict(), "r2", "d", "later") != first


def test_the_last_verdict_counts(store):
    store.verdicts.keep(make_verdict(outcome="reject"), "r1", "d", "now")
    store.verdicts.keep(make_verdict(outcome="promote"), "r1", "d", "later")
    assert store.verdicts.of_run("r1").outcome == "promote"
    assert store.verdicts.of_run("r9") is None
    assert store.verdicts.of_candidate("v2", "other") is None


def test_every_judged_adapter_counts_once_per_benchmark_version(store):
    for digest, print_ in (("d1", "f1"), ("d2", "f1"), ("d1", "f1"), ("d3", "f2")):
        store.verdicts.keep(make_verdict(fingerprint=print_), f"{digest}{print_}", digest, "now")
    assert store.verdicts.candidates("f1") == ["d1", "d2"]
    assert store.verdicts.candidates("f2") == ["d3"]
    assert store.verdicts.candidates("f3") == []


# --- the codec ---------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [make_run(), make_verdict(), make_decision(), make_result(1)])
def test_every_field_of_a_record_survives(record):
    line = encode(record)
    assert "\n" not in line
    assert decode(line, type(record)) == record


def test_fields_of_a_newer_version_are_left_out():
    line = encode(make_verdict()).replace('{"outcome"', '{"invented": [1], "outcome"', 1)
    assert decode(line, type(make_verdict())) == make_verdict()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"outcome": 1}', "null"])
def test_what_is_no_record_is_said_in_one_line(text):
    with refused("the store holds a verdict that cannot be read", StoreFailed, code=11):
        decode(text, type(make_verdict()))


def test_a_number_that_is_none_is_never_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(make_verdict(alpha=float("nan")))


def test_complete_runs_of_the_same_bytes_are_numbered_in_the_stores_order(store):
    about = {"benchmark": "openers", "fingerprint": "f" * 64}
    for name, more in {
        "r1": {},
        "r2": {"started": "2025-01-01T00:00:00.000Z"},  # a clock that went wrong changes nothing
        "partial": {"complete": False},
        "elsewhere": {"fingerprint": "0" * 64},
        "others": {"digests": {"adapter": "c" * 64}},
    }.items():
        store.runs.keep(make_run(name, **more), f"key {name}")
    found = store.runs.numbered("a" * 64, **about)
    assert [started[:4] for _, started in found] == ["2026", "2025"]
    assert found[0][0] < found[1][0]
