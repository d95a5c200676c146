"""Entry point group `harness.metrics`: one output and its case in, a number in 0..1 out."""

from __future__ import annotations

from harness import Case


def greets_by_name(output: str, case: Case) -> float:
    """1 where the output begins with a greeting and the name that the input begins with."""
    name = case.input.split(",")[0].strip()
    return 1.0 if output.startswith(f"Hi {name},") else 0.0
