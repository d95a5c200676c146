"""Records that show themselves in notebooks and become data frames.

The records are the lowest room and what shows them is a higher one, so the higher one is looked up
by its name when it is asked for. Tested in tests/render/test_notebook.py.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

_PRESENTER = "harness.render.notebook"


class Presented:
    """A record with a table; texts are shown as the record holds them, so mask it before."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, as `--json` and `run.json` have it."""
        found: dict[str, Any] = import_module(_PRESENTER).to_dict(self)
        return found

    def to_frame(self) -> DataFrame:
        """Return the record's table as a pandas data frame, which `lora-harness[pandas]` brings."""
        return import_module(_PRESENTER).sheet_of(self).to_frame()

    def _repr_html_(self) -> str:
        """Return the record's table for a notebook."""
        found: str = import_module(_PRESENTER).to_html(self)
        return found
