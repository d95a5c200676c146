"""Records become values that strict JSON can carry."""

import json
import math
from dataclasses import dataclass

import pytest

from harness.text.plain import plain


@dataclass(frozen=True)
class Score:
    name: str
    value: float | None
    parts: tuple[float, ...] = ()


def test_a_record_becomes_a_mapping_and_its_tuples_become_lists():
    assert plain(Score("a", 0.5, (1.0,))) == {"name": "a", "value": 0.5, "parts": [1.0]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_becomes_null(value):
    assert plain({"x": [value]}) == {"x": [None]}


def test_numbers_of_numpy_become_plain_numbers():
    numpy = pytest.importorskip("numpy")
    assert type(plain(numpy.float64(0.5))) is float


def test_half_characters_are_made_visible_in_keys_and_values():
    written = json.dumps(plain({"\ud800": "\udfff"}), ensure_ascii=False, allow_nan=False)
    written.encode("utf-8")
    assert "\\\\ud800" in written


def test_keys_become_texts_and_unknown_values_are_written_as_texts():
    assert plain({1: ValueError("no")}) == {"1": "no"}
