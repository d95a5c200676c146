import pytest

from harness.flows.queries import ledger
from tests.fakes.project import TASK


def test_an_empty_ledger_is_whole(past):
    found = ledger(past.project, past.store)
    assert found.entries == () and found.whole and found.total == 0


@pytest.mark.slow
def test_decisions_come_newest_first_with_verdict_and_what_stands(two):
    two.promote("v2", "2026-02-01T08:00:00.000Z", override=True)
    found = ledger(two.project, two.store)
    assert [e.decision.adapter for e in found.entries] == ["v2", "v1"]
    assert [e.stands for e in found.entries] == [True, False]
    assert found.entries[0].outcome == "promote"
    assert (found.total, found.matching, found.overrides, found.tasks) == (2, 2, 1, (TASK,))
    assert found.whole and found.wrong == ()


@pytest.mark.long
def test_overrides_can_be_looked_at_alone(two):
    two.promote("v2", "2026-02-01T08:00:00.000Z", override=True)
    found = ledger(two.project, two.store, overrides_only=True)
    assert [e.decision.adapter for e in found.entries] == ["v2"] and found.matching == 1


@pytest.mark.slow
def test_a_page_is_a_part_of_it(two):
    for day in range(1, 6):
        two.promote("v2", f"2026-02-{day:02}T08:00:00.000Z")
    found = ledger(two.project, two.store, start=2, limit=2)
    assert [e.decision.seq for e in found.entries] == [4, 3] and found.matching == 6
    assert ledger(two.project, two.store, task="other").entries == ()


@pytest.mark.slow
def test_a_row_that_was_changed_by_hand_is_shown_and_named(two):
    two.promote("v2", "2026-02-01T08:00:00.000Z")
    assert ledger(two.project, two.store).whole
    with two.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE decisions SET why = 'nicer' WHERE seq = 1")
    found = ledger(two.project, two.store)
    assert not found.whole and "decision 1" in found.wrong[0]
    assert [bool(e.broken) for e in found.entries] == [False, True]
    assert "not what was recorded" in found.entries[1].broken
