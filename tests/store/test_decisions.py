from dataclasses import replace

import pytest
from sqlalchemy import text

from harness.errors import RequestError, StoreFailed
from harness.store import Store
from harness.store.decisions import broken_links, is_whole
from tests.fakes.refusals import refused
from tests.store.records import make_decision


def add(store, *decisions):
    return [store.decisions.add(decision) for decision in decisions]


def by_hand(store, statement):
    """As somebody with a database tool would."""
    with store.database.write() as connection:
        connection.execute(text(statement))


THREE = [
    make_decision("promote", "v1"),
    make_decision("promote", "v2", case="a", override=True, base="b", benchmark="o", policy="p"),
    make_decision("accept", "v2", task="other", fingerprint="f", verdict=None),
]


def test_decisions_come_back_equal_and_in_order(open_store):
    kept = add(open_store(), *THREE)
    assert open_store().decisions.all() == kept
    assert [d.seq for d in kept] == [1, 2, 3]
    assert open_store().decisions.all("other") == kept[2:]


def test_what_a_person_said_is_not_changed_by_keeping_it(store):
    for said, kept in zip(THREE, add(store, *THREE), strict=True):
        assert (said.kind, said.adapter, said.by, said.why, said.at, said.case, said.override) == (
            (kept.kind, kept.adapter, kept.by, kept.why, kept.at, kept.case, kept.override)
        )


def test_order_is_the_stores_own_and_not_that_of_clocks(store):
    add(store, make_decision(adapter="v1", at="2099-01-01"), make_decision(adapter="v2", at="1999"))
    assert store.decisions.promoted("openers").adapter == "v2"


def test_nothing_is_promoted_before_anything_was(store):
    assert store.decisions.promoted("openers") is store.decisions.pinned("openers") is None


def test_what_is_promoted_follows_from_what_was_decided(store):
    add(
        store,
        make_decision("promote", "v1"),
        make_decision("promote", "v2"),
        make_decision("reject", "v3"),
        make_decision("promote", "x1", task="other"),
    )
    assert store.decisions.promoted("openers").adapter == "v2"
    assert store.decisions.pinned("openers").adapter == "v1", "the first ever promoted"
    add(store, make_decision("rollback", "v1"), make_decision("pin", "v2"))
    assert store.decisions.promoted("openers").adapter == "v1"
    assert store.decisions.pinned("openers").adapter == "v2"
    assert store.decisions.promoted("other").adapter == "x1"


def test_an_accepted_case_names_who_and_why(store):
    add(store, make_decision("accept", verdict="run-1", case="c", by="Ana", why="fine"))
    assert store.decisions.accepted("run-1") == {"c": "Ana: fine"}
    assert store.decisions.accepted("run-2") == {}


# --- the chain ---------------------------------------------------------------------------------


def test_every_decision_holds_the_hash_of_the_one_before(store):
    kept = add(store, *THREE)
    assert [d.prev for d in kept] == ["", kept[0].hash, kept[1].hash]
    assert all(is_whole(d) for d in kept) and list(broken_links(kept)) == []


BY_HAND = {
    "another adapter": "UPDATE decisions SET adapter = 'evil' WHERE seq = 2",
    "another reason": "UPDATE decisions SET why = why || '.' WHERE seq = 1",
    "another time": "UPDATE decisions SET at = '2020' WHERE seq = 3",
    "an override hidden": "UPDATE decisions SET override = 0 WHERE seq = 2",
    "a new hash": "UPDATE decisions SET hash = 'x' WHERE seq = 2",
    "one removed in the middle": "DELETE FROM decisions WHERE seq = 2",
    "the first removed": "DELETE FROM decisions WHERE seq = 1",
    "two exchanged": "UPDATE decisions SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 END"
    " WHERE seq > 1",
    "one put in between": "INSERT INTO decisions SELECT 4, prev, 'h', kind, task, 'evil', digest,"
    ' "by", why, at, verdict, "case", override, base, benchmark, fingerprint, policy, rests_on,'
    " signature FROM decisions WHERE seq = 1",
}


@pytest.mark.parametrize("statement", BY_HAND.values(), ids=BY_HAND)
def test_a_row_changed_by_hand_is_refused(store, statement):
    add(store, *THREE)
    by_hand(store, statement)
    with refused("the ledger was changed by hand .* see `lora-harness verify`", StoreFailed, 11):
        store.decisions.promoted("openers")
    assert list(broken_links(store.decisions.unchecked()))


# --- two people at once --------------------------------------------------------------------------


def test_a_decision_on_a_state_that_moved_is_refused(store):
    add(store, make_decision(adapter="v1"))
    seen = store.decisions.promoted("openers").hash
    store.decisions.add(make_decision(adapter="v2"), after=seen)
    with refused("the baseline moved to v2 meanwhile", RequestError):
        store.decisions.add(make_decision(adapter="v3"), after=seen)
    assert [d.adapter for d in store.decisions.all()] == ["v1", "v2"]


def test_the_first_decision_expects_nothing_before_it(store):
    store.decisions.add(make_decision(adapter="v1"), after="")
    with refused("the baseline moved to v1 meanwhile", RequestError):
        store.decisions.add(make_decision(adapter="v2"), after="")


def test_a_decision_for_another_task_moves_no_baseline(store):
    store.decisions.add(make_decision(task="other"))
    store.decisions.add(make_decision(), after="")
    assert len(store.decisions.all()) == 2


# --- from another store -----------------------------------------------------------------------


def test_a_ledger_is_carried_over_once(store, tmp_path):
    kept = add(store, *THREE)
    other = Store("sqlite:///other.db", tmp_path)
    assert [other.decisions.carry_over(d) for d in kept] == [True] * 3
    assert [other.decisions.carry_over(d) for d in kept] == [False] * 3
    assert other.decisions.all() == kept
    other.close()


def test_a_decision_that_does_not_follow_is_not_carried_over(store, tmp_path):
    kept = add(store, *THREE)
    other = Store("sqlite:///other.db", tmp_path)
    with refused("decision 2 .* does not follow from this store's ledger", RequestError):
        other.decisions.carry_over(kept[1])
    with refused("decision 1 .* does not follow", RequestError):
        other.decisions.carry_over(replace(kept[0], adapter="evil"))
    assert other.decisions.all() == []
    other.close()
