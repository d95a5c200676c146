"""Who gets which batch: an adapter stays with its worker, and nobody is idle while one is left."""

from __future__ import annotations

from collections.abc import Iterator

from harness.engines.batches import Batch
from harness.engines.protocol import Mounted
from harness.engines.ray.handout import MAX_DEATHS, Handout
from harness.records import Generation

Made = list[str]


def share(name: str, batches: int, made: Made | None = None) -> Iterator[tuple[str, Batch]]:
    """An adapter's batches, noted as they are made."""
    for number in range(batches):
        if made is not None:
            made.append(f"{name}{number}")
        yield f"{name}{number}", Batch(Mounted(name, name, None), (), Generation())


def given(handout: Handout[str], *workers: str) -> list[str | None]:
    jobs = (handout.next_for(worker) for worker in workers)
    return [None if job is None else job.tag for job in jobs]


def test_a_worker_stays_with_the_adapter_that_it_has_mounted() -> None:
    handout = Handout([share("a", 2), share("b", 2), share("c", 1)])
    assert given(handout, "one", "two", "two", "one", "two") == ["a0", "b0", "b1", "a1", "c0"]


def test_workers_help_only_when_no_adapter_is_left_to_begin() -> None:
    handout = Handout([share("a", 9), share("b", 1)])
    assert given(handout, "one", "two", "two", "three") == ["a0", "b0", "a1", "a2"]


def test_helpers_spread_over_the_adapters_that_are_under_way() -> None:
    handout = Handout([share("a", 9), share("b", 9)])
    tags = given(handout, "one", "two", "three", "four")
    assert sorted(tag[0] for tag in tags if tag) == ["a", "a", "b", "b"]


def test_every_batch_is_given_once_and_then_there_is_nothing() -> None:
    handout = Handout([share("a", 5), share("b", 0), share("c", 3)])
    tags = given(handout, *("one", "two", "three") * 4)
    assert sorted(tag for tag in tags if tag) == [*(f"a{n}" for n in range(5)), "c0", "c1", "c2"]
    assert tags[-1] is None


def test_the_batch_of_a_dead_worker_goes_to_the_next_that_is_idle() -> None:
    handout = Handout([share("a", 2), share("b", 1)])
    job = handout.next_for("one")
    assert job is not None
    handout.lose(job)
    assert given(handout, "two", "two", "two") == ["a0", "a1", "b0"]


def test_a_batch_that_kills_every_worker_is_given_up() -> None:
    handout, deaths = Handout([share("a", 1)]), 0
    while (job := handout.next_for(f"worker {deaths}")) is not None:
        handout.lose(job)
        deaths += 1
    assert deaths == MAX_DEATHS


def test_batches_are_made_only_when_a_worker_asks() -> None:
    made: Made = []
    handout = Handout(share(name, 3, made) for name in "abcdef")
    given(handout, "one", "two")
    assert made == ["a0", "b0"]
