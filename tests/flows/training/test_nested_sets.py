"""Nested parts of a training set: each slice is thinned alike, nothing retired comes in."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from harness.errors import DataError
from harness.findings.learning_curve import SHARES
from harness.flows.training.nested_sets import nested_parts
from harness.records.training_example import TrainingExample


def example(number: int, **more: object) -> TrainingExample:
    return TrainingExample(number, f"input {number}", f"output {number}", **more)  # type: ignore[arg-type]


def crossed(kinds: int, industries: int, each: int) -> list[TrainingExample]:
    """Return examples of every kind in every industry."""
    return [
        example(
            (kind * industries + industry) * each + n,
            slices={"kind": f"k{kind}", "industry": f"i{industry}"},
        )
        for kind in range(kinds)
        for industry in range(industries)
        for n in range(each)
    ]


def lines(part: Sequence[TrainingExample]) -> set[int]:
    return {one.line for one in part}


@pytest.mark.parametrize("seed", range(5))
def test_each_part_holds_the_smaller_ones(seed: int) -> None:
    quarter, half, whole = nested_parts(crossed(5, 5, 4), SHARES, seed)
    assert [len(part) for part in (quarter, half, whole)] == [25, 50, 100]
    assert lines(quarter) < lines(half) < lines(whole)


@pytest.mark.parametrize("each", [2, 3, 10])
@pytest.mark.parametrize("seed", range(5))
def test_every_slice_is_thinned_alike_even_where_combinations_are_small(
    seed: int, each: int
) -> None:
    examples = crossed(5, 5, each)
    for share, part in zip(SHARES, nested_parts(examples, SHARES, seed), strict=True):
        for key in ("kind", "industry"):
            counts = Counter(one.slices[key] for one in part)
            assert all(abs(counts[f"{key[0]}{n}"] - share * 5 * each) < 2 for n in range(5))


def test_a_slice_of_few_lines_keeps_its_share() -> None:
    examples = [example(n, slices={"kind": "rare" if n < 8 else "usual"}) for n in range(200)]
    rare = [
        sum(one.slices["kind"] == "rare" for one in part)
        for part in nested_parts(examples, SHARES, 0)
    ]
    assert rare == [2, 4, 8]


def test_retired_lines_are_in_no_part_and_repeated_ones_are_thinned_alike() -> None:
    examples = [
        example(n, retired="2026-06-01" if n < 40 else "", repeat=5 if n >= 120 else 1)
        for n in range(160)
    ]
    for share, part in zip(SHARES, nested_parts(examples, SHARES, 3), strict=True):
        assert not any(one.retired for one in part)
        assert sum(one.repeat == 5 for one in part) == round(share * 40)
        assert len(part) == share * 120


def test_the_same_example_on_two_lines_is_drawn_as_one() -> None:
    twice = [
        TrainingExample(copy * 40 + n, f"input {n}", f"output {n}")
        for copy in (0, 1)
        for n in range(40)
    ]
    quarter, _, whole = nested_parts(twice, SHARES, 0)
    assert (len(quarter), len(whole)) == (20, 80)
    assert len({one.input for one in quarter}) == 10


def test_seeds_draw_other_parts_and_the_order_of_the_file_does_not() -> None:
    examples = crossed(3, 3, 10)
    mixed = random.Random(1).sample(examples, len(examples))
    first, again, other = (
        lines(nested_parts(of, SHARES, seed)[0])
        for of, seed in ((examples, 0), (mixed, 0), (examples, 1))
    )
    assert first == again
    assert first != other


@pytest.mark.long
def test_ten_thousand_examples_of_as_many_slices_are_drawn_at_once() -> None:
    examples = [example(n, slices={"customer": f"c{n}"}) for n in range(10_000)]
    assert len(nested_parts(examples, SHARES, 0)[0]) == 2500


def test_a_set_that_is_too_small_to_part_is_refused() -> None:
    with pytest.raises(DataError, match="19 different examples are taught"):
        nested_parts([example(n) for n in range(19)], SHARES, 0)
