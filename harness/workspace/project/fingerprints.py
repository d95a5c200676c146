"""Compute the fingerprint of a benchmark, and of each beginning of its reserve.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from harness.records import Benchmark, Case, Chat


def fingerprint(benchmark: Benchmark, cases: tuple[Case, ...]) -> str:
    """Hash cases (in any order), prompt and metrics: a verdict compares equal fingerprints only."""
    parts: dict[str, object] = {
        "cases": sorted((_hashed(case) for case in cases), key=lambda case: str(case["id"])),
        "system": benchmark.system,
        "template": benchmark.template,
        "metrics": sorted((asdict(rule) for rule in benchmark.metrics), key=lambda r: r["name"]),
    }
    if benchmark.chat != Chat():
        parts["chat"] = asdict(benchmark.chat)
    # Stored verdicts carry this digest: another spacing or order would cut them off.
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _hashed(case: Case) -> dict[str, object]:
    """Return a case's fields; the later ones only where they are set, as no old case has them."""
    found = asdict(case)
    for name, unset in (("turns", ()), ("system", None), ("context", ())):
        if found[name] == unset:
            del found[name]
    return found


def reserve_part(benchmark: Benchmark, count: int) -> Benchmark:
    """Return the first cases of the reserve as a benchmark, with the fingerprint of that part."""
    part = benchmark.reserve[:count]
    digest = fingerprint(benchmark, part)
    return replace(
        benchmark, name=f"{benchmark.name}.reserve", cases=part, fingerprint=digest, reserve=()
    )
