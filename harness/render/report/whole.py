"""The whole record of a run as JSON: what was asked, written and scored, and the verdict on it."""

from __future__ import annotations

from typing import Any

from harness.records import Run
from harness.render.report.material import Material
from harness.render.verdict import verdict_json
from harness.text.plain import plain

SCHEMA = 1
"""Raised when a key changes its meaning or goes; more keys may come at any time."""


def report_json(material: Material) -> dict[str, Any]:
    """`run` is the record with every output and its origin, `verdict` has the promised keys."""
    beside = {
        "schema": SCHEMA,
        "run": material.run,
        "verdict_id": material.verdict_id,
        "made": material.made,
        "promoted_at": material.promoted_at,
        "overridden": material.overridden,
        "texts": material.texts,
        "references": {side: _reference(run) for side, run in material.references.items()},
        "commands": {**material.commands, **material.again},
    }
    return dict(plain(beside)) | {"verdict": verdict_json(material.verdict)}


def _reference(run: Run) -> dict[str, Any]:
    """Enough to find it, and its scores by case; its own report has the texts."""
    return {
        "id": run.id,
        "adapter": run.adapter,
        "started": run.started,
        "complete": run.complete,
        "digests": run.digests,
        "scores": {result.case.id: result.scores for result in run.results},
    }
