"""The benchmark measures all that it has a part for."""

from __future__ import annotations

import inspect

import bench_rows


def test_every_part_that_is_written_is_measured_and_can_be_asked_for_alone() -> None:
    written = {
        name: function
        for name, function in vars(bench_rows).items()
        if inspect.isfunction(function) and function.__annotations__.get("return") == "Rows"
    }
    assert written == bench_rows.PARTS
