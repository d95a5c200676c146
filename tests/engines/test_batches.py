"""Pieces: whole batches, enough for everybody, and one that fails ends itself only."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.engines.batches import Batch, BatchResult, concurrency, cut, each, sizes
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed, HarnessError
from harness.records import Generation, Message, Prompt
from tests.fakes.engines import EchoEngine
from tests.fakes.workers import Marked

GENERATION = Generation()
ONE, TWO = Mounted("one", "1", None), Mounted("two", "2", None)


def prompts(*lengths: int) -> list[Prompt]:
    return [Prompt(f"c{n}", (Message("user", "x" * length),)) for n, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("total", "concurrency", "size"),
    [(30, 2, 16), (400, 2, 64), (10_000, 2, 64), (10_000, 100, 32), (1, 8, 16), (30, 1, 128)],
)
def test_a_piece_is_whole_batches_and_everybody_gets_several(
    total: int, concurrency: int, size: int
) -> None:
    assert sizes(total, 16, concurrency) == size


def test_alike_lengths_stand_together_and_nobody_is_lost() -> None:
    some = prompts(9, 1, 5, 1, 9)
    pieces = list(cut(some, 2))
    assert [[len(p.messages[0].content) for p in piece] for piece in pieces] == [
        [1, 1],
        [5, 9],
        [9],
    ]
    assert sorted(p.case for piece in pieces for p in piece) == [p.case for p in some]


def test_an_engine_of_one_process_keeps_every_batch_as_it_comes() -> None:
    engine = EchoEngine(batch=1)
    assert concurrency(engine) == 1
    found = list(each(engine, [[("mine", Batch(ONE, tuple(prompts(1, 2)), GENERATION))]]))
    assert [whose for whose, _ in found] == ["mine", "mine"]
    assert all(isinstance(done, BatchResult) and len(done.outputs) == 1 for _, done in found)


def test_one_that_fails_ends_itself_only() -> None:
    def write(adapter: Mounted, prompt: Prompt) -> str:
        if adapter is ONE:
            raise ValueError("a library said\nmany things")
        return "fine"

    work = [(who.name, Batch(who, tuple(prompts(1)), GENERATION)) for who in (ONE, TWO)]
    (first, problem), (second, done) = each(EchoEngine(write), [work])
    assert (first, second) == ("one", "two")
    assert isinstance(problem, EngineFailed)
    assert "one: the engine echo failed (ValueError: a library said)" in str(problem)
    assert not isinstance(done, HarnessError) and done.outputs[0].text == "fine"


def test_a_proof_is_given_once_and_nothing_is_asked_of_who_fails_it(tmp_path: Path) -> None:
    still = Mounted("unapplied", "3", None)
    (some,) = cut(prompts(1, 2), 2)
    work = [("", Batch(who, some, GENERATION, proof=some[0])) for who in (ONE, ONE, still)]
    engine = Marked(tmp_path)
    shifts = [done.shift for _, done in each(engine, [work]) if isinstance(done, BatchResult)]
    assert [shift for shift in shifts if shift is not None] == [1.0, 1.0, 0.0]
    assert {name for name, _, _ in engine.written} == {"one"}
