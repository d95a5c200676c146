import numpy as np
import pytest

from harness.alarm.input_shift import vector_shift


def drawn(seed, n, centre=0.0):
    numbers = np.random.default_rng(seed)
    return numbers.normal(size=(n, 16)) + centre


def test_one_and_the_same_place_is_rarely_called_shifted():
    found = [vector_shift(drawn(seed, 40), drawn(1000 + seed, 30)) for seed in range(40)]
    assert sum(one.shown for one in found) <= 2


def test_another_place_is_found():
    found = vector_shift(drawn(1, 60), drawn(2, 30, centre=0.8))
    assert found.shown
    assert found.p == pytest.approx(0.001)
    assert found.distance > 0.05


def test_the_new_ones_far_from_all_old_ones_are_known():
    new = drawn(1, 20, centre=2)
    new[7] = -5
    found = vector_shift(new, drawn(2, 20, centre=2))
    assert int(np.argmax(found.nearest)) == 7


def test_the_length_of_a_vector_says_nothing():
    new, old = drawn(1, 20), drawn(2, 20)
    assert vector_shift(new * 9, old).distance == pytest.approx(vector_shift(new, old).distance)


def test_too_few_on_either_side_say_nothing():
    assert vector_shift(drawn(1, 9), drawn(2, 30)) is None
    assert vector_shift(drawn(1, 30), drawn(2, 9)) is None


def test_the_same_vectors_give_the_same_answer():
    assert vector_shift(drawn(1, 30), drawn(2, 30)) == vector_shift(drawn(1, 30), drawn(2, 30))


def test_vectors_that_are_all_equal_are_no_shift():
    assert not vector_shift(np.ones((12, 3)), np.ones((12, 3))).shown
