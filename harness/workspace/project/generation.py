"""Read `[generation]` of the project or of a benchmark.

Tested in tests/workspace/project/test_settings.py.
"""

from __future__ import annotations

from dataclasses import replace

from harness.records import Generation
from harness.workspace.formats.fields import Table

DTYPES = ("auto", "bfloat16", "float16", "float32")


def read_generation(table: Table, defaults: Generation) -> Generation:
    """Read `[generation]` of the project or of a benchmark; missing keys keep `defaults`."""
    found = replace(
        defaults,
        max_new_tokens=table.whole("max_new_tokens", defaults.max_new_tokens, 1, 8192),
        dtype=table.choice("dtype", defaults.dtype, DTYPES),
        batch=table.whole("batch", defaults.batch, 1, 1024),
        seed=table.whole("seed", defaults.seed, 0, 2**31 - 1),
        samples=table.whole("samples", defaults.samples, 1, 64),
        temperature=table.number("temperature", defaults.temperature, 0.0, 10.0),
        max_seconds=table.number("max_seconds", defaults.max_seconds, 0.1, 86_400),
    )
    table.done()
    if found.samples > 1 and found.temperature == 0:
        raise table.fail(
            "`samples` above 1 needs a `temperature` above 0: greedy samples are equal"
        )
    return found
