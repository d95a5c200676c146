"""A library that is missing is named with the extra that brings it, before any work begins."""

from __future__ import annotations

import sys

import pytest

from harness.errors import RequestError, WeightsError
from harness.extras import refuse_missing


def test_the_extra_and_every_missing_module_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    with pytest.raises(RequestError) as refused:
        refuse_missing("training", "train", "trl", "no_such_library", "json")
    assert str(refused.value) == (
        "trl and no_such_library are missing: training needs `pip install 'lora-harness[train]'`"
    )
    assert refused.value.exit_code == 4


def test_nothing_is_refused_where_all_is_there_and_nothing_is_imported() -> None:
    sys.modules.pop("this", None)
    refuse_missing("reading", "x", "this")
    assert "this" not in sys.modules


def test_the_kind_of_error_is_the_callers() -> None:
    with pytest.raises(WeightsError, match=r"^no_such_library is missing: a base in 4 bits needs"):
        refuse_missing("a base in 4 bits", "quantized", "no_such_library", error=WeightsError)
