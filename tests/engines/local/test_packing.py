"""Chunks: nothing is lost, and a sequence's width is its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.local.packing import ALONE, MAX_SHARERS, WIDTH, Segment, pack

lengths = st.lists(st.tuples(st.integers(1, 700), st.booleans()), max_size=60)


def segments(sizes):
    return [Segment((number,) * size, alone=alone) for number, (size, alone) in enumerate(sizes)]


@pytest.mark.slow
@given(lengths)
def test_every_segment_is_there_once_under_its_number_and_overlaps_no_other(sizes):
    asked = segments(sizes)
    chunks = list(pack(asked))
    for chunk in chunks:
        assert len(chunk.segments) <= MAX_SHARERS
        places = [place for _, start, stop in chunk.places for place in range(start, stop)]
        assert len(set(places)) == len(places) and max(places) < chunk.width
    found = [pair for c in chunks for pair in zip(c.numbers, c.segments, strict=True)]
    assert sorted(found, key=lambda pair: pair[0]) == list(enumerate(asked))


@pytest.mark.medium
@given(lengths, st.integers(1, 700), st.booleans())
def test_the_width_a_segment_gets_does_not_depend_on_its_neighbours(sizes, size, alone):
    mine = Segment((-1,) * size, alone=alone)
    among = next(c for c in pack([*segments(sizes), mine]) if mine in c.segments)
    (by_itself,) = pack([mine])
    assert among.width == by_itself.width


def test_what_fits_into_fewer_chunks_takes_no_more():
    """In the order asked each of these would begin a new one."""
    sizes = [WIDTH - 10, WIDTH // 2 + 20, 10, WIDTH // 2 - 20] * 3
    assert len(list(pack(segments([(size, False) for size in sizes])))) == 6


def test_a_short_opening_is_not_filled_up_to_a_whole_chunk():
    (chunk,) = pack([Segment((1,) * 48, alone=True)])
    assert chunk.width == ALONE < WIDTH


def test_many_short_ideals_share_a_chunk_as_far_as_they_fit():
    short = segments([(7, False)] * 3 * MAX_SHARERS)
    assert [len(chunk.segments) for chunk in pack(short)] == [MAX_SHARERS] * 3
    assert [len(chunk.segments) for chunk in pack(short, sharers=WIDTH)] == [36, 12]
