import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.local.fixed_shapes import STEP, PaddedRow, fill_shapes


def row(index, length, tail=0):
    return PaddedRow(index, tuple(range(length)), tail)


def test_every_batch_has_all_its_lanes():
    (lanes,) = fill_shapes([row(0, 5), row(1, 9)], 4)
    assert [r.index for r in lanes.rows] == [0, 1, 0, 0], "filled up with the first row"
    assert lanes.real == 2 and lanes.length == STEP


def test_a_length_is_padded_to_the_next_step():
    found = {lanes.rows[0].index: lanes.length for lanes in fill_shapes(
        [row(0, 1), row(1, STEP), row(2, STEP + 1), row(3, 3 * STEP)], 1)}  # fmt: skip
    assert found == {0: STEP, 1: STEP, 2: 2 * STEP, 3: 3 * STEP}


def test_only_equal_shapes_share_a_batch():
    rows = [row(0, 10), row(1, 100), row(2, 20), row(3, 10, tail=5), row(4, 10, tail=70)]
    found = [[r.index for r in lanes.rows[: lanes.real]] for lanes in fill_shapes(rows, 8)]
    assert found == [[0, 2], [3], [4], [1]]


def test_nothing_asked_is_nothing_done():
    assert list(fill_shapes([], 8)) == []


shapes = st.lists(st.tuples(st.integers(1, 300), st.integers(0, 200)), max_size=60)


@pytest.mark.long
@given(shapes, st.integers(1, 20))
def test_every_row_is_there_once_and_in_order(sizes, batch):
    rows = [row(i, length, min(tail, length)) for i, (length, tail) in enumerate(sizes)]
    found = list(fill_shapes(rows, batch))
    real = [r for lanes in found for r in lanes.rows[: lanes.real]]
    assert sorted(real, key=lambda r: r.index) == rows
    for lanes in found:
        assert len(lanes.rows) == batch and 1 <= lanes.real <= batch
        assert lanes.length % STEP == 0 and lanes.tail % STEP == 0
        assert all(len(r.ids) <= lanes.length and r.tail <= lanes.tail for r in lanes.rows)
        places = [r.index for r in lanes.rows[: lanes.real]]
        assert places == sorted(places)


@pytest.mark.medium
@given(shapes, st.integers(1, 20), st.integers(1, 300))
def test_the_shape_of_a_row_does_not_depend_on_its_neighbours(sizes, batch, length):
    mine = row(0, length)
    rows = [mine, *(row(i, n, min(t, n)) for i, (n, t) in enumerate(sizes, start=1))]
    (alone,) = fill_shapes([mine], batch)
    among = next(lanes for lanes in fill_shapes(rows, batch) if mine in lanes.rows)
    assert (alone.length, alone.tail, len(alone.rows)) == (
        among.length,
        among.tail,
        len(among.rows),
    )
