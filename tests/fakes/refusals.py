"""A check of refusals: a `HarnessError` of one short line, with the right exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.errors import HarnessError


@contextmanager
def refused(line: str, error: type[HarnessError] = HarnessError, code: int = 4) -> Iterator[None]:
    """Assert that the block is refused with one line that matches the pattern `line`."""
    with pytest.raises(error) as caught:
        yield
    said = str(caught.value)
    assert said.isprintable() and 0 < len(said) <= 1000
    assert caught.value.exit_code == code
    assert re.search(line, said), f"{line!r} is not in {said!r}"
