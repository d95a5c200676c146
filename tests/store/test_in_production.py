"""What follows from a ledger's decisions: in production, pinned, taken back, rejected."""

from dataclasses import replace

import pytest

from harness.records import Decision
from harness.store.decisions import standing_of
from harness.store.in_production import in_production, not_taken_back, pinned, rejected
from tests.store.records import make_decision


def decisions(*words: str) -> list[Decision]:
    """Decisions of one task, such as "promote v1"; an adapter's name is its bytes as well."""
    pairs = [word.split() for word in words]
    return [make_decision(kind, name, digest=name, seq=n) for n, (kind, name) in enumerate(pairs)]


def told(decision: Decision | None) -> str | None:
    return f"{decision.kind} {decision.adapter}" if decision else None


@pytest.mark.parametrize(
    ("words", "held", "fixed", "newest"),
    [
        ((), None, None, None),
        (("reject v1",), None, None, "reject v1"),
        (("promote v1", "promote v2"), "promote v2", "promote v1", "promote v2"),
        (("promote v1", "promote v2", "rollback v1"), "rollback v1", "promote v1", "rollback v1"),
        (("promote v1", "pin v9", "pin v2"), "promote v1", "pin v2", "pin v2"),
        (("pin v2", "promote v1", "reject v3"), "promote v1", "pin v2", "reject v3"),
        (("promote v1", "accept v4", "acknowledge v1"), "promote v1", "promote v1", "promote v1"),
    ],
)
def test_what_holds_for_a_task(
    words: tuple[str, ...], held: str | None, fixed: str | None, newest: str | None
) -> None:
    found = standing_of(decisions(*words))
    assert (told(found.promoted), told(found.pinned), told(found.newest)) == (held, fixed, newest)


def test_each_task_has_its_own() -> None:
    mine = decisions("promote v1", "promote v2", "pin v3")
    every = [*mine, *(replace(one, task="manners") for one in decisions("promote v7"))]
    assert {task: told(one) for task, one in in_production(every).items()} == {
        "openers": "promote v2",
        "manners": "promote v7",
    }
    assert {task: told(one) for task, one in pinned(every).items()} == {
        "openers": "pin v3",
        "manners": "promote v7",
    }


@pytest.mark.parametrize(
    ("words", "stand"),
    [
        (("promote v1", "promote v2", "promote v3", "rollback v1"), ["promote v1"]),
        (
            ("promote v1", "promote v2", "promote v1", "rollback v1"),
            ["promote v1", "promote v2", "promote v1"],
        ),
        (("promote v1", "rollback v9"), ["promote v1", "rollback v9"]),
        (("reject v1", "pin v2", "accept v3"), []),
    ],
)
def test_a_rollback_takes_back_what_came_after(words: tuple[str, ...], stand: list[str]) -> None:
    assert [told(one) for one in not_taken_back(decisions(*words))] == stand


def test_what_stands_last_is_what_is_in_production() -> None:
    words = ("promote v1", "promote v2", "rollback v1", "promote v3", "promote v4", "rollback v3")
    for n in range(1, len(words) + 1):
        mine = decisions(*words[:n])
        assert not_taken_back(mine)[-1].digest == in_production(mine)["openers"].digest


@pytest.mark.parametrize(
    ("words", "is_rejected"),
    [
        (("reject v1",), True),
        (("reject v1", "pin v1", "accept v1", "promote v2"), True),
        (("reject v1", "promote v1"), False),
        (("reject v1", "rollback v1"), False),
        (("promote v1", "reject v1"), True),
        (("reject v2",), False),
    ],
)
def test_the_last_word_on_the_bytes_decides(words: tuple[str, ...], is_rejected: bool) -> None:
    assert (rejected(decisions(*words), "v1") is not None) == is_rejected
