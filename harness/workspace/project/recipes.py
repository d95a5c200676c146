"""Read a recipe: the options of `lora-harness train` in a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.workspace.formats.fields import toml_table

WHOLE = {"rank": (1, 1024), "alpha": (1, 4096), "batch": (1, 1024), "seed": (0, 2**31 - 1)}
NUMBERS = {"dropout": (0.0, 0.9), "epochs": (0.01, 1000.0), "learning_rate": (1e-8, 10.0)}
TEXTS = ("targets",)


def read_recipe(file: Path) -> dict[str, Any]:
    """Return the options that the file sets, by name; options left out keep their defaults."""
    table = toml_table(file, DataError)
    found: dict[str, Any] = {}
    for name, (low, high) in WHOLE.items():
        if table.has(name):
            found[name] = table.whole(name, 0, low, high)
    for name, (lowest, highest) in NUMBERS.items():
        if table.has(name):
            found[name] = table.number(name, None, lowest, highest)
    found |= {name: table.text(name) for name in TEXTS if table.has(name)}
    table.done()
    return found
